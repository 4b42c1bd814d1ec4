"""A set of words too large to keep as words: it takes three words in two hundred for members that are none."""

from collections.abc import Iterable
from typing import Final
from zlib import crc32

BITS: Final = 1 << 20
"""Nine for each of 119,000 English words."""
PROBES: Final = 5
_MIX: Final = 0x9E3779B97F4A7C15
"""Odd, with its bits well spread: what a word's checksum is multiplied with, for a checksum alone is linear in its letters."""


class WordSet:
    """
    Membership of words, as a Bloom filter.

    Args:
        bits: of BITS / 8 bytes.

    Source: B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors", CACM 13(7), 1970.
    """

    def __init__(self, bits: bytes) -> None:
        assert len(bits) * 8 == BITS
        self.bits = bits

    @classmethod
    def of(cls, words: Iterable[str]) -> "WordSet":
        bits = bytearray(BITS // 8)
        for word in words:
            for place in _places(word):
                bits[place >> 3] |= 1 << (place & 7)
        return cls(bytes(bits))

    def __contains__(self, word: object) -> bool:
        bits = self.bits
        return isinstance(word, str) and all(bits[place >> 3] >> (place & 7) & 1 for place in _places(word))


def _places(word: str) -> list[int]:
    mixed = crc32(word.encode()) * _MIX
    first, step = mixed >> 40, mixed >> 20 | 1
    return [(first + probe * step) % BITS for probe in range(PROBES)]
