"""One guardrail per file. A new one is a file and a row here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tollhouse.domain.guardrails import GuardrailRules
from tollhouse.ports.embedder import Embedder
from tollhouse.ports.schema import SchemaChecker

from ..spans import Span
from .authors import Author
from .injection import Injection
from .leaked import Leaked
from .links import Links
from .phrases import Phrases
from .schema import Schema
from .secrets import Secrets
from .topics import Topics
from .verdict import Guardrail

GIVEN = frozenset((Author.USER, Author.TOOL))
ASKED = GIVEN | {Author.APPLICATION}
ANSWERED = frozenset((Author.MODEL, Author.MODEL_BESIDE))


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
    """`reads`: the texts of which authors it looks at."""

    make: Callable[[GuardrailRules, Kit], Guardrail]
    reads: frozenset[Author]


GUARDRAILS: Mapping[str, Row] = {
    "injection": Row(lambda rules, kit: Injection(), GIVEN),
    "secrets": Row(lambda rules, kit: Secrets(), ASKED | ANSWERED),
    "topics": Row(
        lambda rules, kit: Topics(rules.allow, rules.deny, kit.open_embedder), frozenset((Author.USER, Author.MODEL))
    ),
    "output_schema": Row(lambda rules, kit: Schema(kit.checker), frozenset((Author.MODEL,))),
    "phrases": Row(lambda rules, kit: Phrases(rules.banned_phrases, rules.tone), ANSWERED),
    "links": Row(lambda rules, kit: Links(rules.link_hosts), ANSWERED),
    "leaked": Row(lambda rules, kit: Leaked(kit.find), ANSWERED),
}
