"""A set of words too large to keep as words: it takes up to three words in a hundred for members that are none."""

from collections.abc import Iterable
from typing import Final
from zlib import crc32

BITS: Final = 1 << 20
"""Nine for each of 119,000 English words; a larger set takes a larger power of two."""
PROBES: Final = 5
_MIX: Final = 0x9E3779B97F4A7C15
"""Odd, with its bits well spread: what a word's checksum is multiplied with, for a checksum alone is linear in its letters."""


class WordSet:
    """
    Membership of words, as a Bloom filter.

    Args:
        bits: as `of` makes them; their number is a power of two.

    Source: B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors", CACM 13(7), 1970.
    """

    def __init__(self, bits: bytes) -> None:
        assert len(bits).bit_count() == 1
        self.bits = bits
        self._last = len(bits) * 8 - 1

    @classmethod
    def of(cls, words: Iterable[str], count: int = BITS) -> "WordSet":
        bits = bytearray(count // 8)
        for word in words:
            for place in _places(word, count - 1):
                bits[place >> 3] |= 1 << (place & 7)
        return cls(bytes(bits))

    def __contains__(self, word: object) -> bool:
        bits = self.bits
        return isinstance(word, str) and all(bits[place >> 3] >> (place & 7) & 1 for place in _places(word, self._last))


def _places(word: str, last: int) -> list[int]:
    """Return a word's places, from 0 to the last, which is a power of two less one."""
    mixed = crc32(word.encode()) * _MIX
    first, step = mixed >> 40, mixed >> 20 | 1
    return [first + probe * step & last for probe in range(PROBES)]
