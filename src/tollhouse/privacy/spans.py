"""Where personal data stands in a text."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """
    One piece of personal data.

    Args:
        start, end: in code points; `text[start:end]` is the value.
        type: its kind, in capitals, as placeholders show it: `PERSON`.
        score: how sure the recogniser is, in (0, 1]; a checksum that holds makes 1.
    """

    start: int
    end: int
    type: str
    score: float


def settle(spans: Iterable[Span]) -> list[Span]:
    """
    Return the spans without overlaps, in order of the text: of two that overlap the surer one stays, else the longer one.

    What the dropped one covers outside the other stays covered: the kept one grows over it, since a character too many
    is masked rather than one too few.
    """
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if kept and span.start < kept[-1].end:
            kept[-1] = _merged(kept[-1], span)
        else:
            kept.append(span)
    return kept


def _merged(one: Span, other: Span) -> Span:
    better = max(one, other, key=lambda span: (span.score, span.end - span.start))
    return Span(min(one.start, other.start), max(one.end, other.end), better.type, better.score)
