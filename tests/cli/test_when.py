import pytest

from tollhouse.cli.exit import WrongUsage
from tollhouse.cli.when import duration_ms, future_ms, past_ms

NOW_MS = 1_790_841_600_000
"""2026-10-01T08:00:00Z"""


@pytest.mark.parametrize(
    ("text", "length_ms"),
    [("90s", 90_000), ("15m", 900_000), ("24h", 86_400_000), ("30d", 2_592_000_000), ("2w", 1_209_600_000), ("0d", 0)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length_ms: int) -> None:
    assert duration_ms(text) == length_ms
    assert past_ms("--since", text, NOW_MS) == NOW_MS - length_ms


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5h", "30 d", "1y", "٣d", "9999999999d"])
def test_anything_else_is_no_duration(text: str) -> None:
    assert duration_ms(text) is None


@pytest.mark.parametrize("text", ["2026-10-01T08:00:00Z", "2026-10-01T10:00:00+02:00", "2026-10-01t08:00:00.000z"])
def test_a_moment_is_rfc_3339(text: str) -> None:
    assert past_ms("--since", text, 0) == NOW_MS


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-10-01", "2026-10-01T08:00:00", "2026-02-30T00:00:00Z", "99999999d"]
)
def test_what_cannot_be_read_is_told_with_the_option(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"^--until "):
        past_ms("--until", text, NOW_MS)


def test_a_fraction_is_cut_to_the_millisecond() -> None:
    assert past_ms("--since", "2026-10-01T08:00:00.123999Z", 0) == NOW_MS + 123


def test_what_expires_lies_ahead() -> None:
    assert future_ms("--expires", "90d", NOW_MS) == NOW_MS + 90 * 86_400_000

    with pytest.raises(WrongUsage, match="is over"):
        future_ms("--expires", "2026-10-01T08:00:00Z", NOW_MS)
    with pytest.raises(WrongUsage, match="is over"):
        future_ms("--expires", "0d", NOW_MS)


def test_an_option_that_is_left_out_is_none() -> None:
    assert past_ms("--since", None, NOW_MS) is None
    assert future_ms("--expires", None, NOW_MS) is None
