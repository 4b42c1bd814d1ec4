"""What was found by its context in one place of a request is the same in its other places, where no context tells it."""

from collections.abc import Mapping, Sequence

from .spans import Span, settle

VALUE_MIN_CHARS = 4
"""Shorter values are words of their own right in other places."""
VALUES_MAX = 500
"""Each is a search through the whole request; more of them are a list, which says of itself what it holds."""


def spread(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> list[list[Span]]:
    """Return the spans of each text, and those of values that were found elsewhere. A checksum needs no company."""
    values = _values(texts, found)
    if not values:
        return [list(spans) for spans in found]
    return [settle([*spans, *_standing_in(text, values)]) for text, spans in zip(texts, found, strict=True)]


def _values(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> Mapping[str, Span]:
    values: dict[str, Span] = {}
    for text, spans in zip(texts, found, strict=True):
        for span in spans:
            value = text[span.start : span.end]
            if span.score < 1 and len(value) >= VALUE_MIN_CHARS and len(values) < VALUES_MAX:
                values.setdefault(value, span)
    return values


def _standing_in(text: str, values: Mapping[str, Span]) -> list[Span]:
    spans = []
    for value, span in values.items():
        at = text.find(value)
        while at >= 0:
            end = at + len(value)
            if not _is_in_a_word(text, at, end):
                spans.append(Span(at, end, span.type, span.score))
            at = text.find(value, end)
    return spans


def _is_in_a_word(text: str, start: int, end: int) -> bool:
    """Does a word go on at either side?"""
    begins = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    return begins or (end < len(text) and text[end - 1].isalnum() and text[end].isalnum())
