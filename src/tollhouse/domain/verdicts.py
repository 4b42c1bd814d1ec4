"""What a guardrail found: its rule and the place, never the text."""

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Of which text: what goes to the model, or what comes back."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    One find of a guardrail.

    Args:
        rule: the guardrail and its rule: `injection.override`.
        part: which text of the request or the answer, as a path: `messages[2].content`.
        start, end: in code points of that text.
        blocks: the use case says `block`; else it is only recorded.
    """

    rule: str
    side: Side
    part: str
    start: int
    end: int
    blocks: bool = False

    @property
    def guardrail(self) -> str:
        return self.rule.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.rule} in the {self.side} at {self.part}, characters {self.start} to {self.end}"
