"""Recognisers of known words, so that tests of masking do not hang on what real ones find."""

import re
from collections.abc import Iterable

import msgspec

from tollhouse.domain.privacy import MASK, PrivacyRules
from tollhouse.domain.wire import Asked
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.privacy.privacy import Masked, Privacy
from tollhouse.privacy.reading import Reading
from tollhouse.privacy.spans import Span

CHAT = ENDPOINTS["/v1/chat/completions"]


class Words:
    """Finds the matches of some expressions, each with its type and score."""

    def __init__(self, **expressions: str) -> None:
        self._expressions = {kind: re.compile(each) for kind, each in expressions.items()}
        self.types = tuple(expressions)

    def find(self, reading: Reading) -> Iterable[Span]:
        for kind, expression in self._expressions.items():
            score = 0.6 if kind == "PERSON" else 1.0
            for match in expression.finditer(reading.text):
                yield Span(match.start(), match.end(), kind, score)


class Failing:
    """A recogniser with a fault."""

    types = ("PERSON",)

    def find(self, reading: Reading) -> Iterable[Span]:
        raise IndexError(reading.text)


PEOPLE = Words(
    PERSON=r'Anna Meier|Jörg Müller|Zoë "Z" Quill',
    EMAIL_ADDRESS=r"[a-z.]+@[a-z.]+[a-z]",
    PHONE_NUMBER=r"\+?41[0-9 ]{9,12}",
)


def a_room(*recognisers: Words | Failing) -> Privacy:
    return Privacy(lambda: recognisers or (PEOPLE,))


def asked(body: object, path: str = "/v1/chat/completions") -> Asked:
    return ENDPOINTS[path].read(msgspec.json.encode(body))


async def masked(body: object, path: str = "/v1/chat/completions", rules: PrivacyRules | None = None) -> Masked:
    examined = await a_room().examine(asked(body, path), rules or PrivacyRules(MASK))
    return examined.masked(ENDPOINTS[path].name)


def sent(found: Masked) -> dict[str, object]:
    """What leaves, as values."""
    return {name: msgspec.json.decode(value) for name, value in found.asked.members.items()}
