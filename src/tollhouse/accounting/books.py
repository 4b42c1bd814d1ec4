"""
The door of accounting: every call has one record, every attempt is held, journalled and settled.

    open_call -> { reserve -> sent -> settle | void | unknown } per attempt -> end -> (posting.py) the ledger
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path

from tollhouse.domain.calls import Call, Outcome
from tollhouse.domain.errors import JournalFailed, StoreUnavailable
from tollhouse.domain.governance import Budget, BudgetScope
from tollhouse.ports.clock import Clock
from tollhouse.ports.ledger import Ledger
from tollhouse.ports.tokens import TokenCounter

from .adoption import Adoption, OnDead, adopt_dead, has_dead, nothing_else
from .journal import SEGMENT_BYTES, Journal
from .open_call import Desk, OpenCall
from .posting import MAX_IN_MEMORY, OnPosted, Posting
from .prices import PriceBook
from .slices import Slices

__all__ = ["Accounting", "AccountingState", "OpenCall"]

FLUSH_S = 0.25
"""How often finished calls are posted: a batch makes a row cheap, and figures may trail an answer by 1 s."""

SHOW_S = 1.0
"""Calls open longer than this are shown as running; the list is renewed no more often than this."""

ADOPT_S = 30.0
"""
How often all other processes' slices are looked at after the start. Whether a journal was left behind is seen every
FLUSH_S.
"""

CLOSE_S = 10.0
"""How long closing waits for the database. What is not posted by then stays in the journal for the next process."""

MAX_TEXT_CHARS = 256
"""Longest text of a caller's own in a call's row: model, request id, subject, each tag."""

MAX_TAGS = 64


@dataclass(frozen=True, slots=True)
class AccountingState:
    """
    What `doctor`, readiness and metrics show of this process.

    Errors are None while all is well. `overruns`: attempts for which the provider charged more than had been held;
    `overrun_nanousd`: by how much in all. `adoption.adopted` are all processes adopted since the start.
    """

    process: str
    open_calls: int
    unposted_calls: int
    held_nanousd: int
    journal_bytes: int
    posting_error: str | None
    journal_error: str | None
    overruns: int
    overrun_nanousd: int
    adoption: Adoption


class Accounting:
    """
    The books of one process, for one event loop. `start` before the first call, `close` after the last.

    Args:
        folder: where the journals of all processes on this storage stand.
        process: this process's id, new at every start.
        zone: the organisation's, in which budget periods begin and end.
        counter: counts tokens where bytes bound them too loosely; None: they never are.
        fsync_group: the journal also survives the death of the machine.
        on_posted: gets the calls that are in the ledger now, for log lines.
        on_adopted: gets what became of dead processes' journals, if there were any.
        on_dead: frees what else a dead process held, before its journal is gone.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        prices: PriceBook,
        clock: Clock,
        folder: Path,
        process: str,
        zone: tzinfo,
        counter: TokenCounter | None = None,
        fsync_group: bool = False,
        on_posted: OnPosted = lambda calls: None,
        on_adopted: Callable[[Adoption], None] = lambda adoption: None,
        on_dead: OnDead = nothing_else,
        max_in_memory: int = MAX_IN_MEMORY,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        journal = Journal(folder / process, fsync_group=fsync_group, segment_bytes=segment_bytes)
        slices = Slices(ledger, process, zone)
        posting = Posting(ledger, process, journal, slices, on_posted, max_in_memory=max_in_memory)
        self.process = process
        self._desk = Desk(prices, clock, slices, journal, posting, counter)
        self._ledger = ledger
        self._folder = folder
        self._on_adopted = on_adopted
        self._on_dead = on_dead
        self._adoption = Adoption()
        self._error: str | None = None
        self._shown: list[tuple[str, int]] = []
        self._show_s = float("-inf")
        self._adopt_s = float("-inf")
        self._ticking = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._flusher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Adopt dead processes, lock the journal, start posting. Raises StoreUnavailable or StartError."""
        await self._adopt()
        self._desk.journal.open()
        self._flusher = asyncio.create_task(self._flush_regularly())

    async def close(self) -> None:
        """
        Post what is left and give back all slices; calls still open end as `unknown`.

        Without the database the journal stays, and the next process adopts it.
        """
        self._stopping.set()
        for call in list(self._desk.calls.values()):
            call.end(status=0, outcome=Outcome.UNKNOWN, error="stopped")
        journal = self._desk.journal
        try:
            async with asyncio.timeout(CLOSE_S):
                if self._flusher is not None:
                    await self._flusher
                await self._desk.posting.flush()
                await self._desk.slices.close()
                await self._show([])
        except (StoreUnavailable, TimeoutError):
            await journal.close()
        except BaseException:
            await journal.close()
            raise
        else:
            await journal.remove()

    def open_call(
        self,
        call: Call,
        budgets: Sequence[tuple[BudgetScope, Budget]],
        *,
        unpriced_allowed: bool,
        previous_tokens: int = 0,
    ) -> OpenCall:
        """
        Begin a call's record. `budgets` are those on its path; `previous_tokens` the size of the response it continues.

        Raises JournalFailed while the journal cannot be written, StoreUnavailable if posting has stopped for good.
        """
        desk = self._desk
        if desk.journal.failure is not None:
            raise JournalFailed
        if self._flusher is not None and self._flusher.done():
            raise StoreUnavailable("Posting to the ledger has stopped; this process must be started afresh.")
        _make_storable(call)
        opened = OpenCall(desk, call, budgets, unpriced_allowed=unpriced_allowed, previous_tokens=previous_tokens)
        desk.calls[call.id] = opened
        return opened

    def put_in_force(self, budgets: Mapping[BudgetScope, Budget]) -> None:
        """From now on these are the limits of the budgets, for calls under way too."""
        self._desk.slices.put_in_force(budgets)

    def open_calls(self) -> frozenset[str]:
        """Return the ids of the calls that have not ended."""
        return frozenset(self._desk.calls)

    @property
    def flusher(self) -> "asyncio.Task[None] | None":
        """The task that posts; it ends early only by a fault of ours, which a server must not outlive."""
        return self._flusher

    def state(self) -> AccountingState:
        desk = self._desk
        return AccountingState(
            process=self.process,
            open_calls=len(desk.calls),
            unposted_calls=desk.posting.unposted,
            held_nanousd=desk.slices.held_nanousd,
            journal_bytes=desk.journal.size_bytes,
            posting_error=self._error,
            journal_error=desk.journal.failure,
            overruns=desk.slices.overruns,
            overrun_nanousd=desk.slices.overrun_nanousd,
            adoption=self._adoption,
        )

    # --- every quarter of a second ----------------------------------------------------------------------------------

    async def _flush_regularly(self) -> None:
        while not self._stopping.is_set():
            await self.tick()
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self._stopping.wait()

    async def tick(self) -> None:
        """Do now what else is done every FLUSH_S: probe, sweep, post, give back, show, adopt, delete. One at a time."""
        async with self._ticking:
            desk, now_s = self._desk, self._desk.clock.monotonic()
            desk.journal.probe()
            for call in list(desk.calls.values()):
                call.sweep(now_s)
                call.write_down()
            try:
                await self._talk_to_ledger(now_s)
            except StoreUnavailable as error:
                self._error = error.message
            else:
                self._error = None
            desk.journal.drop_posted()

    async def _talk_to_ledger(self, now_s: float) -> None:
        await self._desk.posting.flush()
        await self._desk.slices.tick(now_s, self._desk.clock.now_ms())
        await self._show_open(now_s)
        if now_s - self._adopt_s >= ADOPT_S or has_dead(self._folder, self.process):
            await self._adopt()

    async def _show_open(self, now_s: float) -> None:
        if now_s - self._show_s < SHOW_S:
            return
        self._show_s = now_s
        await self._show(
            [open_call.call for open_call in self._desk.calls.values() if now_s - open_call.opened_s >= SHOW_S]
        )

    async def _show(self, calls: Sequence[Call]) -> None:
        showing = [(call.id, len(call.attempts)) for call in calls]
        if showing != self._shown:
            await self._ledger.show_open(self.process, calls)
            self._shown = showing

    async def _adopt(self) -> None:
        self._adopt_s = self._desk.clock.monotonic()
        before, found = self._adoption, await adopt_dead(self._folder, self._ledger, self.process, self._on_dead)
        self._adoption = replace(found, adopted=before.adopted + found.adopted)
        if found.adopted or len(found.unreadable) > len(before.unreadable):
            self._on_adopted(found)


def _make_storable(call: Call) -> None:
    """Cut a caller's own texts to what every database and journal takes: no NUL, no half characters, not too long."""
    call.model = _storable(call.model)
    if call.request_id is not None:
        call.request_id = _storable(call.request_id)
    if call.subject is not None:
        call.subject = _storable(call.subject)
    if call.tags:
        tags = list(call.tags.items())[:MAX_TAGS]
        call.tags = {_storable(name): _storable(value) for name, value in tags}


def _storable(text: str) -> str:
    if text.isascii() and len(text) <= MAX_TEXT_CHARS and "\0" not in text:
        return text
    return text[:MAX_TEXT_CHARS].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
