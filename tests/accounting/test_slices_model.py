"""Slices against a model that knows nothing of slices: a budget is what is held plus what was spent, and no more."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from accounting_desk import UnreliableLedger, a_call
from tollhouse.accounting.slices import Reservation, Slices, Spending
from tollhouse.domain.calls import Attempt, AttemptState, Call
from tollhouse.domain.errors import BudgetExceeded, StoreUnavailable
from tollhouse.domain.governance import Budget, BudgetScope
from tollhouse.domain.periods import PeriodKind
from tollhouse.testing.clock import MONDAY_NOON_MS

HOUR_MS = 3_600_000
LIMIT = 1_000
PROCESSES = 2

Step = tuple[str, int, int]

OFTEN = {"reserve": 10, "settle": 6, "turns": 9, "post": 3, "tick": 2, "up": 3}
RARELY = {"down": 1, "lossy": 1, "release": 1, "cancel": 1, "hours": 1}
"""Mostly calls and answers: budgets must run dry before anything can go wrong at their end."""

kinds = st.sampled_from([kind for kind, weight in (OFTEN | RARELY).items() for _ in range(weight)])
steps = st.lists(
    st.tuples(kinds, st.integers(0, 50), st.sampled_from([0, 1, 30, 50, 100, 250, 400])), min_size=30, max_size=80
)


@dataclass
class Reserving:
    """One attempt: which process, which team (or none but the organisation), how much, when; and what became of it."""

    process: int
    team: int
    nanousd: int
    at_ms: int
    task: asyncio.Task[Reservation]
    state: str = "asking"
    cost: int = 0

    @property
    def weight(self) -> int:
        return {"asking": 0, "open": self.nanousd, "settled": self.cost, "gone": 0}[self.state]

    @property
    def day(self) -> int:
        return self.at_ms // (24 * HOUR_MS)


@dataclass
class World:
    """Two processes on one ledger, two teams and the organisation above them, a daily budget each."""

    ledger: UnreliableLedger = field(default_factory=UnreliableLedger)
    now_ms: int = MONDAY_NOON_MS
    seconds: float = 0.0
    all: list[Reserving] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.slices = [Slices(self.ledger, f"proc_{n}", UTC) for n in range(PROCESSES)]
        self.unposted: list[list[tuple[Call, list[Spending]]]] = [[] for _ in range(PROCESSES)]
        self.is_unsure = [False] * PROCESSES

    def path(self, team: int) -> list[tuple[BudgetScope, Budget]]:
        budget = Budget(LIMIT, PeriodKind.DAY)
        organisation = [(BudgetScope("organisation", ""), Budget(LIMIT * 3 // 2, PeriodKind.DAY))]
        return organisation + ([(BudgetScope("team", f"team_{team}"), budget)] if team < 2 else [])

    async def step(self, kind: str, a: int, b: int) -> None:
        if kind == "reserve":
            process, team = a % PROCESSES, a // PROCESSES % 3
            task = asyncio.create_task(self.slices[process].reserve(self.path(team), b, self.now_ms))
            self.all.append(Reserving(process, team, b, self.now_ms, task))
        elif kind in ("settle", "release") and (open_ := [r for r in self.all if r.state == "open"]):
            self.close(open_[a % len(open_)], kind, b)
        elif kind == "cancel" and (asking := [r for r in self.all if r.state == "asking"]):
            asking[a % len(asking)].task.cancel()
        elif kind == "post":
            await self.post(a % PROCESSES)
        elif kind == "tick":
            await self.tick(a % PROCESSES)
        elif kind == "hours":
            self.now_ms += a % 20 * HOUR_MS
        elif kind == "turns":
            for _ in range(a % 8):
                await asyncio.sleep(0)
        elif kind in ("down", "lossy", "up"):
            self.ledger.is_down, self.ledger.loses_answers = kind == "down", kind == "lossy"

    def close(self, reserving: Reserving, kind: str, percent: int) -> None:
        reservation = reserving.task.result()
        slices = self.slices[reserving.process]
        if kind == "release":
            slices.release(reservation)
            reserving.state = "gone"
            return
        reserving.cost = reserving.nanousd * min(percent, 100) // 100
        reserving.state = "settled"
        slices.settle(reservation, reserving.cost)
        call = a_call(team=f"team_{reserving.team}", attempts=[attempt_of(reserving, len(self.all))])
        self.unposted[reserving.process].append((call, [(reservation, reserving.cost)]))

    async def post(self, process: int) -> None:
        batch = list(self.unposted[process])
        try:
            await self.ledger.post(f"proc_{process}", [call for call, _ in batch], replay=self.is_unsure[process])
        except StoreUnavailable:
            self.is_unsure[process] = True
            return
        self.is_unsure[process] = False
        self.slices[process].posted(batch)
        del self.unposted[process][: len(batch)]

    async def tick(self, process: int) -> None:
        self.seconds += 2.0
        await self.post(process)
        if not self.is_unsure[process]:
            try:
                await self.slices[process].tick(self.seconds, self.now_ms)
            except StoreUnavailable:
                return

    def look(self) -> None:
        """See what became of those who asked."""
        for reserving in self.all:
            if reserving.state == "asking" and reserving.task.done():
                has_it = not reserving.task.cancelled() and reserving.task.exception() is None
                reserving.state = "open" if has_it else "gone"
                if not has_it and not reserving.task.cancelled():
                    assert isinstance(reserving.task.exception(), BudgetExceeded | StoreUnavailable)

    def budgets(self) -> Iterator[tuple[int, list[Reserving]]]:
        """Each budget of each day: its limit, and the attempts on it."""
        for day in {r.day for r in self.all}:
            today = [r for r in self.all if r.day == day]
            yield LIMIT * 3 // 2, today
            for team in (0, 1):
                yield LIMIT, [r for r in today if r.team == team]

    def check(self) -> None:
        self.look()
        for limit, attempts in self.budgets():
            assert sum(r.weight for r in attempts) <= limit
        for (scope, _), figures in self.ledger.books.budgets.items():
            limit = LIMIT * 3 // 2 if scope.kind == "organisation" else LIMIT
            assert 0 <= figures.spent + figures.leased <= limit

    async def come_to_rest(self) -> None:
        self.ledger.is_down = self.ledger.loses_answers = False
        await asyncio.gather(*(r.task for r in self.all), return_exceptions=True)
        self.look()
        for reserving in self.all:
            if reserving.state == "open":
                self.close(reserving, "settle", 50)
        for _ in range(4):
            for process in range(PROCESSES):
                await self.tick(process)


def attempt_of(reserving: Reserving, number: int) -> Attempt:
    attempt = Attempt(
        id=f"att_{number}",
        deployment="d",
        provider="p",
        reserved_ms=reserving.at_ms,
        held_nanousd=reserving.nanousd,
        cost_nanousd=reserving.cost,
    )
    attempt.state = AttemptState.SETTLED
    return attempt


@given(steps)
@settings(max_examples=400, deadline=None)
def test_no_budget_is_ever_overspent_and_nothing_is_held_at_rest(steps: list[Step]) -> None:
    async def live() -> None:
        world = World()
        for kind, a, b in steps:
            await world.step(kind, a, b)
            world.check()
        await world.come_to_rest()
        world.check()

        assert await world.ledger.leases() == []
        assert [slices.held_nanousd for slices in world.slices] == [0] * PROCESSES
        await assert_spent_is_exact(world)
        await assert_the_rest_can_be_had(world)

    asyncio.run(live())


async def assert_spent_is_exact(world: World) -> None:
    for state in await world.ledger.budgets():
        on_it = [
            r
            for r in world.all
            if state.period.start_ms <= r.at_ms < state.period.end_ms and state.scope.name in ("", f"team_{r.team}")
        ]
        assert state.spent_nanousd == sum(r.weight for r in on_it)


async def assert_the_rest_can_be_had(world: World) -> None:
    """Whatever happened before: what is left of a budget is admitted to the last nano-dollar, and not one more."""
    today = [r for r in world.all if r.day == world.now_ms // (24 * HOUR_MS)]
    rest = LIMIT * 3 // 2 - sum(r.weight for r in today)
    try:
        await world.slices[0].reserve(world.path(2), rest + 1, world.now_ms)
    except BudgetExceeded:
        pass
    else:
        raise AssertionError("more was admitted than was left")
    await world.slices[0].reserve(world.path(2), rest, world.now_ms)
