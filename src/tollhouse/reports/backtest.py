"""A back-test: what a proposed budget or rate would have done to the calls of the past. Pure; calls are fed in as they came."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from tollhouse.admission.buckets import Bucket
from tollhouse.admission.rates import WINDOW_S
from tollhouse.domain.governance import PPM, Budget, BudgetScope, Rate
from tollhouse.domain.periods import Period, period_at
from tollhouse.ports.history import PastCall

MAX_SHOWN = 100
"""Calls named one by one for each verdict; all of them are counted."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is tried on one scope: a budget, a rate, or both."""

    scope: BudgetScope
    budget: Budget | None = None
    rate: Rate = field(default_factory=Rate)


@dataclass(slots=True)
class Tally:
    """Calls of one day and team. Of the blocked ones, what they had cost; of the slowed ones, how long they had waited."""

    day: str
    team: str
    calls: int = 0
    cost_nanousd: int = 0
    warned: int = 0
    slowed: int = 0
    slowed_ms: int = 0
    blocked: int = 0
    blocked_nanousd: int = 0


@dataclass(frozen=True, slots=True)
class Struck:
    """One call that the proposal would have touched: `verdict` is warned | slowed | blocked, `why` names the threshold or limit."""

    call: str
    at_ms: int
    team: str
    verdict: str
    why: str


@dataclass(slots=True)
class Trial:
    """What came out: `days` by day and team, and the first `MAX_SHOWN` calls of each verdict."""

    days: list[Tally] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)

    def total(self, name: str) -> int:
        return sum(getattr(tally, name) for tally in self.days)


class BackTest:
    """
    Feed it with `add` in the order of time, then read `trial`.

    A call is blocked if what was held for it does not fit into what the budget has left; a blocked call spends nothing.
    A call over the rate would have been told to come again: it is slowed by as long as the rate needs. A call is warned
    if with it the spending of a period reaches a threshold. Days are the organisation's.
    """

    def __init__(self, proposal: Proposal, zone: tzinfo) -> None:
        self.trial = Trial()
        self._proposal = proposal
        self._zone = zone
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._shown: dict[str, int] = {}
        self._period: Period | None = None
        self._spent = 0
        self._pace = _Pace(proposal.rate)

    def add(self, calls: Iterable[PastCall]) -> None:
        for call in calls:
            self._add(call)

    def _add(self, call: PastCall) -> None:
        tally = self._tally(call)
        tally.calls += 1
        tally.cost_nanousd += call.cost_nanousd
        if self._is_blocked(call):
            tally.blocked += 1
            tally.blocked_nanousd += call.cost_nanousd
            return
        wait_ms, why = self._pace.enter(call)
        if wait_ms:
            tally.slowed += 1
            tally.slowed_ms += wait_ms
            self._show(call, "slowed", why)
        tally.warned += self._spend(call)

    def _is_blocked(self, call: PastCall) -> bool:
        budget = self._proposal.budget
        if budget is None:
            return False
        if self._period is None or call.at_ms >= self._period.end_ms:
            self._period, self._spent = period_at(budget.period, call.at_ms, self._zone), 0
        if self._spent + max(call.held_nanousd, call.cost_nanousd) <= budget.limit_nanousd:
            return False
        self._show(call, "blocked", f"{budget.period} budget")
        return True

    def _spend(self, call: PastCall) -> bool:
        """Return whether a threshold was reached."""
        budget = self._proposal.budget
        if budget is None:
            return False
        before, self._spent = self._spent, self._spent + call.cost_nanousd
        reached = [
            at_ppm for at_ppm in budget.warn_at_ppm if before * PPM < budget.limit_nanousd * at_ppm <= self._spent * PPM
        ]
        if reached:
            self._show(call, "warned", f"{reached[-1] * 100 / PPM:g} % of the {budget.period} budget")
        return bool(reached)

    def _show(self, call: PastCall, verdict: str, why: str) -> None:
        shown = self._shown[verdict] = self._shown.get(verdict, 0) + 1
        if shown <= MAX_SHOWN:
            self.trial.struck.append(Struck(call.id, call.at_ms, call.team, verdict, why))

    def _tally(self, call: PastCall) -> Tally:
        day = datetime.fromtimestamp(call.at_ms / 1000, self._zone).date().isoformat()
        known = self._tallies.get((day, call.team))
        if known is None:
            known = self._tallies[day, call.team] = Tally(day, call.team)
            self.trial.days.append(known)
        return known


def _bucket(limit: int | None) -> Bucket | None:
    return None if limit is None else Bucket(limit, limit, WINDOW_S, 0.0)


class _Pace:
    """The proposed rate, as if every call had come again as soon as it may."""

    def __init__(self, rate: Rate) -> None:
        self._requests = _bucket(rate.requests_per_minute)
        self._tokens = _bucket(rate.tokens_per_minute)
        self._concurrency = rate.concurrency
        self._ends_ms: list[int] = []

    def enter(self, call: PastCall) -> tuple[int, str]:
        """Return how long the call would have waited, and for which limit."""
        waits = [
            (self._taken(self._requests, 1, call), "requests per minute"),
            (self._taken(self._tokens, call.tokens, call), "tokens per minute"),
            (self._placed(call), "calls at once"),
        ]
        return max(waits)

    def _taken(self, bucket: Bucket | None, amount: int, call: PastCall) -> int:
        if bucket is None:
            return 0
        wait_ms = bucket.wait_ms(amount, call.at_ms / 1000)
        bucket.take(amount)
        return wait_ms

    def _placed(self, call: PastCall) -> int:
        if self._concurrency is None:
            return 0
        ends_ms = self._ends_ms
        while ends_ms and ends_ms[0] <= call.at_ms:
            heapq.heappop(ends_ms)
        begins_ms = call.at_ms if len(ends_ms) < self._concurrency else heapq.heappop(ends_ms)
        heapq.heappush(ends_ms, begins_ms + call.latency_ms)
        return begins_ms - call.at_ms
