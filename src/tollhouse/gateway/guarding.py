"""One call's guardrails: they look at what it asks before anything leaves, and at what it is answered before that does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from tollhouse.domain.calls import Call
from tollhouse.domain.errors import GuardrailBlocked, InvalidJson
from tollhouse.domain.verdicts import Side
from tollhouse.domain.wire import Asked, Event
from tollhouse.privacy.answers.said import Said
from tollhouse.privacy.guardrails.authors import Authors, author_said
from tollhouse.privacy.guardrails.guards import Guards, Text
from tollhouse.privacy.guardrails.verdict import NO_QUESTION, Question
from tollhouse.privacy.requests import read, shown

TOLD_MAX = 5
"""Of the finds that refused a call, so many are named in its error; the record has more."""


class Guarding:
    """
    Made for a call whose use case has guardrails. What they find is added to the call's record.

    `holds_answers`: nothing of an answer may leave before all of it has been looked at.
    """

    def __init__(self, guards: Guards, call: Call) -> None:
        self.sees_answers = guards.looks_at(Side.OUTPUT)
        self.holds_answers = guards.may_block(Side.OUTPUT)
        self._blocks = self.holds_answers or guards.may_block(Side.INPUT)
        self._guards = guards
        self._call = call
        self._question = NO_QUESTION
        self._said = Said(streamed=False)
        self._held: list[Event] = []

    async def asked(self, asked: Asked) -> None:
        """Look at a request as its caller wrote it. Raises GuardrailBlocked, and InvalidJson for what cannot be read."""
        try:
            parts = read(asked.members).texts
        except InvalidJson:
            if self._blocks:
                raise
            return  # its provider will judge it; who only observes refuses nothing
        authors = Authors(asked.members)
        texts = [Text(shown(part.path), part.text, authors.of(part.path)) for part in parts]
        if self.sees_answers:
            schema, wants_json = _wanted(asked.members)
            self._question = Question([text.text for text in texts], schema=schema, wants_json=wants_json)
        self._said = Said(streamed=asked.streamed)
        await self._look(Side.INPUT, texts, self._question)

    def passing(self, events: Sequence[Event]) -> Sequence[Event]:
        """Take events of an answer, as their caller will read them; return those that may leave now."""
        if self.holds_answers:
            self._held += events
            return ()
        if self.sees_answers:
            for event in events:
                self._said.add(event.data)
        return events

    async def approved(self, last: list[Event]) -> list[Event]:
        """Look at a whole answer, of which these are the last events; return all that is to leave. Raises GuardrailBlocked."""
        if not self.sees_answers:
            return last
        rest = [*self._held, *last]
        for event in rest:
            self._said.add(event.data)
        texts = [Text(place, text, author_said(place)) for place, text in self._said.texts()]
        await self._look(Side.OUTPUT, texts, replace(self._question, is_answered=True))
        return rest

    async def _look(self, side: Side, texts: list[Text], question: Question) -> None:
        found = await self._guards.check(side, texts, question)
        self._call.guardrails += found
        blocking = [str(verdict) for verdict in found if verdict.blocks]
        if blocking:
            more = len(blocking) - TOLD_MAX
            rest = f", and {more} more" if more > 0 else ""
            raise GuardrailBlocked(f"A guardrail of the use case refuses this: {'; '.join(blocking[:TOLD_MAX])}{rest}.")


# --- what form of answer is asked for ---------------------------------------------------------------------------------


class _Named(msgspec.Struct):
    schema: Mapping[str, object] | None = None


class _Format(msgspec.Struct):
    type: str | None = None
    json_schema: _Named | None = None
    schema: Mapping[str, object] | None = None


class _Text(msgspec.Struct):
    format: _Format | None = None


def _wanted(members: Mapping[str, bytes]) -> tuple[Mapping[str, object] | None, bool]:
    """Return the schema that an answer has to keep to, and whether it has to be JSON at all."""
    try:
        chat = msgspec.json.decode(members.get("response_format", b"null"), type=_Format | None)
        response = msgspec.json.decode(members.get("text", b"null"), type=_Text | None)
    except msgspec.ValidationError:  # a shape that its provider will judge
        return None, False
    wanted = chat or (response and response.format) or _Format()
    schema = wanted.schema or (wanted.json_schema.schema if wanted.json_schema else None)
    return schema, wanted.type in ("json_object", "json_schema")
