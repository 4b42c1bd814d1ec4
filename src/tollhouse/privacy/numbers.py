"""Numbers as people write them: runs of digits, and what joins them."""

from collections.abc import Sequence

_ONE_IF_DIGIT = bytes(ord("1") if chr(byte) in "0123456789" else ord("0") for byte in range(256))
_JOINTS = " -./()"
GAP_MAX = 3
"""Characters between two runs of one number: `(0) 30`, `30 / 12`."""

Shape = tuple[int, ...]
"""How many digits stand in each group, as `(3, 4, 4, 2)`."""


class Number:
    """
    Runs of digits that may be one number, such as `079 123 45 67`. A row of numbers may look the same.

    `start` and `end` are of its digits: a `+` or `(` before it does not belong. `count`: of its digits; `shape`: the
    length of each run, not made before somebody asks, since most numbers are too short to.
    """

    __slots__ = ("_shape", "count", "end", "runs", "start", "text")

    def __init__(self, text: str, runs: list[tuple[int, int]], count: int) -> None:
        self.text = text
        self.runs = runs
        self.start = runs[0][0]
        self.end = runs[-1][1]
        self.count = count
        self._shape: Shape | None = None

    @property
    def shape(self) -> Shape:
        if self._shape is None:
            self._shape = tuple([end - start for start, end in self.runs])
        return self._shape

    def digits(self, first: int = 0, last: int | None = None) -> str:
        """Return the digits of some of its runs, of all if not said."""
        text = self.text
        return "".join([text[start:end] for start, end in self.runs[first:last]])


def is_inside_word(text: str, start: int, end: int) -> bool:
    """Does a letter, digit or underscore touch these characters?"""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return before.isalnum() or before == "_" or after.isalnum() or after == "_"


def end_of(text: str, start: int, count: int) -> int:
    """Return where `count` letters and digits from `start` on end, whatever stands between them."""
    for at in range(start, len(text)):
        count -= text[at].isalnum()
        if not count:
            return at + 1
    return len(text)


class Shapes:
    """The shapes that one kind of number is written in."""

    __slots__ = ("_by_first",)

    def __init__(self, *shapes: Shape) -> None:
        self._by_first: dict[int, list[Shape]] = {}
        for shape in shapes:
            self._by_first.setdefault(shape[0], []).append(shape)

    def found_in(self, number: Number) -> list[tuple[int, int, str]]:
        """
        Return the start, end and digits of whatever in the number has one of the shapes.

        The groups are to be parted by one character each, as people write numbers of a fixed form, and no dash or dot
        may tie them to more digits.
        """
        found = []
        whole = number.shape
        for first, length in enumerate(whole):
            for shape in self._by_first.get(length, ()):
                last = first + len(shape)
                if whole[first:last] == shape and (closely := _closely(number, first, last)):
                    found.append(closely)
        return found


def _closely(number: Number, first: int, last: int) -> tuple[int, int, str] | None:
    text, start, end = number.text, number.runs[first][0], number.runs[last - 1][1]
    digits = number.digits(first, last)
    if end - start != len(digits) + last - first - 1 or is_inside_word(text, start, end):
        return None
    if (first and text[start - 1] in "-.") or (last < len(number.runs) and text[end] in "-."):
        return None
    return start, end, digits


def runs_in(text: str) -> list[tuple[int, int]]:
    """Return where digits stand; several times as fast as a regular expression, since most texts have few."""
    marks = text.encode("latin-1", "replace").translate(_ONE_IF_DIGIT)  # one byte for each character
    find, runs = marks.find, []
    start = find(b"1")
    while start >= 0:
        end = find(b"0", start)
        if end < 0:
            end = len(marks)
        runs.append((start, end))
        start = find(b"1", end)
    return runs


def numbers_in(text: str, runs: Sequence[tuple[int, int]]) -> list[Number]:
    """Join neighbouring runs to numbers."""
    numbers: list[Number] = []
    joined: list[tuple[int, int]] = []
    count, last_end = 0, -GAP_MAX - 1
    for run in runs:
        start, end = run
        if start - last_end > GAP_MAX or text[last_end:start].strip(_JOINTS):
            if joined:
                numbers.append(Number(text, joined, count))
            joined, count = [], 0
        joined.append(run)
        count += end - start
        last_end = end
    if joined:
        numbers.append(Number(text, joined, count))
    return numbers
