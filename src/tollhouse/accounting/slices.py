"""
Leased slices of budgets, and the reservations inside them.

A process leases part of a budget from the ledger and reserves inside it in memory, so that most calls touch no
database. What it leased is, at any moment, room + held + unposted:

    room      free for the next reservation
    held      by open reservations, at their worst case
    unposted  spent by settled attempts that the ledger does not have yet

Posting moves a cost from leased to spent in the ledger, and out of `unposted` here.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo

from tollhouse.domain.calls import Call, scopes_of
from tollhouse.domain.errors import BudgetExceeded, StoreUnavailable
from tollhouse.domain.governance import Budget, BudgetScope
from tollhouse.domain.periods import Period, period_at
from tollhouse.ports.ledger import Ledger, SliceAsk, SliceHeld

MOST_CALLS = 50
"""A slice is at most this many calls like the one that asks: enough to make leases rare, little to strand."""

ORDER = ("organisation", "team", "use_case", "key", "session")
"""Everybody leases budgets in this order, so that two processes never wait for each other's rows."""

IDLE_S = 1.0
"""A slice in which nothing was reserved for this long (at most twice as long) goes back, so that others may have it."""

LAND_S = 5.0
"""How long closing waits for leases still on their way: each takes milliseconds, or fails within about 3 s."""

Path = Sequence[tuple[BudgetScope, Budget]]
PathKey = tuple[tuple[str, str, str], ...]


class Account:
    """This process's part of one budget in one period."""

    __slots__ = ("end_ms", "held", "is_touched", "period", "room", "scope", "start_ms", "unposted")

    def __init__(self, scope: BudgetScope, period: Period) -> None:
        self.scope = scope
        self.period = period
        self.start_ms = period.start_ms
        self.end_ms = period.end_ms
        self.room = 0
        self.held = 0
        self.unposted = 0
        self.is_touched = True

    @property
    def leased(self) -> int:
        return self.room + self.held + self.unposted


class Reservation:
    """Money held for one attempt in every budget on its path. Settled or released once."""

    __slots__ = ("accounts", "nanousd")

    def __init__(self, accounts: tuple[Account, ...], nanousd: int) -> None:
        self.accounts = accounts
        self.nanousd = nanousd


Spending = tuple[Reservation, int]
"""A settled reservation and what it cost."""


class _Flight:
    """A lease on its way. Others who need the same budgets wait for it instead of leasing too."""

    __slots__ = ("accounts", "asks", "earmarked", "error", "has_failed", "has_owner", "landed", "nanousd")

    def __init__(self, accounts: tuple[Account, ...], budgets: Sequence[Budget], nanousd: int) -> None:
        self.accounts = accounts
        self.nanousd = nanousd
        self.earmarked = [max(0, min(account.room, nanousd)) for account in accounts]
        self.asks = _asks(accounts, budgets, nanousd)
        self.error: BudgetExceeded | StoreUnavailable | None = None
        self.has_failed = True
        self.has_owner = True
        self.landed = asyncio.Event()


class Slices:
    """All accounts of one process. For one event loop."""

    def __init__(self, ledger: Ledger, process: str, zone: tzinfo) -> None:
        self.held_nanousd = 0
        self.overruns = 0
        self.overrun_nanousd = 0
        self._ledger = ledger
        self._process = process
        self._zone = zone
        self._current: dict[tuple[str, str, str], Account] = {}
        self._by_scope: dict[tuple[str, str], list[Account]] = {}
        self._flights: dict[PathKey, _Flight] = {}
        self._limits: dict[BudgetScope, Budget] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._moves = 0
        self._is_doubtful = False
        self._ticked_s = float("-inf")

    # --- one attempt ------------------------------------------------------------------------------------------------

    async def reserve(self, path: Path, nanousd: int, at_ms: int) -> Reservation:
        """
        Hold money in every budget of the path, in the periods that hold the moment.

        Without waiting if every slice has room. Raises BudgetExceeded naming the budget, or StoreUnavailable.
        """
        reservation = self._reserve_at_once(path, nanousd, at_ms)
        if reservation is None:
            reservation = await self._reserve_leasing(path, nanousd, at_ms)
        return reservation

    def settle(self, reservation: Reservation, cost: int) -> None:
        """Book what the attempt cost: all of it, also if it is more than was held."""
        nanousd = reservation.nanousd
        self.held_nanousd -= nanousd
        for account in reservation.accounts:
            account.held -= nanousd
            account.room += nanousd - cost
            account.unposted += cost
        if cost > nanousd:
            self.overruns += 1
            self.overrun_nanousd += cost - nanousd

    def release(self, reservation: Reservation) -> None:
        """Nothing was spent."""
        nanousd = reservation.nanousd
        self.held_nanousd -= nanousd
        for account in reservation.accounts:
            account.held -= nanousd
            account.room += nanousd

    def _reserve_at_once(self, path: Path, nanousd: int, at_ms: int) -> Reservation | None:
        if not nanousd:
            return Reservation((), 0)  # what costs nothing fits any budget
        accounts = []
        current = self._current
        for scope, budget in path:
            account = current.get((scope.kind, scope.name, budget.period))
            if account is None or not account.start_ms <= at_ms < account.end_ms:
                account = self._account(scope, budget, at_ms)
            if account.room < nanousd:
                return None
            accounts.append(account)
        for account in accounts:
            account.room -= nanousd
            account.held += nanousd
            account.is_touched = True
        self.held_nanousd += nanousd
        return Reservation(tuple(accounts), nanousd)

    def _account(self, scope: BudgetScope, budget: Budget, at_ms: int) -> Account:
        known = self._by_scope.setdefault((scope.kind, scope.name), [])
        for account in known:
            if account.period.kind is budget.period and account.start_ms <= at_ms < account.end_ms:
                break
        else:
            account = Account(scope, budget.window or period_at(budget.period, at_ms, self._zone))
            if not account.start_ms <= at_ms < account.end_ms:
                raise BudgetExceeded(f"The time of the budget of {scope} is over.", budget=str(scope))
            known.append(account)
        self._current[scope.kind, scope.name, budget.period] = account
        return account

    def _limit(self, scope: BudgetScope, budget: Budget) -> Budget:
        """A call may be older than the limit that is in force now."""
        known = self._limits.get(scope)
        return known if known is not None and known.period is budget.period else budget

    # --- what is in force -------------------------------------------------------------------------------------------

    def put_in_force(self, budgets: Mapping[BudgetScope, Budget]) -> None:
        """
        From now on these are the limits.

        What is free of a budget that was cut goes back at once, so that whoever needs it asks the ledger, which knows
        what is spent and leased everywhere.
        """
        cut = [
            account
            for account in self._accounts()
            if account.room > 0 and _is_cut(self._limits.get(account.scope), budgets.get(account.scope))
        ]
        self._limits = dict(budgets)
        if cut:
            task = asyncio.create_task(self._recall(_taken_out(cut)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _recall(self, giving: Sequence[SliceHeld]) -> None:
        with suppress(StoreUnavailable):  # then it is looked up what is leased, as after every answer that was lost
            await self._return(giving)

    # --- leasing ----------------------------------------------------------------------------------------------------

    async def _reserve_leasing(self, path: Path, nanousd: int, at_ms: int) -> Reservation:
        key = tuple((scope.kind, scope.name, budget.period.value) for scope, budget in path)
        while True:
            flight = self._flights.get(key)
            if flight is None:
                return await self._lease_for(key, path, nanousd, at_ms)
            await flight.landed.wait()
            reservation = self._reserve_at_once(path, nanousd, at_ms)
            if reservation is not None:
                return reservation
            if isinstance(flight.error, StoreUnavailable) or nanousd >= flight.nanousd:
                _raise_again(flight.error)

    async def _lease_for(self, key: PathKey, path: Path, nanousd: int, at_ms: int) -> Reservation:
        """Lease what is missing. The room there is gets earmarked meanwhile, so that nobody takes it away."""
        accounts = tuple(self._account(scope, budget, at_ms) for scope, budget in path)
        flight = _Flight(accounts, [self._limit(scope, budget) for scope, budget in path], nanousd)
        self._flights[key] = flight
        self.held_nanousd += nanousd
        _hold(flight.accounts, flight.earmarked)
        task = asyncio.create_task(self._fly(key, flight))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await flight.landed.wait()
        except asyncio.CancelledError:
            self._abandon(flight)
            raise
        if flight.has_failed:
            self._abandon(flight)
            _raise_again(flight.error)
            await task  # what else went wrong is a fault of ours, and shown as such
        return Reservation(accounts, nanousd)

    async def _fly(self, key: PathKey, flight: _Flight) -> None:
        """Bring one lease home. It goes on if its caller has left: leased money must be known here."""
        self._moves += 1
        try:
            got = await self._ledger.lease(self._process, flight.asks)
        except BudgetExceeded as refusal:
            flight.error = refusal.with_traceback(None)
        except StoreUnavailable as error:
            self._is_doubtful = True  # it may have been committed all the same
            flight.error = error.with_traceback(None)
        else:
            self._credit(flight, got)
            flight.has_failed = False
        finally:
            self._moves += 1
            del self._flights[key]
            flight.landed.set()

    def _credit(self, flight: _Flight, got: Sequence[SliceHeld]) -> None:
        for account in flight.accounts:
            account.room += sum(h.nanousd for h in got if h.scope == account.scope and h.period == account.period)
            account.is_touched = True
        if flight.has_owner:
            _hold(flight.accounts, [flight.nanousd - earmarked for earmarked in flight.earmarked])
            flight.earmarked = [flight.nanousd] * len(flight.accounts)

    def _abandon(self, flight: _Flight) -> None:
        """The owner goes without: what was taken for it is free again."""
        flight.has_owner = False
        self.held_nanousd -= flight.nanousd
        _hold(flight.accounts, [-taken for taken in flight.earmarked])

    # --- the ledger's side ------------------------------------------------------------------------------------------

    def posted(self, batch: Iterable[tuple[Call, Sequence[Spending]]]) -> None:
        """
        The ledger has these calls, posted together: mirror what it did.

        It took their costs out of this process's lease of every budget that it knows for their scopes and periods (also
        one that came into being after the attempt was reserved), but never more than was leased.
        """
        self._moves += 1
        changed: set[Account] = set()
        for call, spendings in batch:
            for account, cost in self._charged(call):
                account.room -= cost
                changed.add(account)
            for reservation, cost in spendings:
                for account in reservation.accounts:
                    account.unposted -= cost
                    account.room += cost  # it had left the room when it was settled
        for account in changed:
            account.room += max(0, -account.leased)

    def _charged(self, call: Call) -> Iterator[tuple[Account, int]]:
        for scope in scopes_of(call):
            for account in self._by_scope.get(scope, ()):
                for attempt in call.attempts:
                    if attempt.cost_nanousd and account.start_ms <= attempt.reserved_ms < account.end_ms:
                        yield account, attempt.cost_nanousd

    async def tick(self, monotonic_s: float, now_ms: int) -> None:
        """
        Give back what is idle or of a past period; to be called often, it acts every IDLE_S. Raises StoreUnavailable.

        Only while it is certain which calls the ledger has: not after a `post` that failed.
        """
        if monotonic_s - self._ticked_s < IDLE_S:
            return
        self._ticked_s = monotonic_s
        await self._look_up()
        accounts = self._accounts()
        await self._give_back([a for a in accounts if not a.is_touched or a.end_ms <= now_ms])
        for account in accounts:
            account.is_touched = False
        self._forget_past(now_ms)

    async def close(self) -> None:
        """Give back everything that is neither held nor unposted. Raises StoreUnavailable. As `tick`: only while certain."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=LAND_S)
        await self._look_up()
        await self._give_back(self._accounts())

    def _accounts(self) -> list[Account]:
        return [account for accounts in self._by_scope.values() for account in accounts]

    async def _give_back(self, accounts: Sequence[Account]) -> None:
        idle = [account for account in accounts if account.room > 0 and not account.held and not account.unposted]
        if idle:
            await self._return(_taken_out(idle))

    async def _return(self, giving: Sequence[SliceHeld]) -> None:
        self._moves += 1
        try:
            await self._ledger.give_back(self._process, giving)
        except StoreUnavailable:
            self._is_doubtful = True  # it may have been committed all the same
            raise

    async def _look_up(self) -> None:
        """If an answer was lost, ask the ledger what this process holds. If nothing moves meanwhile, that is the truth."""
        if not self._is_doubtful or self._flights:
            return
        moves = self._moves
        leases = await self._ledger.leases()
        if moves != self._moves:
            return
        held = {(h.scope, h.period): h.nanousd for process, h in leases if process == self._process}
        for account in self._accounts():
            account.room += held.pop((account.scope, account.period), 0) - account.leased
        for (scope, period), nanousd in held.items():
            account = Account(scope, period)
            account.room, account.is_touched = nanousd, False
            self._by_scope.setdefault((scope.kind, scope.name), []).append(account)
        self._is_doubtful = False

    def _forget_past(self, now_ms: int) -> None:
        if self._flights:
            return  # a flight may be about to credit one of them
        for scope, accounts in list(self._by_scope.items()):
            kept = [a for a in accounts if a.end_ms > now_ms or a.room or a.held or a.unposted]
            if kept:
                self._by_scope[scope] = kept
            else:
                del self._by_scope[scope]
        self._current = {key: account for key, account in self._current.items() if account.end_ms > now_ms}


def _asks(accounts: Sequence[Account], budgets: Sequence[Budget], nanousd: int) -> list[SliceAsk]:
    asks = [
        SliceAsk(
            scope=account.scope,
            period=account.period,
            limit_nanousd=budget.limit_nanousd,
            least_nanousd=nanousd - account.room,
            most_nanousd=nanousd * MOST_CALLS,
        )
        for account, budget in zip(accounts, budgets, strict=True)
        if account.room < nanousd
    ]
    return sorted(asks, key=lambda ask: ORDER.index(ask.scope.kind))


def _taken_out(accounts: Sequence[Account]) -> list[SliceHeld]:
    """Take the room out of accounts at once, before anybody can wait."""
    giving = [SliceHeld(account.scope, account.period, account.room) for account in accounts]
    for account in accounts:
        account.room = 0
    return giving


def _is_cut(before: Budget | None, now: Budget | None) -> bool:
    if before is None or now is None:
        return False
    return now.period is not before.period or now.limit_nanousd < before.limit_nanousd


def _hold(accounts: Sequence[Account], amounts: Sequence[int]) -> None:
    for account, amount in zip(accounts, amounts, strict=True):
        account.room -= amount
        account.held += amount


def _raise_again(error: BudgetExceeded | StoreUnavailable | None) -> None:
    if isinstance(error, BudgetExceeded):
        raise BudgetExceeded(error.message, budget=error.budget)
    if error is not None:
        raise StoreUnavailable(error.message)
