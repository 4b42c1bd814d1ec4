"""docs/privacy-types.md against the recognisers."""

from reference_pages import code, page, rows_under
from tollhouse.privacy.recognisers import ON_REQUEST, load
from tollhouse.privacy.recognisers.patterns import PATTERN_CHARACTERS_MAX, PATTERN_MEMORY_MAX, PATTERNS_MAX

PAGE = page("privacy-types.md")


def listed(heading: str) -> list[str]:
    return [code(row[0]) for row in rows_under(PAGE, heading)]


def test_every_type_has_its_row_and_every_row_its_type() -> None:
    assert sorted(listed("Always")) == sorted({kind for recogniser in load() for kind in recogniser.types})
    assert listed("On request") == list(ON_REQUEST)


def test_the_limits_of_patterns_are_those_of_the_code() -> None:
    assert f"more than {PATTERN_CHARACTERS_MAX:,} characters" in PAGE
    assert f"more than {PATTERN_MEMORY_MAX >> 20} MiB" in PAGE
    assert f"takes {PATTERNS_MAX} at most" in PAGE
