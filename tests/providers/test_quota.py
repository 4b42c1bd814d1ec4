"""What a provider's answer says is left for us, and what of it is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.rates import ProviderQuota, Remaining
from tollhouse.providers.quota import quota_in

NOW_S = 1_793_620_800.0


def headers(**named: str) -> dict[str, str]:
    return {f"x-ratelimit-{name.replace('_', '-')}": value for name, value in named.items()}


@pytest.mark.parametrize(
    ("told", "requests"),
    [
        ({"remaining_requests": "59", "limit_requests": "60", "reset_requests": "1s"}, Remaining(59, 60, 1_000)),
        ({"remaining_requests": "0", "reset_requests": "6m0s"}, Remaining(0, None, 360_000)),
        ({"remaining_requests": "7", "reset_requests": "20ms"}, Remaining(7, None, 20)),
        ({"remaining_requests": "7"}, Remaining(7, None, None)),
        ({"remaining_requests": " 7.0 "}, Remaining(7, None, None)),
        ({"remaining_requests": "7", "limit_requests": "0"}, Remaining(7, None, None)),
        ({"remaining_requests": "7", "reset_requests": "soon"}, Remaining(7, None, None)),
        ({"remaining_requests": "0"}, None),
        ({"remaining_requests": "0", "reset_requests": "0s"}, None),
        ({"remaining_requests": "-1", "reset_requests": "1s"}, None),
        ({"remaining_requests": "nan"}, None),
        ({"remaining_requests": ""}, None),
        ({"remaining_requests": "9" * 40}, None),
    ],
)
def test_a_number_is_believed_and_zero_only_with_a_date(told: dict[str, str], requests: Remaining | None) -> None:
    assert quota_in(headers(**told), NOW_S) == (None if requests is None else ProviderQuota(requests=requests))


def test_requests_and_tokens_are_told_apart() -> None:
    told = headers(remaining_requests="-1", remaining_tokens="1500", limit_tokens="2000", reset_tokens="15s")

    assert quota_in(told, NOW_S) == ProviderQuota(tokens=Remaining(1_500, 2_000, 15_000))


def test_nothing_told_is_nothing() -> None:
    assert quota_in({"content-type": "application/json"}, NOW_S) is None


NAMES = st.sampled_from(
    [f"x-ratelimit-{kind}-{what}" for kind in ("remaining", "limit", "reset") for what in ("requests", "tokens")]
)


@given(st.dictionaries(NAMES, st.text(max_size=30) | st.floats().map(str) | st.integers().map(str)))
def test_any_headers_give_nothing_or_numbers_from_zero(told: dict[str, str]) -> None:
    quota = quota_in(told, NOW_S)

    for each in () if quota is None else (quota.requests, quota.tokens):
        assert each is None or (each.left >= 0 and (each.whole_in_ms is None or each.whole_in_ms >= 0))
