"""Any sequence of leases, posts, corrections, returns and adoptions leaves the ledger as a small model of it says, and within its limits."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger_words import DAY_MS, FIRST_OF_OCTOBER, NOON_MS, OCTOBER, a_call, an_attempt
from tollhouse.domain.calls import Call
from tollhouse.domain.corrections import Correction
from tollhouse.domain.errors import BudgetExceeded
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period
from tollhouse.ports.ledger import SliceAsk, SliceHeld
from tollhouse.stores import Stores, open_stores
from tollhouse.stores.memory import memory_stores

Budget = tuple[str, str, Period]
LIMIT = 1_000

processes = st.sampled_from(["p1", "p2", "p3"])
teams = st.sampled_from(["claims", "support"])
keys = st.sampled_from(["ci", "ana"])
periods = st.sampled_from([OCTOBER, FIRST_OF_OCTOBER])
moments = st.sampled_from([NOON_MS, NOON_MS + DAY_MS, NOON_MS - DAY_MS])
costs = st.lists(st.tuples(st.integers(0, 60), moments), max_size=3)


@dataclass
class Model:
    """The ledger in the simplest words: every charge that was ever made, and what each process holds of each budget."""

    charges: list[tuple[str, str, int, int]] = field(default_factory=list)
    held: dict[tuple[str, Budget], int] = field(default_factory=dict)
    known: set[Budget] = field(default_factory=set)
    posted: set[str] = field(default_factory=set)

    def spent(self, budget: Budget) -> int:
        kind, name, period = budget
        return sum(
            cost
            for team, key, at_ms, cost in self.charges
            if {"organisation": "", "team": team, "key": key}[kind] == name and period.start_ms <= at_ms < period.end_ms
        )

    def leased(self, budget: Budget) -> int:
        return sum(nanousd for (_, b), nanousd in self.held.items() if b == budget)

    def lease(self, process: str, budgets: list[Budget], least: int, most: int) -> list[int] | None:
        got: list[int] = []
        self.known.update(budgets)
        for budget in budgets:
            rest = LIMIT - self.spent(budget) - self.leased(budget)
            amount = max(least, min(rest // 100, most))
            if rest < 10 * amount:
                amount = least
            got.append(amount)
            if amount > rest:
                return None
        for budget, amount in zip(budgets, got, strict=True):
            self.held[process, budget] = self.held.get((process, budget), 0) + amount
        return got

    def post(self, process: str, call: Call) -> None:
        if call.id in self.posted:
            return
        self.posted.add(call.id)
        for attempt in call.attempts:
            self.charges.append((call.team, call.key, attempt.reserved_ms, attempt.cost_nanousd))
            for budget in self.known:
                kind, name, period = budget
                on_path = {"organisation": "", "team": call.team, "key": call.key}[kind] == name
                if on_path and period.start_ms <= attempt.reserved_ms < period.end_ms:
                    held = self.held.get((process, budget), 0)
                    self.held[process, budget] = max(0, held - attempt.cost_nanousd)

    def correct(self, call: Call, at_ms: int, nanousd: int) -> None:
        """What a bill says comes on top, whatever is held; it is nobody's slice."""
        self.charges.append((call.team, call.key, at_ms, nanousd))

    def give_back(self, process: str, budget: Budget, nanousd: int) -> None:
        held = self.held.get((process, budget), 0)
        self.held[process, budget] = max(0, held - nanousd)

    def adopt(self, dead: str) -> None:
        for process, budget in list(self.held):
            if process == dead:
                del self.held[process, budget]


class LedgerSequences(RuleBasedStateMachine):
    """Does each step to the model and to a real ledger, and compares them after it."""

    opening: ClassVar[Callable[[], Coroutine[None, None, Stores]]]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.calls: list[Call] = []
        self.corrected = 0
        self.runner = asyncio.Runner()
        self.stores = self.runner.run(type(self).opening())

    @rule(process=processes, team=teams, key=keys, period=periods, least=st.integers(0, 80), most=st.integers(0, 40))
    def lease(self, process: str, team: str, key: str, period: Period, least: int, most: int) -> None:
        budgets: list[Budget] = [("organisation", "", OCTOBER), ("team", team, period), ("key", key, period)]
        asks = [SliceAsk(BudgetScope(kind, name), p, LIMIT, least, most) for kind, name, p in budgets]
        expected = self.model.lease(process, budgets, least, most)
        try:
            got = [piece.nanousd for piece in self.runner.run(self.stores.ledger.lease(process, asks))]
        except BudgetExceeded:
            assert expected is None
        else:
            assert got == expected
            assert all(self.model.spent(b) + self.model.leased(b) <= LIMIT for b in budgets)

    @rule(process=processes, team=teams, key=keys, costs=costs)
    def post(self, process: str, team: str, key: str, costs: list[tuple[int, int]]) -> None:
        call = a_call(*(an_attempt(cost, at_ms=at_ms) for cost, at_ms in costs), team=team, key=key)
        self.calls.append(call)
        self.model.post(process, call)
        self.runner.run(self.stores.ledger.post(process, [call]))

    @rule(process=processes, data=st.data())
    def replay(self, process: str, data: st.DataObject) -> None:
        again = data.draw(st.lists(st.sampled_from(self.calls), max_size=3)) if self.calls else []
        fresh = a_call(an_attempt(9))
        self.calls.append(fresh)
        for call in (*again, fresh):
            self.model.post(process, call)
        self.runner.run(self.stores.ledger.post(process, [*again, fresh], replay=True))

    @rule(data=st.data(), nanousd=st.integers(-60, 60), times=st.integers(1, 2))
    def correct(self, data: st.DataObject, nanousd: int, times: int) -> None:
        billed = [call for call in self.calls if call.attempts]
        if not billed:
            return
        call = data.draw(st.sampled_from(billed))
        attempt = call.attempts[0]
        self.corrected += 1
        correction = Correction(
            id=f"cor_{self.corrected}", at_ms=NOON_MS, booked_ms=attempt.reserved_ms, provider=attempt.provider,
            deployment=attempt.deployment, source="a bill", line="1", author="test", attempt=attempt.id, call=call.id,
            team=call.team, use_case=call.use_case, key=call.key, model=call.model, settles=True, cost_nanousd=nanousd,
        )  # fmt: skip
        self.model.correct(call, attempt.reserved_ms, nanousd)
        for _ in range(times):
            self.runner.run(self.stores.corrections.add([correction]))

    @rule(process=processes, team=teams, period=periods, nanousd=st.integers(0, 100))
    def give_back(self, process: str, team: str, period: Period, nanousd: int) -> None:
        self.model.give_back(process, ("team", team, period), nanousd)
        held = SliceHeld(BudgetScope("team", team), period, nanousd)
        self.runner.run(self.stores.ledger.give_back(process, [held]))

    @rule(dead=processes, team=teams, key=keys)
    def adopt(self, dead: str, team: str, key: str) -> None:
        left = [a_call(an_attempt(11), an_attempt(2), team=team, key=key), *self.calls[-1:]]
        for call in left:
            self.model.post(dead, call)
        self.model.adopt(dead)
        self.runner.run(self.stores.ledger.adopt(dead, left))

    @invariant()
    def the_ledger_is_as_the_model_says(self) -> None:
        states = self.runner.run(self.stores.ledger.budgets())
        found = {(s.scope.kind, s.scope.name, s.period): (s.spent_nanousd, s.leased_nanousd) for s in states}
        assert found == {budget: (self.model.spent(budget), self.model.leased(budget)) for budget in self.model.known}

    @invariant()
    def slices_are_what_processes_hold(self) -> None:
        out = self.runner.run(self.stores.ledger.leases())
        found = {(process, (h.scope.kind, h.scope.name, h.period)): h.nanousd for process, h in out}
        assert found == {place: nanousd for place, nanousd in self.model.held.items() if nanousd}

    def teardown(self) -> None:
        self.runner.run(_closed(self.stores))
        self.runner.close()


@pytest.mark.parametrize(("kind", "sequences"), [("memory", 150), ("sqlite", 40)])
def test_any_sequence_of_steps_keeps_the_ledger_exact(kind: str, sequences: int, ready_folder: Path) -> None:
    run_sequences(kind, sequences, 25, ready_folder)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "sequences"), [("memory", 10_000), ("sqlite", 1_000)])
def test_ten_thousand_sequences_of_fifty_steps_keep_the_ledger_exact(
    kind: str, sequences: int, ready_folder: Path
) -> None:
    run_sequences(kind, sequences, 50, ready_folder)


def run_sequences(kind: str, sequences: int, steps: int, ready_folder: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        places = (Path(folder) / str(n) for n in range(10 * sequences))

        async def opening() -> Stores:
            if kind == "memory":
                return memory_stores()
            place = next(places)
            shutil.copytree(ready_folder, place)
            return await open_stores(None, place)

        run_state_machine_as_test(
            type("OfOneKind", (LedgerSequences,), {"opening": staticmethod(opening)}),
            settings=settings(
                max_examples=sequences,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


async def _closed(stores: Stores) -> None:
    await stores.close()
