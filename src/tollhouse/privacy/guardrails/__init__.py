"""One guardrail per file. A new one is a file and a row here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tollhouse.domain.guardrails import GuardrailRules
from tollhouse.domain.verdicts import Side
from tollhouse.ports.embedder import Embedder
from tollhouse.ports.schema import SchemaChecker

from ..spans import Span
from .injection import Injection
from .leaked import Leaked
from .links import Links
from .phrases import Phrases
from .schema import Schema
from .topics import Topics
from .verdict import Guardrail

INPUT, OUTPUT = Side.INPUT, Side.OUTPUT


@dataclass(frozen=True, slots=True)
class Kit:
    """
    What guardrails are made with; bootstrap hands it in.

    Args:
        find: where personal data stands in a text; what it raises stops the call.
        open_embedder: loads the embedder, when a text first meets a topic with examples.
    """

    find: Callable[[str], Iterable[Span]]
    checker: SchemaChecker
    open_embedder: Callable[[], Embedder]


@dataclass(frozen=True, slots=True)
class Row:
    """`sides`: whose texts it looks at."""

    make: Callable[[GuardrailRules, Kit], Guardrail]
    sides: frozenset[Side]


GUARDRAILS: Mapping[str, Row] = {
    "injection": Row(lambda rules, kit: Injection(), frozenset((INPUT,))),
    "topics": Row(lambda rules, kit: Topics(rules.allow, rules.deny, kit.open_embedder), frozenset((INPUT, OUTPUT))),
    "schema": Row(lambda rules, kit: Schema(kit.checker), frozenset((OUTPUT,))),
    "phrases": Row(lambda rules, kit: Phrases(rules.banned_phrases, rules.tone), frozenset((OUTPUT,))),
    "links": Row(lambda rules, kit: Links(rules.link_hosts), frozenset((OUTPUT,))),
    "leaked": Row(lambda rules, kit: Leaked(kit.find), frozenset((OUTPUT,))),
}
