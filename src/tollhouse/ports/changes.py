"""The record of who changed what, and why. Every store that keeps something governed writes it in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Change:
    """
    One change. `before` and `after` are JSON without secrets; None: there was nothing, or there is nothing any more.

    `kind` is organisation | team | use_case | route | price | key | token | cache; `id` counts up, 0 before it is written.
    `team` is whose change it is, for those who may see only their own.
    """

    kind: str
    name: str
    author: str
    reason: str
    at_ms: int
    team: str | None = None
    before: bytes | None = None
    after: bytes | None = None
    id: int = 0


class Changes(Protocol):
    async def list(
        self,
        *,
        kind: str | None = None,
        name: str | None = None,
        team: str | None = None,
        limit: int = 50,
        before_id: int | None = None,
    ) -> Sequence[Change]:
        """Newest first."""
        ...

    async def revision(self) -> int:
        """A number that rises with every change of keys, tokens and objects: one cheap query, so that servers can poll it."""
        ...
