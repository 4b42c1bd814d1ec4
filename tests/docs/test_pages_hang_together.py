"""What holds of the pages together: links lead somewhere, and every decision is listed and says why."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_pages import DOCS, headings

ROOT = DOCS.parent
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
DECISIONS = DOCS / "decisions"
RECORDS = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
PARTS = ["Context", "Decision", "Consequences"]
HALF_A_PAGE_WORDS = 300

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_a_file_and_a_heading(path: Path) -> None:
    assert list(broken_links(path)) == []


def test_every_decision_is_listed_under_its_title() -> None:
    listed = dict(re.findall(r"^\| \[(.+?)\]\((.+?)\)", (DECISIONS / "README.md").read_text(), re.MULTILINE))

    assert listed == {headings(path.read_text())[0]: path.name for path in RECORDS}


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_decision_says_what_stood_in_the_way_what_was_decided_and_what_follows(path: Path) -> None:
    text = path.read_text()

    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == PARTS
    assert len(text.split()) <= HALF_A_PAGE_WORDS


def broken_links(path: Path) -> Iterator[str]:
    for link in _LINK.findall(path.read_text()):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def anchors(path: Path) -> set[str]:
    """As the usual renderers make them: lower case, spaces as hyphens, no other punctuation."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(path.read_text())}
