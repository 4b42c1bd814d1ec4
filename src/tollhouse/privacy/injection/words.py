"""A text as words: what the cues and the classifier both read, found once."""

import re
import zlib
from collections.abc import Sequence

WORD = re.compile(r"[^\W\d_]+|\d+|[?!:<>#\[\]]")
"""Letters, a number, or a mark that tells a question, an order or a label from a statement."""


class Words:
    """The words of a text in small letters, in order."""

    __slots__ = ("_spans", "all", "text")

    def __init__(self, text: str) -> None:
        """`text` is in small letters already."""
        self.text = text
        self.all: list[str] = WORD.findall(text)
        self._spans: list[tuple[int, int]] | None = None

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Return where words `first` to `last` (both included) stand in the text. Places are looked up for hits only."""
        if self._spans is None:
            self._spans = [found.span() for found in WORD.finditer(self.text)]
        return self._spans[first][0], self._spans[last][1]


def numbers_of(words: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return a number for each word and one for its first letters, the same in every process."""
    known: dict[str, tuple[int, int]] = {}
    whole, heads = [], []
    for word in words:
        pair = known.get(word)
        if pair is None:
            pair = known[word] = _numbers(word)
        whole.append(pair[0])
        heads.append(pair[1])
    return whole, heads


HEAD = 5
"""Letters that stand for a word and its inflections: `ignor` for ignore, ignoriere, ignorez."""


def _numbers(word: str) -> tuple[int, int]:
    if word[0].isdigit():
        return 1, 1
    return zlib.crc32(word.encode("utf-8", "replace")), zlib.crc32(b"^" + word[:HEAD].encode("utf-8", "replace"))
