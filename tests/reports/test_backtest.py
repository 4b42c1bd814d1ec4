"""Back-tests: what a proposal would have done to past calls."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.governance import Budget, BudgetScope, Rate
from tollhouse.domain.periods import PeriodKind
from tollhouse.ports.history import PastCall
from tollhouse.reports.backtest import MAX_SHOWN, BackTest, Proposal, Trial
from tollhouse.testing.clock import MONDAY_NOON_MS as NOON

CLAIMS = BudgetScope("team", "claims")
ZURICH = ZoneInfo("Europe/Zurich")
HOUR_MS = 3_600_000


def a_call(
    number: int, at_ms: int, *, cost: int = 10, held: int = 0, tokens: int = 100, latency_ms: int = 500
) -> PastCall:
    return PastCall(f"call_{number}", at_ms, "claims", "triage", "ci", latency_ms, tokens, cost, held or cost)


def tried(calls: list[PastCall], budget: Budget | None = None, rate: Rate = Rate()) -> Trial:  # noqa: B008 - frozen
    test = BackTest(Proposal(CLAIMS, budget, rate), ZURICH)
    test.add(calls)
    return test.trial


def test_calls_beyond_the_cap_are_blocked_and_spend_nothing() -> None:
    calls = [a_call(number, NOON + number) for number in range(5)]

    trial = tried(calls, Budget(30, PeriodKind.DAY))

    assert [(s.call, s.verdict) for s in trial.struck] == [("call_3", "blocked"), ("call_4", "blocked")]
    assert (trial.total("blocked"), trial.total("blocked_nanousd"), trial.total("cost_nanousd")) == (2, 20, 50)


def test_a_cheaper_call_fits_where_a_dear_one_was_blocked() -> None:
    calls = [a_call(1, NOON, cost=8), a_call(2, NOON + 1, cost=3), a_call(3, NOON + 2, cost=2)]

    assert [s.call for s in tried(calls, Budget(10, PeriodKind.DAY)).struck] == ["call_2"]


def test_what_was_held_decides_not_what_it_cost_in_the_end() -> None:
    assert tried([a_call(1, NOON, cost=1, held=11)], Budget(10, PeriodKind.DAY)).total("blocked") == 1


def test_a_new_period_starts_at_the_organisations_midnight() -> None:
    midnight = NOON + 11 * HOUR_MS  # 2026-11-03 00:00 in Zurich is 23:00 UTC of the day before
    calls = [a_call(1, midnight - 2), a_call(2, midnight - 1), a_call(3, midnight)]

    trial = tried(calls, Budget(10, PeriodKind.DAY))

    assert [s.call for s in trial.struck] == ["call_2"]
    assert [(t.day, t.calls, t.blocked) for t in trial.days] == [("2026-11-02", 2, 1), ("2026-11-03", 1, 0)]


def test_the_call_that_reaches_a_threshold_is_warned_once() -> None:
    calls = [a_call(number, NOON + number) for number in range(10)]

    trial = tried(calls, Budget(100, PeriodKind.MONTH, warn_at_ppm=(500_000, 800_000)))

    assert [(s.call, s.why) for s in trial.struck] == [
        ("call_4", "50 % of the month budget"),
        ("call_7", "80 % of the month budget"),
    ]


def test_calls_over_the_rate_are_slowed_by_what_the_rate_needs() -> None:
    calls = [a_call(number, NOON) for number in range(4)]

    trial = tried(calls, rate=Rate(requests_per_minute=2))

    assert [(s.call, s.why) for s in trial.struck] == [
        ("call_2", "requests per minute"),
        ("call_3", "requests per minute"),
    ]
    assert 89_000 <= trial.total("slowed_ms") <= 91_000  # 30 s and 60 s


def test_calls_at_once_wait_for_the_first_that_ends() -> None:
    calls = [a_call(number, NOON + number, latency_ms=1_000) for number in range(3)]

    trial = tried(calls, rate=Rate(concurrency=1))

    assert (trial.total("slowed"), trial.total("slowed_ms")) == (2, 999 + 1_998)


def test_every_call_is_counted_and_only_some_are_shown() -> None:
    calls = [a_call(number, NOON + number) for number in range(MAX_SHOWN + 5)]

    trial = tried(calls, Budget(0, PeriodKind.DAY))

    assert (trial.total("blocked"), len(trial.struck)) == (MAX_SHOWN + 5, MAX_SHOWN)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 50), st.integers(0, 50))), st.integers(0, 500))
def test_what_passes_never_exceeds_the_cap(raw: list[tuple[int, int, int]], limit: int) -> None:
    calls = [
        a_call(number, NOON + at_ms, cost=cost, held=cost + more)
        for number, (at_ms, cost, more) in enumerate(sorted(raw))
    ]

    trial = tried(calls, Budget(limit, PeriodKind.TOTAL))

    assert trial.total("cost_nanousd") - trial.total("blocked_nanousd") <= limit
