"""One call while it is open: its attempts are reserved, journalled and settled here, whatever happens to them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.errors import BudgetExceeded, JournalFailed
from tollhouse.domain.governance import Budget, BudgetScope, Deployment
from tollhouse.domain.ids import new_id
from tollhouse.domain.money import PriceLine, Usage, bound_nanousd, cost_nanousd
from tollhouse.domain.wire import Asked, Shaped
from tollhouse.ports.clock import Clock
from tollhouse.ports.tokens import TokenCounter

from .bounds import tokens_in_bound, tokens_in_counted
from .journal import Journal
from .posting import Finished, Posting
from .prices import PriceBook, not_priced
from .records import ENDED, SENT, SETTLED, give_up
from .slices import Reservation, Slices, Spending

UNPRICED = "unpriced"
"""`Attempt.price` where nobody knows the price and the use case lets it through: booked at 0 and flagged as estimated."""

PATTERN = "*"
"""A deployment's model on a route with a pattern: the model asked for is the model served."""

SWEEP_GRACE_S = 120.0
"""How long after an attempt's `total_ms` it is given up: the gateway's own timers have closed it long before."""

FORGOTTEN_S = 3_600.0
"""A call without an open attempt is between two attempts, which takes seconds; after this long nobody comes back to it."""

MAX_TOKENS = 10**9
"""No answer has a billion tokens. A provider that says so (or less than none) is not believed."""


@dataclass(slots=True)
class Desk:
    """What all open calls of a process share. `calls` are the open ones by id."""

    prices: PriceBook
    clock: Clock
    slices: Slices
    journal: Journal
    posting: Posting
    counter: TokenCounter | None
    calls: dict[str, "OpenCall"] = field(default_factory=dict)


@dataclass(slots=True)
class _Held:
    """An open attempt. `line` is None if it is unpriced; `until_s` is when it is swept, on the monotonic clock."""

    attempt: Attempt
    line: PriceLine | None
    reservation: Reservation
    until_s: float


class OpenCall:
    """
    The record of one call, from `Accounting.open_call` to `end`.

    An attempt goes `reserve` -> `sent` -> one of `settle`, `void`, `unknown`; closing it twice changes nothing.
    """

    __slots__ = (
        "_budgets",
        "_desk",
        "_held",
        "_is_ended",
        "_is_unwritten",
        "_previous_tokens",
        "_segment",
        "_spendings",
        "_unpriced_allowed",
        "call",
        "opened_s",
    )

    def __init__(
        self,
        desk: Desk,
        call: Call,
        budgets: Sequence[tuple[BudgetScope, Budget]],
        *,
        unpriced_allowed: bool,
        previous_tokens: int,
    ) -> None:
        self.call = call
        self.opened_s = desk.clock.monotonic()
        self._desk = desk
        self._budgets = budgets
        self._unpriced_allowed = unpriced_allowed
        self._previous_tokens = previous_tokens
        self._held: dict[str, _Held] = {}
        self._spendings: list[Spending] = []
        self._segment = 0
        self._is_unwritten = False
        self._is_ended = False

    # --- before the bytes leave -------------------------------------------------------------------------------------

    async def reserve(self, deployment: Deployment, asked: Asked, shaped: Shaped) -> Attempt:
        """
        Hold the worst case of one attempt in every budget on the path.

        Raises ModelNotPriced, BoundUnknown, BudgetExceeded or StoreUnavailable; nothing is held then.
        """
        assert not self._is_ended
        if deployment.model == PATTERN:
            deployment = replace(deployment, model=self.call.model)
        line = self._line(deployment)
        at_ms = self._desk.clock.now_ms()
        reservation = await self._reservation(line, deployment, asked, shaped, at_ms)
        attempt = Attempt(
            id=new_id("att"),
            deployment=deployment.name,
            provider=deployment.provider,
            reserved_ms=at_ms,
            held_nanousd=reservation.nanousd,
            price=UNPRICED if line is None else line.id,
        )
        call = self.call
        call.attempts.append(attempt)
        call.deployment, call.provider = attempt.deployment, attempt.provider
        until_s = self._desk.clock.monotonic() + deployment.timeouts.total_ms / 1000 + SWEEP_GRACE_S
        self._held[attempt.id] = _Held(attempt, line, reservation, until_s)
        return attempt

    async def sent(self, attempt: Attempt) -> None:
        """Write down that the attempt is about to leave. Raises JournalFailed: it must not leave, and nothing is held."""
        assert attempt.state is AttemptState.RESERVED
        attempt.state = AttemptState.SENT
        attempt.cost_nanousd, attempt.estimated = attempt.held_nanousd, True
        journal = self._desk.journal
        try:
            self._segment = journal.append(SENT, self.call, self._segment)
            self._is_unwritten = False
            await journal.synced()
        except JournalFailed as error:
            self.void(attempt, error=error.code, latency_ms=0)
            raise

    def _line(self, deployment: Deployment) -> PriceLine | None:
        line = self._desk.prices.line(deployment)
        if line is None and not self._unpriced_allowed:
            raise not_priced(deployment)
        return line

    async def _reservation(
        self, line: PriceLine | None, deployment: Deployment, asked: Asked, shaped: Shaped, at_ms: int
    ) -> Reservation:
        slices, budgets = self._desk.slices, self._budgets
        if line is None:
            return await slices.reserve(budgets, 0, at_ms)
        tokens_in = tokens_in_bound(
            asked, len(shaped.body), deployment, previous_tokens=self._previous_tokens, budgeted=bool(budgets)
        )
        try:
            return await slices.reserve(budgets, bound_nanousd(line, tokens_in, shaped.output_bound), at_ms)
        except BudgetExceeded:
            if self._desk.counter is None:
                raise
            return await self._reservation_counted(
                deployment, asked, shaped, line=line, tokens_in=tokens_in, at_ms=at_ms
            )

    async def _reservation_counted(
        self, deployment: Deployment, asked: Asked, shaped: Shaped, *, line: PriceLine, tokens_in: int, at_ms: int
    ) -> Reservation:
        """Bytes bound the input too loosely for what is left: count it. First see that at least the answer fits."""
        slices, budgets = self._desk.slices, self._budgets
        slices.release(await slices.reserve(budgets, bound_nanousd(line, 1, shaped.output_bound), at_ms))
        counted = await self._count(deployment, asked, shaped)
        closest = tokens_in if counted is None else min(counted, tokens_in)
        return await slices.reserve(budgets, bound_nanousd(line, closest, shaped.output_bound), at_ms)

    async def _count(self, deployment: Deployment, asked: Asked, shaped: Shaped) -> int | None:
        assert self._desk.counter is not None
        return await asyncio.to_thread(
            tokens_in_counted,
            asked,
            shaped.body,
            deployment,
            self._desk.counter,
            previous_tokens=self._previous_tokens,
        )

    # --- what became of it ------------------------------------------------------------------------------------------

    def settle(
        self, attempt: Attempt, usage: Usage, *, outcome: Outcome, latency_ms: int, error: str | None = None
    ) -> None:
        """Book what the answer cost, exactly. Usage that cannot be true leaves the attempt `unknown` at what was held."""
        if not _is_believable(usage):
            self.unknown(attempt, error=error or "usage_unbelievable", latency_ms=latency_ms)
            return
        held = self._close(attempt, outcome, error, latency_ms)
        if held is None:
            return
        attempt.state = AttemptState.SETTLED
        attempt.tokens_in, attempt.tokens_out = usage.tokens_in, usage.tokens_out
        attempt.tokens_cached = usage.tokens_cached
        attempt.estimated = usage.estimated or held.line is None
        attempt.cost_nanousd = 0 if held.line is None else cost_nanousd(held.line, usage)
        self._spend(held)

    def void(self, attempt: Attempt, *, error: str | None, latency_ms: int) -> None:
        """Nothing was sent, or the provider refused and charges nothing."""
        held = self._close(attempt, Outcome.ERROR, error, latency_ms)
        if held is not None:
            attempt.state, attempt.cost_nanousd, attempt.estimated = AttemptState.VOID, 0, False
            self._desk.slices.release(held.reservation)

    def unknown(self, attempt: Attempt, *, error: str | None, latency_ms: int) -> None:
        """It was sent and nobody knows what it cost: booked at what was held until it is reconciled. Not sent: void."""
        held = self._close(attempt, Outcome.UNKNOWN, error, latency_ms)
        if held is None:
            return
        give_up(attempt)
        if attempt.state is AttemptState.VOID:
            self._desk.slices.release(held.reservation)
        else:
            self._spend(held)

    def _close(self, attempt: Attempt, outcome: Outcome, error: str | None, latency_ms: int) -> _Held | None:
        held = self._held.pop(attempt.id, None)
        if held is not None:
            attempt.outcome, attempt.error, attempt.latency_ms = outcome, error, latency_ms
            self._is_unwritten = True
        return held

    def _spend(self, held: _Held) -> None:
        cost = held.attempt.cost_nanousd
        self._desk.slices.settle(held.reservation, cost)
        if held.reservation.accounts:
            self._spendings.append((held.reservation, cost))

    # --- the call itself --------------------------------------------------------------------------------------------

    def end(self, *, status: int, outcome: Outcome, error: str | None = None, latency_ms: int | None = None) -> None:
        """
        Write the call's last record and hand it to posting; a second time changes nothing.

        An attempt left open becomes `unknown` if it was sent, `void` if not. A journal that cannot be written does not
        keep the call from the ledger.
        """
        if self._is_ended:
            return
        self._is_ended = True
        for held in list(self._held.values()):
            self.unknown(held.attempt, error=error, latency_ms=latency_ms or 0)
        call, desk = self.call, self._desk
        call.status, call.outcome, call.error = status, outcome, error
        if latency_ms is not None:
            call.latency_ms = latency_ms
        del desk.calls[call.id]
        is_journalled = self._write(ENDED)
        desk.posting.add(Finished(call, self._spendings, self._segment, is_journalled))

    def write_down(self) -> None:
        """Journal what was settled since the last record, if the call goes on for long."""
        if self._is_unwritten and self._segment and not self._is_ended:
            self._write(SETTLED)

    def sweep(self, now_s: float) -> None:
        """End a call that whoever made it has forgotten: its attempt is open long after its time, or it has none."""
        until_s = min((held.until_s for held in self._held.values()), default=self.opened_s + FORGOTTEN_S)
        if until_s < now_s:
            self.end(status=0, outcome=Outcome.UNKNOWN, error="swept")

    def _write(self, kind: bytes) -> bool:
        try:
            self._segment = self._desk.journal.append(kind, self.call, self._segment)
        except JournalFailed:
            return False  # the journal knows of it and refuses new calls; at worst this attempt is read back as unknown
        self._is_unwritten = False
        return True


def _is_believable(usage: Usage) -> bool:
    return (
        0 <= usage.tokens_in <= MAX_TOKENS
        and 0 <= usage.tokens_out <= MAX_TOKENS
        and 0 <= usage.tokens_cached <= MAX_TOKENS
        and 0 <= usage.audio_in <= MAX_TOKENS
        and 0 <= usage.cache_writes <= MAX_TOKENS
        and 0 <= usage.audio_out <= usage.tokens_out
    )
