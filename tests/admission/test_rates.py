"""Each limit at, below and above its edge, for a process by itself and for one with a share."""

import pytest

from tollhouse.admission.rates import Rates, Short, Ticket, enter_at_once, refusal, tightest
from tollhouse.domain.governance import BudgetScope, Rate
from tollhouse.domain.rates import RateState, Standing

TEAM, USE_CASE, KEY = (BudgetScope(kind, "claims") for kind in ("team", "use_case", "key"))


class Desk:
    """Limiters whose clock the test holds."""

    def __init__(self, *rated: tuple[BudgetScope, Rate]) -> None:
        self.now = 0.0
        self.rates = Rates()
        self.put(*rated)

    def put(self, *rated: tuple[BudgetScope, Rate]) -> None:
        self.rates.put_in_force(dict(rated), self.now)
        self.path = tuple(self.rates.limiter(scope, rate, self.now) for scope, rate in rated)

    def enter(self, tokens: int = 0) -> Ticket | Short:
        return enter_at_once(self.path, tokens, self.now)

    def admitted(self, attempts: int, tokens: int = 0) -> int:
        """Try so often, one after the other, and return how often it went well."""
        return sum(self._passes(tokens) for _ in range(attempts))

    def refused(self, tokens: int = 0) -> tuple[str, int]:
        short = self.enter(tokens)
        assert isinstance(short, Short), "it was let in"
        error = refusal(short, self.path, tokens, self.now)
        assert error.retry_after_ms is not None
        return error.message, error.retry_after_ms

    def _passes(self, tokens: int) -> bool:
        entered = self.enter(tokens)
        if isinstance(entered, Ticket):
            entered.close(tokens)
        return isinstance(entered, Ticket)

    @property
    def states(self) -> dict[str, RateState]:
        return tightest(self.path, self.now)


def test_the_last_request_within_the_minute_passes_and_the_next_is_told_how_long_to_wait() -> None:
    desk = Desk((USE_CASE, Rate(requests_per_minute=3)))

    assert desk.admitted(4) == 3

    message, wait_ms = desk.refused()
    assert "Use case claims may use 3 requests per minute" in message
    assert 19_990 <= wait_ms <= 20_010
    desk.now = wait_ms / 1000
    assert desk.admitted(2) == 1


def test_unused_tokens_come_back_at_settlement_and_an_overrun_is_taken() -> None:
    desk = Desk((KEY, Rate(tokens_per_minute=1000)))
    first = desk.enter(900)
    assert isinstance(first, Ticket)
    first.close(100)

    second = desk.enter(900)

    assert isinstance(second, Ticket)
    second.close(1500)
    _, wait_ms = desk.refused(1)
    assert 36_000 <= wait_ms <= 36_100


def test_a_call_larger_than_the_whole_minute_waits_for_a_full_bucket_and_then_passes() -> None:
    desk = Desk((USE_CASE, Rate(tokens_per_minute=100)))

    assert desk.admitted(1, tokens=500) == 1

    desk.now = 60.0
    assert desk.admitted(1, tokens=1) == 0


def test_concurrency_counts_only_calls_that_run() -> None:
    desk = Desk((USE_CASE, Rate(concurrency=2)))
    first, _second = desk.enter(), desk.enter()
    message, wait_ms = desk.refused()
    assert (message, wait_ms) == ("Use case claims may have 2 calls at once, and has them.", 1000)

    assert isinstance(first, Ticket)
    first.close(0)
    first.close(0)

    assert isinstance(desk.enter(), Ticket)
    assert isinstance(desk.enter(), Short)


def test_a_call_passes_every_limit_on_its_path_or_uses_up_none() -> None:
    desk = Desk(
        (TEAM, Rate(requests_per_minute=10)), (USE_CASE, Rate(tokens_per_minute=100)), (KEY, Rate(concurrency=1))
    )
    running = desk.enter(50)
    for _ in range(20):
        assert "Key claims may have 1 calls at once" in desk.refused(10)[0]
    assert isinstance(running, Ticket)
    running.close(50)

    assert "Use case claims may use 100 tokens per minute" in desk.refused(60)[0]

    assert desk.states["requests"].remaining == 9
    assert desk.states["tokens"].remaining == 50
    assert desk.admitted(1, tokens=50) == 1


@pytest.mark.parametrize("used", [0, 1, 4, 5])
def test_what_is_told_is_the_tightest_limit_and_as_many_calls_pass(used: int) -> None:
    desk = Desk((TEAM, Rate(requests_per_minute=60)), (KEY, Rate(requests_per_minute=5)))
    assert desk.admitted(used) == used

    told = desk.states["requests"]

    assert told == RateState(limit=5, remaining=5 - used, reset_ms=used * 12_000)
    assert desk.admitted(100) == told.remaining


def test_a_limit_that_did_not_change_keeps_its_level_and_its_running_calls() -> None:
    desk = Desk((USE_CASE, Rate(requests_per_minute=10, concurrency=2)), (KEY, Rate(requests_per_minute=100)))
    running = desk.enter()
    assert desk.admitted(5) == 5

    desk.put((USE_CASE, Rate(requests_per_minute=10, concurrency=2)), (KEY, Rate(requests_per_minute=50)))

    assert desk.states["requests"].remaining == 4
    assert isinstance(desk.enter(), Ticket)
    assert isinstance(desk.enter(), Short), "the call that ran before is still counted"
    assert isinstance(running, Ticket)
    running.close(0)
    assert isinstance(desk.enter(), Ticket)


def test_a_changed_limit_holds_at_once_with_the_same_part_used() -> None:
    desk = Desk((USE_CASE, Rate(requests_per_minute=100)))
    assert desk.admitted(50) == 50

    desk.put((USE_CASE, Rate(requests_per_minute=10)))

    assert desk.admitted(100) == 5


def test_a_limiter_that_is_gone_and_comes_back_still_knows_what_runs() -> None:
    desk = Desk((USE_CASE, Rate(concurrency=1)))
    running = desk.enter()
    desk.rates.put_in_force({}, desk.now)

    desk.put((USE_CASE, Rate(concurrency=1)))

    assert isinstance(desk.enter(), Short)
    assert isinstance(running, Ticket)
    running.close(0)
    assert isinstance(desk.enter(), Ticket)
    desk.rates.put_in_force({}, desk.now)


def test_limiters_of_sessions_outlive_changes_and_are_forgotten_when_the_session_is_over() -> None:
    session, rate = BudgetScope("session", "s1"), Rate(requests_per_minute=3)
    desk = Desk()
    desk.path = (desk.rates.limiter(session, rate, desk.now),)
    assert desk.admitted(2) == 2

    desk.rates.put_in_force({}, desk.now)

    assert desk.rates.limiter(session, rate, desk.now) is desk.path[0]
    desk.now = 1_300.0
    desk.rates.forget_sessions(desk.now)
    assert list(desk.rates.all()) == []


def test_shares_add_up_to_the_limit_and_are_never_nothing() -> None:
    assert [Standing(rank, 3).share(10) for rank in range(3)] == [4, 3, 3]
    assert [Standing(rank, 3).share(2) for rank in range(3)] == [1, 1, 1]


def test_a_process_among_several_has_its_share_and_takes_what_it_used_along() -> None:
    desk = Desk((USE_CASE, Rate(requests_per_minute=12, concurrency=4)))
    assert desk.admitted(6) == 6

    desk.rates.stand(Standing(0, 3), desk.now)

    assert desk.states["requests"] == RateState(limit=4, remaining=2, reset_ms=30_000)
    assert desk.admitted(10) == 2
    assert "(4 of them through this process)" in desk.refused()[0]
    desk.rates.stand(Standing(), desk.now)
    assert desk.admitted(10) == 0, "a share that grows is no gift"
