"""What the tests of accounting share: a ledger that can fail, a price list of one line, and calls ready to make."""

import asyncio
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from tollhouse.accounting.books import Accounting, OpenCall
from tollhouse.accounting.posting import OnPosted
from tollhouse.accounting.prices import PriceBook
from tollhouse.domain.calls import Attempt, Call, Outcome
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.domain.governance import Budget, BudgetScope, Deployment
from tollhouse.domain.ids import new_id
from tollhouse.domain.money import PriceLine, Rates, Usage
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.domain.wire import Asked, Shaped
from tollhouse.ports.clock import Clock
from tollhouse.ports.ledger import BudgetState, Ledger, SliceAsk, SliceHeld
from tollhouse.ports.tokens import TokenCounter
from tollhouse.stores.memory.books import Books
from tollhouse.stores.memory.ledger import MemoryLedger
from tollhouse.testing.clock import FakeClock

MICRO = 1_000
"""One token costs a millionth of a dollar, in and out, at the line below: sums are easy to read."""

LINE = PriceLine("seed:openai/gpt-5-mini", Rates(input=10**9, cached_input=10**8, output=10**9))

OPENAI = Deployment("openai", "gpt-5-mini", "openai")
LOCAL = Deployment("local", "auto", "inhouse")


class OneLine:
    """A seed that knows one model."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def line(self, base_url: str | None, model: str, at_ms: int) -> PriceLine | None:
        self.asked.append(model)
        return LINE if model == "gpt-5-mini" else None


class UnreliableLedger:
    """
    A ledger in memory, behind a connection that takes its time and can go down.

    `is_down`: nothing reaches it. `loses_answers`: what reaches it is done, and the answer is lost.
    """

    def __init__(self) -> None:
        self.books = Books()
        self.is_down = False
        self.loses_answers = False
        self.leased = 0
        self.posted = 0
        self.shown: list[list[str]] = []
        self._ledger = MemoryLedger(self.books)

    async def lease(self, process: str, asks: Sequence[SliceAsk]) -> list[SliceHeld]:
        await self._go()
        self.leased += 1
        held = await self._ledger.lease(process, asks)
        await self._come_back()
        return held

    async def give_back(self, process: str, held: Sequence[SliceHeld]) -> None:
        await self._go()
        await self._ledger.give_back(process, held)
        await self._come_back()

    async def post(self, process: str, calls: Sequence[Call], *, replay: bool = False) -> None:
        await self._go()
        self.posted += 1
        await self._ledger.post(process, calls, replay=replay)
        await self._come_back()

    async def adopt(self, dead: str, calls: Sequence[Call]) -> None:
        await self._go()
        await self._ledger.adopt(dead, calls)
        await self._come_back()

    async def show_open(self, process: str, calls: Sequence[Call]) -> None:
        await self._go()
        self.shown.append([call.id for call in calls])
        await self._ledger.show_open(process, calls)
        await self._come_back()

    async def budgets(self, *, at_ms: int | None = None) -> list[BudgetState]:
        await self._go()
        return await self._ledger.budgets()

    async def spent(self, wanted: Sequence[tuple[BudgetScope, Period]]) -> list[int]:
        await self._go()
        return await self._ledger.spent(wanted)

    async def forget_sessions(self, before_ms: int) -> int:
        return await self._ledger.forget_sessions(before_ms)

    async def leases(self) -> list[tuple[str, SliceHeld]]:
        await self._go()
        return await self._ledger.leases()

    async def _go(self) -> None:
        await asyncio.sleep(0)
        if self.is_down:
            raise StoreUnavailable

    async def _come_back(self) -> None:
        await asyncio.sleep(0)
        if self.loses_answers:
            raise StoreUnavailable


def accounting(
    ledger: Ledger,
    folder: Path,
    *,
    clock: Clock | None = None,
    process: str = "proc_1",
    counter: TokenCounter | None = None,
    fsync_group: bool = False,
    max_in_memory: int = 5_000,
    segment_bytes: int = 2**26,
    on_posted: OnPosted = lambda calls: None,
) -> Accounting:
    clock = clock or FakeClock()
    return Accounting(
        ledger=ledger,
        prices=PriceBook(OneLine(), {}, clock),
        clock=clock,
        folder=folder,
        process=process,
        zone=UTC,
        counter=counter,
        fsync_group=fsync_group,
        max_in_memory=max_in_memory,
        segment_bytes=segment_bytes,
        on_posted=on_posted,
    )


def budget(limit_nanousd: int, period: PeriodKind = PeriodKind.MONTH) -> Budget:
    return Budget(limit_nanousd, period)


def path(*limits: int, period: PeriodKind = PeriodKind.MONTH) -> list[tuple[BudgetScope, Budget]]:
    """Budgets of organisation, team, use case and key, as many as there are limits."""
    scopes = [
        BudgetScope("organisation", ""),
        BudgetScope("team", "claims"),
        BudgetScope("use_case", "triage"),
        BudgetScope("key", "ci"),
    ]
    return [(scope, Budget(limit, period)) for scope, limit in zip(scopes, limits, strict=False)]


def a_call(**members: object) -> Call:
    call = Call(
        id=new_id("call"),
        at_ms=FakeClock().now_ms(),
        endpoint="chat.completions",
        team="claims",
        use_case="triage",
        key="ci",
        model="fast",
    )
    for name, value in members.items():
        setattr(call, name, value)
    return call


def asked(body_bytes: int = 60) -> Asked:
    return Asked(model="fast", streamed=False, members={}, body_bytes=body_bytes)


def shaped(body_bytes: int = 60, output_bound: int = 40) -> Shaped:
    """Together at most 100 tokens: held at 100 MICRO."""
    return Shaped(b"x" * body_bytes, output_bound)


def usage(tokens_in: int = 20, tokens_out: int = 10) -> Usage:
    return Usage(tokens_in, tokens_out)


async def open_attempt(
    books: Accounting, budgets: Sequence[tuple[BudgetScope, Budget]] = ()
) -> tuple[OpenCall, Attempt]:
    """A call with one attempt that has been sent."""
    call = books.open_call(a_call(), budgets, unpriced_allowed=False)
    attempt = await call.reserve(OPENAI, asked(), shaped())
    await call.sent(attempt)
    return call, attempt


async def whole_call(books: Accounting, budgets: Sequence[tuple[BudgetScope, Budget]] = ()) -> Call:
    """A call that is held at 100 MICRO and costs 30."""
    call, attempt = await open_attempt(books, budgets)
    call.settle(attempt, usage(), outcome=Outcome.OK, latency_ms=5)
    call.end(status=200, outcome=Outcome.OK)
    return call.call
