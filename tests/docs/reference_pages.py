"""Reading the reference pages: their headings, tables and fenced blocks."""

import re
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"

_HEADING = re.compile(r"^#{1,4} (.+)$")
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)

Row = tuple[str, ...]


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def fenced(text: str, info: str) -> list[str]:
    """Return the bodies of the blocks whose fence says exactly this."""
    return [match["body"] for match in _FENCE.finditer(text) if match["info"].strip() == info]


def headings(text: str) -> list[str]:
    return [match[1] for line in _prose(text) if (match := _HEADING.match(line))]


def rows(text: str) -> Iterator[tuple[str, Row]]:
    """Yield each table row below the tables' heads, with the heading it stands under."""
    heading, below_rule = "", False
    for line in _prose(text):
        if match := _HEADING.match(line):
            heading = match[1]
        if not line.startswith("|"):
            below_rule = False
        elif set(line) <= set("|-: "):
            below_rule = True
        elif below_rule:
            yield heading, tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])


def rows_under(text: str, heading: str) -> list[Row]:
    return [row for found, row in rows(text) if found == heading]


def code(cell: str) -> str:
    """Return what a cell says in backquotes, all of it. Raises ValueError if it says more."""
    match = re.fullmatch(r"`([^`]+)`", cell)
    if match is None:
        raise ValueError(f"{cell!r} is not one name in backquotes")
    return match[1]


def codes(text: str) -> list[str]:
    """Return everything that stands in backquotes in a line or cell."""
    return re.findall(r"`([^`\n]+)`", text)


def _prose(text: str) -> list[str]:
    return _FENCE.sub("", text).splitlines()
