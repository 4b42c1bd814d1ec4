"""
Durations counted in fixed buckets, so that percentiles of any group can be added up from its parts. Pure.

A histogram is one integer, a lane of 40 bits a bucket: adding two integers adds every bucket at once, without a loop.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

GROWTH_PERCENT = 110
"""Each bucket ends at most 10 % above its start, so that its geometric middle is at most 4.9 % off any of its values."""
LONGEST_MS = 86_400_000
"""A day. What took longer counts as a day."""
LANE_BITS = 40
"""A million million calls: more than any sum will see, so a lane never runs over into the next."""
_LANE = (1 << LANE_BITS) - 1
_RADIX = 16
_FIRST = ord("!")
"""The shortest durations are plain ASCII, one byte a character; nobody's terminal breaks on any of them."""
_PLANE = 192
"""Characters of one power of the radix: as many as there are buckets, and some."""


def _starts_ms() -> Iterator[int]:
    """0, 1, 2 … 19, 20, 22, 24 …: whole milliseconds, each alone while 10 % are less than one."""
    start = 0
    while start <= LONGEST_MS:
        yield start
        start = max(start + 1, start * GROWTH_PERCENT // 100)


BOUNDS_MS = tuple(_starts_ms())
"""Where each bucket starts; it ends before the next one's start."""


def bucket_of(value_ms: int) -> int:
    return bisect_right(BOUNDS_MS, max(value_ms, 0)) - 1


def histogram(counts: Iterable[tuple[int, int]]) -> int:
    """Return the histogram of `(value_ms, how many)`."""
    return sum(count << (LANE_BITS * bucket_of(value_ms)) for value_ms, count in counts)


def percentiles(lanes: int, wanted_percent: Iterable[int]) -> Mapping[int, int | None]:
    """Return by percentage the duration that so many values do not exceed; None of a histogram of nothing."""
    counts = _counts(lanes)
    total = sum(counts)
    return {percent: _value_at(counts, -(-total * percent // 100)) if total else None for percent in wanted_percent}


def pack(lanes: int) -> str | None:
    """
    Return the histogram as text, so that a database adds histograms up by stringing them together.

    One character is one value in its bucket, or 16, 256 … of them: 37 values are two characters for 16 and five for 1.
    None of a histogram of nothing.
    """
    text: list[str] = []
    for bucket, count in enumerate(_counts(lanes)):
        plane = 0
        rest = count
        while rest:
            text.append(chr(_FIRST + _PLANE * plane + bucket) * (rest % _RADIX))
            rest, plane = rest // _RADIX, plane + 1
    return "".join(text) or None


def unpack(packed: str) -> int:
    """Return the histogram of any number of packed ones, strung together."""
    lanes = 0
    for character, times in Counter(packed).items():
        plane, bucket = divmod(ord(character) - _FIRST, _PLANE)
        lanes += times * _RADIX**plane << (LANE_BITS * bucket)
    return lanes


def _counts(lanes: int) -> list[int]:
    counts = []
    while lanes:
        counts.append(lanes & _LANE)
        lanes >>= LANE_BITS
    return counts


def _value_at(counts: list[int], rank: int) -> int:
    """The middle of the bucket in which the value of that rank is, counted from 1."""
    for bucket, count in enumerate(counts):
        rank -= count
        if rank <= 0:
            return _middle_ms(bucket)
    raise AssertionError("a rank is at most the number of values")


def _middle_ms(bucket: int) -> int:
    last = len(BOUNDS_MS) - 1
    highest = BOUNDS_MS[bucket + 1] - 1 if bucket < last else LONGEST_MS
    return round(math.sqrt(BOUNDS_MS[bucket] * highest))


assert len(BOUNDS_MS) <= _PLANE, "every bucket has its character"
