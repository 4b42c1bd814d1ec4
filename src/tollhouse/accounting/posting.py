"""Finished calls on their way to the ledger: in memory, and when the database is gone for long, in the journal alone."""

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tollhouse.domain.calls import Call, scopes_of
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.ports.ledger import Ledger

from .journal import Journal
from .slices import Account, Reservation, Slices, Spending

BATCH = 500
"""Calls in one transaction: large enough that a commit's cost vanishes, small enough that leases need not wait for it."""

MAX_IN_MEMORY = 5_000
"""Finished calls kept in memory, about 3 KB each. Those that come after are read back from the journal."""

OnPosted = Callable[[Sequence[Call]], None]


@dataclass(slots=True)
class Finished:
    """A call that has ended. `segment` is where the journal has its last record; `is_journalled`: that record is its end."""

    call: Call
    spendings: Sequence[Spending]
    segment: int
    is_journalled: bool


class Posting:
    """
    A queue whose head is in memory and whose tail may be in the journal.

    `unposted` counts all of it. After a `post` that failed it is not known whether the ledger has the batch, so that
    batch stays first and is posted again with `replay`.
    """

    def __init__(
        self,
        ledger: Ledger,
        process: str,
        journal: Journal,
        slices: Slices,
        on_posted: OnPosted,
        *,
        max_in_memory: int = MAX_IN_MEMORY,
    ) -> None:
        self.unposted = 0
        self._is_unsure = False
        self._ledger = ledger
        self._process = process
        self._journal = journal
        self._slices = slices
        self._on_posted = on_posted
        self._max_in_memory = max_in_memory
        self._queue: deque[Finished] = deque()
        self._tail: _Tail | None = None
        self._batch: list[Finished] = []

    def add(self, finished: Finished) -> None:
        self.unposted += 1
        if self._tail is not None and finished.is_journalled:
            self._tail.add(finished)
            return
        self._queue.append(finished)
        if self._tail is None and len(self._queue) >= self._max_in_memory:
            self._tail = _Tail(self._journal)

    async def flush(self) -> None:
        """Post everything that is here now. Raises StoreUnavailable; nothing is lost, and the next flush goes on."""
        left = self.unposted
        while left > 0:
            batch = self._next_batch()
            assert batch, "what is counted as unposted is somewhere"
            try:
                await self._ledger.post(self._process, [f.call for f in batch], replay=self._is_unsure)
            except StoreUnavailable:
                self._is_unsure = True
                raise
            self._is_unsure = False
            self._batch = []
            self._done(batch)
            left -= len(batch)

    def _next_batch(self) -> list[Finished]:
        if not self._batch:
            queue = self._queue
            self._batch = [queue.popleft() for _ in range(min(BATCH, len(queue)))] or self._from_tail()
        return self._batch

    def _from_tail(self) -> list[Finished]:
        if self._tail is None:
            return []
        batch = self._tail.take(BATCH)
        if not self._tail.count:
            self._tail = None
        return batch

    def _done(self, batch: list[Finished]) -> None:
        self._slices.posted([(finished.call, finished.spendings) for finished in batch])
        for finished in batch:
            self._journal.posted(finished.segment)
        self.unposted -= len(batch)
        self._on_posted([finished.call for finished in batch])


class _Tail:
    """
    Finished calls that only the journal has: those whose end is recorded behind the place where it ended at first.

    Reservations are not in the journal, so what was spent is summed up here, account by account.
    """

    def __init__(self, journal: Journal) -> None:
        self.count = 0
        self._calls = journal.ended_since(journal.end)
        self._spent: dict[Account, int] = {}

    def add(self, finished: Finished) -> None:
        self.count += 1
        for reservation, cost in finished.spendings:
            for account in reservation.accounts:
                self._spent[account] = self._spent.get(account, 0) + cost

    def take(self, most: int) -> list[Finished]:
        """Read the oldest calls back. The last one takes what is left of the sums, so that they end at nothing."""
        found = list(itertools.islice(self._calls, min(most, self.count)))
        assert len(found) == min(most, self.count), "the journal has every call that was put here"
        self.count -= len(found)
        batch = [Finished(call, self._spendings(call), segment, is_journalled=True) for segment, call in found]
        if not self.count:
            batch[-1].spendings = [*batch[-1].spendings, *self._take(list(self._spent.items()))]
        return batch

    def _spendings(self, call: Call) -> list[Spending]:
        scopes = scopes_of(call)
        return self._take(
            [
                (account, attempt.cost_nanousd)
                for account in self._spent
                if (account.scope.kind, account.scope.name) in scopes
                for attempt in call.attempts
                if account.start_ms <= attempt.reserved_ms < account.end_ms
            ]
        )

    def _take(self, wanted: Sequence[tuple[Account, int]]) -> list[Spending]:
        spendings = []
        for account, cost in wanted:
            taken = min(cost, self._spent[account])
            self._spent[account] -= taken
            spendings.append((Reservation((account,), 0), taken))
        return spendings
