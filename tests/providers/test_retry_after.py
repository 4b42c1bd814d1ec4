"""Reading how long a provider asks us to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.providers.retry_after import WAIT_MAX_MS, retry_after_ms

NOW_S = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("headers", "wait_ms"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2_000),
        ({"retry-after": "0"}, 0),
        ({"retry-after": " 1.5 "}, 1_500),
        ({"retry-after": "0.0001"}, 1),
        ({"retry-after": "119"}, 119_000),
        ({"retry-after": "120"}, 120_000),
        ({"retry-after": "121"}, 120_000),
        ({"retry-after": "99999999999"}, 120_000),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:47 GMT"}, 10_000),
        ({"retry-after": "Sunday, 06-Nov-94 08:49:47 GMT"}, 10_000),
        ({"retry-after": "Sun Nov  6 08:49:47 1994"}, 10_000),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:27 GMT"}, None),
        ({"retry-after": "Sun, 06 Nov 2094 08:49:27 GMT"}, 120_000),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "1_0"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "9" * 5_000}, None),
        ({"retry-after-ms": "250"}, 250),
        ({"retry-after-ms": "250", "retry-after": "9"}, 250),
        ({"retry-after-ms": "-5", "retry-after": "9"}, 9_000),
        ({"x-ratelimit-reset-requests": "1s"}, 1_000),
        ({"x-ratelimit-reset-requests": "12ms"}, 12),
        ({"x-ratelimit-reset-tokens": "1m0s"}, 60_000),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 120_000),
        ({"x-ratelimit-reset-tokens": "1h2m"}, 120_000),
        ({"x-ratelimit-reset-tokens": "1.25s"}, 1_250),
        ({"x-ratelimit-reset-tokens": "7"}, 7_000),
        ({"x-ratelimit-reset-tokens": "7 apples"}, None),
        ({"x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "1s"}, 2_000),
        (
            {
                "x-ratelimit-reset-requests": "9s",
                "x-ratelimit-remaining-requests": "40",
                "x-ratelimit-reset-tokens": "1s",
                "x-ratelimit-remaining-tokens": "0",
            },
            1_000,
        ),
        ({"x-ratelimit-reset-requests": "9s", "x-ratelimit-remaining-requests": "-1"}, 9_000),
        ({"retry-after": "1", "x-ratelimit-reset-requests": "9s"}, 1_000),
        ({"retry-after": "1994-11-06T08:49:39Z"}, 2_000),
        ({"retry-after": "2m"}, 120_000),
        ({"x-ratelimit-reset-requests": "20ms"}, 20),
        ({"x-ratelimit-reset-requests": "784111780"}, 120_000),
        ({"x-ratelimit-reset": "1784111780"}, 120_000),
        ({"ratelimit-reset": "5"}, 5_000),
        ({"x-ratelimit-reset-requests": "1994-11-06T09:49:40.5+01:00"}, 3_500),
        ({"x-ratelimit-reset-requests": "1994-11-06T08:49:30Z"}, None),
    ],
)
def test_every_spelling_is_read_and_nonsense_is_ignored(headers: dict[str, str], wait_ms: int | None) -> None:
    assert retry_after_ms(headers, NOW_S) == wait_ms


@pytest.mark.parametrize(
    ("written", "wait_ms"),
    [
        ("1793620803", 3_000),
        ("1793620803000", 3_000),
        ("1793620803.5", 3_500),
        ("1793620799", None),
        ("1793629999", 120_000),
    ],
)
def test_a_moment_since_1970_is_read_as_one(written: str, wait_ms: int | None) -> None:
    assert retry_after_ms({"x-ratelimit-reset-tokens": written}, 1_793_620_800.0) == wait_ms


NAMES = st.sampled_from(
    [
        "retry-after",
        "retry-after-ms",
        "x-ratelimit-reset-requests",
        "x-ratelimit-reset-tokens",
        "x-ratelimit-remaining-tokens",
    ]
)
VALUES = (
    st.text(max_size=40)
    | st.floats().map(str)
    | st.from_regex(r"[-0-9a-z.:, GMTSun]{0,40}", fullmatch=True)
    | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,9} [A-Z+0-9-]{0,6}", fullmatch=True)
)


@given(st.dictionaries(NAMES, VALUES), st.floats(0, 1e11))
def test_any_headers_give_nothing_or_a_bounded_wait(headers: dict[str, str], now_s: float) -> None:
    wait_ms = retry_after_ms(headers, now_s)

    assert wait_ms is None or 0 <= wait_ms <= WAIT_MAX_MS


@given(st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_span_is_the_sum_of_its_parts(minutes: int, seconds: int, milliseconds: int) -> None:
    wait_ms = retry_after_ms({"x-ratelimit-reset-requests": f"{minutes}m{seconds}s{milliseconds}ms"}, NOW_S)

    assert wait_ms == min((minutes * 60 + seconds) * 1_000 + milliseconds, WAIT_MAX_MS)
