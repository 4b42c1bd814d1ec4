"""Which purposes look like Annex III, in three languages, negated and paraphrased; half of the texts were kept apart."""

import json
from pathlib import Path

import pytest

from tollhouse.governance.purposes import AREAS, annex_three

HERE = Path(__file__).parent
LEAST_WARNED = 0.95
"""Of the texts kept apart, on which no word was changed after they were first tried, 40 of 42 draw a warning, 73 of 75 have
exactly the right areas, and none of the 33 others draws one. One author wrote texts and words, so real texts will do worse."""


def texts(half: str) -> list[tuple[str, str, set[str]]]:
    lines = (HERE / f"purposes_{half}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["language"], row["purpose"], set(row["areas"])) for row in map(json.loads, lines)]


@pytest.mark.parametrize(("language", "purpose", "areas"), texts("developed_on"))
def test_the_texts_it_was_developed_on(language: str, purpose: str, areas: set[str]) -> None:
    assert set(annex_three(purpose)) == areas, language


def test_the_texts_kept_apart() -> None:
    rows = texts("kept_apart")
    warned = [bool(annex_three(purpose)) for _, purpose, areas in rows if areas]
    false = [purpose for _, purpose, areas in rows if not areas and annex_three(purpose)]
    exact = [set(annex_three(purpose)) == areas for _, purpose, areas in rows]

    assert sum(warned) >= LEAST_WARNED * len(warned)
    assert false == []
    assert sum(exact) >= LEAST_WARNED * len(exact)


def test_both_halves_speak_three_languages_of_every_area_and_of_none() -> None:
    for half in ("developed_on", "kept_apart"):
        for language in ("en", "de", "fr"):
            found = [areas for spoken, _, areas in texts(half) if spoken == language]
            assert set().union(*found) >= {area for area, _ in AREAS}
            assert sum(not areas for areas in found) >= 8
    assert not {text for _, text, _ in texts("developed_on")} & {text for _, text, _ in texts("kept_apart")}


@pytest.mark.parametrize(
    "purpose", ["", " ", "…", "\n", "not", "x" * 100_000, "nicht nur " * 5_000, "\ud7ff\U0001f600"]
)
def test_any_text_can_be_asked_about(purpose: str) -> None:
    assert annex_three(purpose) == []
