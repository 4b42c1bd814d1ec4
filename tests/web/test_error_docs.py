"""Every code has its paragraph, and every paragraph its code: `type` members point there."""

import re
from collections.abc import Iterator
from pathlib import Path

from tollhouse.domain.errors import TollhouseError

DOCS = Path(__file__).parents[2] / "docs" / "errors.md"


def codes(kind: type[TollhouseError] = TollhouseError) -> Iterator[str]:
    yield kind.code
    for child in kind.__subclasses__():
        if child.__module__ == TollhouseError.__module__:
            yield from codes(child)


def statuses(kind: type[TollhouseError] = TollhouseError) -> Iterator[tuple[str, int]]:
    yield kind.code, kind.status
    for child in kind.__subclasses__():
        if child.__module__ == TollhouseError.__module__:
            yield from statuses(child)


def test_every_code_has_its_heading_and_every_heading_its_code() -> None:
    headings = re.findall(r"^### `([a-z_]+)`$", DOCS.read_text(), flags=re.MULTILINE)

    assert sorted(headings) == sorted(set(codes()))


def test_every_paragraph_opens_with_its_status() -> None:
    paragraphs = dict(re.findall(r"^### `([a-z_]+)`\n\n(\d{3})", DOCS.read_text(), flags=re.MULTILINE))

    assert {code: int(status) for code, status in paragraphs.items()} == dict(statuses())
