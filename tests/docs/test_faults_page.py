"""The page of verdicts lists what is staged, in its order."""

import re

from benchmarks.faults.cases import CASES
from benchmarks.faults.sixteen import SCENARIOS

from reference_pages import DOCS

PAGE = DOCS / "faults.md"


def test_every_misbehaviour_and_every_scenario_has_its_row() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|", PAGE.read_text(), re.MULTILINE)
    cells = [first for first, _ in rows]

    assert [cell for cell in cells if cell in {case.does for case in CASES}] == [case.does for case in CASES]
    assert [row for row in rows if row[0].startswith("S")] == [(each.id, each.title) for each in SCENARIOS]


def test_the_page_says_how_many_there_are() -> None:
    assert f"{len(CASES)} misbehaviours" in PAGE.read_text()
    assert f"{len(CASES)} misbehaviours" in (DOCS.parent / "README.md").read_text()
