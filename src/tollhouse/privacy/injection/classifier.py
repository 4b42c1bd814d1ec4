"""
A small linear classifier over pairs of words, in windows, so that an order in the middle of a long text is found.

Its weights are made by `tools/train_injection.py`, which reads a text by this same code.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import accumulate
from operator import add, sub

from .words import numbers_of

SLOTS = 1 << 18
"""Features share this many weights by their number's last bits; a byte each. With a quarter of them figures fall."""

WINDOWS = ((16, 4), (96, 24))
"""Words, and the step from one to the next: an injected order has 10 to 30, a played role fills the whole text."""

ZERO = 128
"""The byte that stands for no weight."""


def features(words: Sequence[str]) -> tuple[list[int], ...]:
    """Return, kind by kind, the slot of each word's feature: itself, it with the next, their first letters, over a gap."""
    whole, heads = numbers_of(words)
    mask = SLOTS - 1
    following = [*whole[1:], 7]
    next_heads = [*heads[1:], 7]
    after = [*heads[2:], 7, 7][: len(heads)]
    return (
        [one & mask for one in whole],
        [(one * 31 + other * 7 >> 3) & mask for one, other in zip(whole, following, strict=True)],
        [(one * 37 + other * 11 >> 5) & mask for one, other in zip(heads, next_heads, strict=True)],
        [(one * 41 + other * 13 >> 7) & mask for one, other in zip(heads, after, strict=True)],
    )


def windows(count: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where (exclusive) each window over so many words reaches."""
    for size, step in WINDOWS:
        for start in range(0, max(count - size, 0) + step, step):
            yield max(0, min(start, count - size)), min(count, start + size)
        if count <= size:
            return


@dataclass(frozen=True)
class Classifier:
    """
    Weights and where to draw the line.

    Args:
        weights: a byte a slot, `ZERO` for none.
        scale: what one step of a byte is worth.
        bias: a window's score is this + its weights' sum / root of its words.
        thresholds: from which score a window of each size in `WINDOWS` is an attack.
    """

    weights: bytes
    scale: float
    bias: float
    thresholds: tuple[float, ...]

    def found(self, words: Sequence[str]) -> list[tuple[int, int, float]]:
        """Return (first word, last word, score) of every window that is an attack."""
        if not words:
            return []
        sums = self._sums(words)
        found = []
        for (size, step), threshold in zip(WINDOWS, self.thresholds, strict=True):
            whole = min(size, len(words))
            limit = (threshold - self.bias) / self.scale * whole**0.5
            for start, weight in self._over(sums, whole, step, limit):
                found.append((start, start + whole - 1, self.bias + self.scale * weight / whole**0.5))
            if len(words) <= size:
                break
        return found

    def scores(self, words: Sequence[str]) -> Iterator[tuple[int, int, float]]:
        """Yield every window (end exclusive) with its score: what `found` is short for."""
        sums = self._sums(words) if words else [0]
        for start, end in windows(len(words)) if words else ():
            yield start, end, self.bias + self.scale * (sums[end] - sums[start]) / (end - start) ** 0.5

    def _over(self, sums: Sequence[int], size: int, step: int, limit: float) -> Iterator[tuple[int, int]]:
        """Yield where windows of this size begin whose weights reach the limit, with those."""
        weights = list(map(sub, sums[size::step], sums[::step]))
        if max(weights) >= limit:
            yield from ((at * step, weight) for at, weight in enumerate(weights) if weight >= limit)
        last = len(sums) - 1 - size
        if last % step and sums[-1] - sums[last] >= limit:
            yield last, sums[-1] - sums[last]

    def _sums(self, words: Sequence[str]) -> list[int]:
        """Return the weights' sums up to each word; first 0."""
        step = self._steps.__getitem__
        singles, pairs, heads, gaps = (map(step, kind) for kind in features(words))
        return list(accumulate(map(add, map(add, singles, pairs), map(add, heads, gaps)), initial=0))

    @cached_property
    def _steps(self) -> list[int]:
        return [each - ZERO for each in self.weights]


def shipped() -> Classifier:
    """Load the weights that ship: 256 KB, a few milliseconds."""
    folder = files(__package__) / "weights"
    facts = json.loads((folder / "injection.json").read_text())
    return Classifier(
        (folder / "injection.bin").read_bytes(), facts["scale"], facts["bias"], tuple(facts["thresholds"])
    )
