"""A set of words too large to keep as words: it may take a word in a hundred for a member that is none."""

from collections.abc import Iterable
from typing import Final
from zlib import crc32

BITS: Final = 1 << 20
"""Nine for each of 115,000 English words."""
PROBES: Final = 4


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
    letters = word.encode()
    first, step = crc32(letters), crc32(letters, 0x5BD1E995) | 1
    return [(first + probe * step) % BITS for probe in range(PROBES)]
