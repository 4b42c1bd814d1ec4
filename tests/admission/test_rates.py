"""Each limit at, below and above its edge."""

import pytest

from tollhouse.admission.rates import Limiter
from tollhouse.domain.errors import RateLimited
from tollhouse.domain.governance import Rate


def test_the_last_request_within_the_minute_passes_and_the_next_is_told_how_long_to_wait() -> None:
    limiter = Limiter(Rate(requests_per_minute=3), now=0.0)
    for _ in range(3):
        limiter.enter(0, now=0.0).close(0)

    with pytest.raises(RateLimited) as refused:
        limiter.enter(0, now=0.0)

    wait_ms = refused.value.retry_after_ms
    assert wait_ms is not None
    assert 19_990 <= wait_ms <= 20_010
    limiter.enter(0, now=wait_ms / 1000).close(0)


def test_unused_tokens_come_back_at_settlement() -> None:
    limiter = Limiter(Rate(tokens_per_minute=1000), now=0.0)
    limiter.enter(900, now=0.0).close(100)

    limiter.enter(900, now=0.0).close(900)

    with pytest.raises(RateLimited):
        limiter.enter(1, now=0.0)


def test_a_call_larger_than_the_whole_minute_waits_for_a_full_bucket_and_then_passes() -> None:
    limiter = Limiter(Rate(tokens_per_minute=100), now=0.0)

    limiter.enter(500, now=0.0).close(500)

    with pytest.raises(RateLimited):
        limiter.enter(1, now=60.0)


def test_concurrency_counts_only_calls_that_run() -> None:
    limiter = Limiter(Rate(concurrency=2), now=0.0)
    first, _second = limiter.enter(0, now=0.0), limiter.enter(0, now=0.0)
    with pytest.raises(RateLimited):
        limiter.enter(0, now=0.0)

    first.close(0)
    first.close(0)

    limiter.enter(0, now=0.0)
    with pytest.raises(RateLimited):
        limiter.enter(0, now=0.0)


def test_a_refused_call_uses_up_nothing() -> None:
    limiter = Limiter(Rate(requests_per_minute=10, tokens_per_minute=100), now=0.0)
    limiter.enter(100, now=0.0)
    for _ in range(20):
        with pytest.raises(RateLimited):
            limiter.enter(50, now=0.0)

    assert limiter.states(now=0.0)["requests"].remaining == 9
