"""What every guardrail is, what it is asked about, and what it answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hit:
    """One find in one text: the rule's name without the guardrail's, and where, in code points."""

    rule: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """
    What a text is held against.

    Args:
        texts: every text of the request.
        is_answered: the text is an answer's, not the request's own.
        schema: the JSON schema that the request asks the answer to keep to; `wants_json`: it asks for JSON at all.
    """

    texts: Sequence[str] = ()
    is_answered: bool = False
    schema: Mapping[str, object] | None = None
    wants_json: bool = False


NO_QUESTION = Question()


class Guardrail(Protocol):
    """
    Looks at one text and says where it breaks a rule.

    Its time is linear in the text, whatever stands in it. It keeps nothing between two texts.
    """

    reads_pieces: bool
    """May a long text come to it in pieces that overlap? Else it needs the whole."""
    is_slow: bool
    """Does it compute for milliseconds a sentence, so that it has to do so in a thread?"""

    def hits(self, text: str, question: Question = NO_QUESTION) -> Iterable[Hit]: ...
