"""Teams, use cases, routes, price overrides and the organisation: read and changed through the desk of governance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tollhouse.domain.governance import STATES
from tollhouse.governance.desk import Governed
from tollhouse.governance.roles import Action
from tollhouse.web.governed import object_json

from .body import Document, Reasoned, named
from .entry import Answer, Asked, Entry
from .query import REASON_AND_VERSION
from .rooms import Rooms


class Move(Reasoned):
    """A step in a use case's life."""

    state: Annotated[str, Field(description=f"Where it goes: {', '.join(STATES)}.")]


@dataclass(frozen=True, slots=True)
class Objects:
    """The handlers of one kind. The organisation has no name in its address."""

    kind: str

    def rows(
        self, path: str, answer: str, word: str, *, reads: Action, writes: Action, name: str = "{name}"
    ) -> Iterator[Entry]:
        """Yield the five operations that every kind with names has."""
        one = f"{path}/{name}"
        yield Entry(
            method="GET",
            path=path,
            action=reads,
            handler=self.list,
            summary=f"List every {word}.",
            answer=f"{answer}List",
        )
        yield Entry(method="GET", path=one, action=reads, handler=self.show, summary=f"Show one {word}.", answer=answer)
        yield Entry(
            method="PUT",
            path=one,
            action=writes,
            handler=self.put,
            summary=f"Create or replace a {word}.",
            answer=answer,
            body=Document,
        )
        yield Entry(
            method="PATCH",
            path=one,
            action=writes,
            handler=self.patch,
            summary=f"Change some of a {word} (JSON merge patch: null removes a member).",
            answer=answer,
            body=Document,
        )
        yield Entry(
            method="DELETE",
            path=one,
            action=writes,
            handler=self.delete,
            summary=f"Delete a {word} that nothing uses.",
            answer=None,
            query=REASON_AND_VERSION,
        )

    async def list(self, rooms: Rooms, asked: Asked) -> Answer:
        found = await rooms.desk.list(asked.actor, self.kind)
        return Answer({"items": [object_json(each) for each in found]})

    async def show(self, rooms: Rooms, asked: Asked) -> Answer:
        return _answer(await rooms.desk.show(asked.actor, self.kind, _name(asked)))

    async def put(self, rooms: Rooms, asked: Asked) -> Answer:
        written = await rooms.desk.put(
            asked.actor,
            self.kind,
            _name(asked),
            self._document(asked),
            reason=asked.reason,
            version=asked.version,
        )
        return _answer(written)

    async def patch(self, rooms: Rooms, asked: Asked) -> Answer:
        written = await rooms.desk.patch(
            asked.actor,
            self.kind,
            _name(asked),
            self._document(asked),
            reason=asked.reason,
            version=asked.version,
        )
        return _answer(written)

    async def delete(self, rooms: Rooms, asked: Asked) -> Answer:
        await rooms.desk.delete(asked.actor, self.kind, _name(asked), reason=asked.reason, version=asked.version)
        return Answer()

    async def move(self, rooms: Rooms, asked: Asked) -> Answer:
        state = asked.body_as(Move).state
        return _answer(await rooms.desk.move(asked.actor, _name(asked), state, reason=asked.reason))

    def _document(self, asked: Asked) -> dict[str, object]:
        """An organisation's own `name` is a member of its document."""
        members = asked.body_as(Document).members
        return named(members, None if self.kind == "organisation" else _name(asked))


def _name(asked: Asked) -> str:
    """A price's name is its deployment's: provider/model."""
    return "/".join(asked.names.values())


def _answer(governed: Governed) -> Answer:
    return Answer(object_json(governed), governed.version)
