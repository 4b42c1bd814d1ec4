"""
One row of the table of `/api/v1`: an address and a method, who may use them, what they take, and what answers.

    table.py   the rows         entry.py   what a row is         app.py   from a request to its row's handler, and back
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from tollhouse.admission.admission import Principal
from tollhouse.domain.roles import Actor
from tollhouse.governance.roles import Action

from .body import Body
from .query import Known
from .rooms import Rooms

B = TypeVar("B", bound=Body)


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request that was let in and read.

    Args:
        who: the actor; a key's or session token's principal only where the row says `for_keys`.
        names: the path's parameters, percent-decoded, never empty.
        version: of `If-Match` or the member or parameter `version`; None: whatever stands there.
        accept: the header, for what can be answered in two formats.
    """

    who: Actor | Principal
    names: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    version: int | None = None
    accept: bytes | None = None

    @property
    def actor(self) -> Actor:
        assert isinstance(self.who, Actor), "only rows that say so are asked by keys"
        return self.who

    @property
    def principal(self) -> Principal:
        assert isinstance(self.who, Principal), "only rows for keys, whose action is no role's, are sure of it"
        return self.who

    def body_as(self, model: type[B]) -> B:
        assert isinstance(self.body, model), "the row names the model of its body"
        return self.body

    @property
    def reason(self) -> str:
        """Why it is changed: of the body, else of the query. The desks refuse an empty one."""
        return getattr(self.body, "reason", None) or self.query.get("reason", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers: members as JSON, or a table as CSV; neither is nothing (204). `version` becomes the ETag."""

    members: Mapping[str, object] | None = None
    version: int | None = None
    csv: str | None = None


Handler = Callable[[Rooms, Asked], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One operation. It cannot be written without an action, and an action without a row of roles is nobody's.

    Args:
        path: with parameters in braces; the last one may hold slashes.
        answer: the name of its answer's schema (schemas.py); None: it answers nothing (204).
        query: the parameters it takes; others are refused.
        body: the model of its body; None: it takes none.
        for_keys: a caller's key or session token may use it too, whatever the action.
        creates: its answer is a 201.
    """

    method: str
    path: str
    action: Action
    handler: Handler
    summary: str
    answer: str | None
    query: Known = field(default_factory=dict)
    body: type[Body] | None = None
    for_keys: bool = False
    creates: bool = False

    @property
    def status(self) -> int:
        if self.answer is None:
            return 204
        return 201 if self.creates else 200
