"""Prompt injection: orders to the model in texts that others wrote, by cues, marks, hidden characters and a classifier."""

from collections.abc import Iterator
from functools import cached_property

from ..injection.classifier import Classifier, shipped
from ..injection.cues import cued
from ..injection.marks import decoded, template_marks
from ..injection.readable import readable, smuggled
from ..injection.words import Words
from .verdict import NO_QUESTION, Hit, Question

WINDOWS_MAX = 8
"""More windows of one text say nothing new, and each is compared with those before it."""


class Injection:
    """
    Names what it found: `override`, `reveal`, `persona`, `disarm`, `addressed`, `task` by cues, `template` by marks,
    `hidden` characters, `encoded` orders, and `classifier`.
    """

    reads_pieces = True
    is_slow = False

    def hits(self, text: str, question: Question = NO_QUESTION) -> Iterator[Hit]:
        """Yield every find; of overlapping windows of the classifier the one that scores highest."""
        for start, end in smuggled(text):
            yield Hit("hidden", start, end)
        for start, end, plain in decoded(text):
            if any(True for _ in self._in_plain(plain)):
                yield Hit("encoded", start, end)
        yield from self._in_plain(text)

    def _in_plain(self, text: str) -> Iterator[Hit]:
        shown = readable(text)
        words = Words(shown.text)
        for start, end in template_marks(shown.text):
            yield Hit("template", *shown.original(start, end))
        places = [(rule, first, last) for rule, first, last in cued(words)]
        places += [("classifier", first, last) for first, last in self._classified(words)]
        for rule, first, last in places:
            yield Hit(rule, *shown.original(*words.place(first, last)))

    def _classified(self, words: Words) -> list[tuple[int, int]]:
        """Return the windows that are attacks, without those that overlap a better one."""
        kept: list[tuple[int, int]] = []
        for first, last, _ in sorted(self._classifier.found(words.all), key=lambda window: -window[2]):
            if all(last < other or first > other_last for other, other_last in kept):
                kept.append((first, last))
            if len(kept) == WINDOWS_MAX:
                break
        return kept

    @cached_property
    def _classifier(self) -> Classifier:
        return shipped()
