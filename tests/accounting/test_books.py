"""Accounting as the gateway sees it: one record a call, every attempt held, written down, settled and posted."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from accounting_desk import (
    LOCAL,
    MICRO,
    OPENAI,
    UnreliableLedger,
    a_call,
    accounting,
    asked,
    open_attempt,
    path,
    shaped,
    usage,
    whole_call,
)
from tollhouse.accounting.books import SHOW_S, Accounting
from tollhouse.accounting.open_call import FORGOTTEN_S, MAX_TOKENS, SWEEP_GRACE_S
from tollhouse.accounting.records import read_journal
from tollhouse.domain.calls import AttemptState, Call, Outcome
from tollhouse.domain.errors import (
    BoundUnknown,
    BudgetExceeded,
    ModelNotPriced,
    StoreUnavailable,
)
from tollhouse.domain.governance import Deployment
from tollhouse.domain.money import Usage
from tollhouse.testing.clock import FakeClock

HELD = 100 * MICRO
COST = 30 * MICRO


class Letters:
    """Counts a token every ten letters."""

    def __init__(self) -> None:
        self.counted = 0

    def count(self, text: str) -> int:
        self.counted += 1
        return len(text) // 10


async def started(ledger: UnreliableLedger, folder: Path, **options: object) -> Accounting:
    books = accounting(ledger, folder, **options)  # type: ignore[arg-type]
    await books.start()
    return books


async def test_a_call_is_held_settled_and_posted_exactly(tmp_path: Path) -> None:
    posted: list[Call] = []
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path, on_posted=posted.extend)
    call, attempt = await open_attempt(books, path(10**9, 10**9, 10**9, 10**9))
    assert books.state().held_nanousd == attempt.cost_nanousd == attempt.held_nanousd == HELD

    call.settle(attempt, usage(), outcome=Outcome.OK, latency_ms=5)
    call.end(status=200, outcome=Outcome.OK)
    await books.close()

    row = ledger.books.calls[call.call.id]
    assert (row.status, row.outcome, row.provider, row.deployment) == (200, Outcome.OK, "openai", "openai/gpt-5-mini")
    assert (row.cost_nanousd, row.tokens_in, row.tokens_out, row.estimated) == (COST, 20, 10, False)
    assert row.attempts[0].price == "seed:openai/gpt-5-mini"
    assert [c.id for c in posted] == [row.id]
    assert {(s.spent_nanousd, s.leased_nanousd) for s in await ledger.budgets()} == {(COST, 0)}
    assert list(tmp_path.iterdir()) == []


async def test_nothing_is_held_when_idle(tmp_path: Path) -> None:
    ledger, clock = UnreliableLedger(), FakeClock()
    books = await started(ledger, tmp_path, clock=clock)
    await asyncio.gather(*(whole_call(books, path(10**9, 10**9)) for _ in range(20)))

    for _ in range(3):
        await books.tick()
        clock.advance(2_000)

    assert (books.state().held_nanousd, books.state().unposted_calls, books.state().open_calls) == (0, 0, 0)
    assert await ledger.leases() == []
    await books.close()


async def test_the_record_before_sending_carries_the_whole_call(tmp_path: Path) -> None:
    books = await started(UnreliableLedger(), tmp_path)
    call = books.open_call(a_call(tags={"ticket": "7"}, request_id="req_1"), [], unpriced_allowed=False)
    attempt = await call.reserve(OPENAI, asked(), shaped())
    assert read_journal(tmp_path / "proc_1") == []

    await call.sent(attempt)

    (read,) = read_journal(tmp_path / "proc_1")
    assert (read.key, read.team, read.use_case, read.model) == ("ci", "claims", "triage", "fast")
    assert (read.tags, read.request_id) == ({"ticket": "7"}, "req_1")
    assert [(a.id, a.cost_nanousd) for a in read.attempts] == [(attempt.id, HELD)]
    await books.close()


async def test_a_void_attempt_costs_nothing(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call, attempt = await open_attempt(books, path(HELD))

    call.void(attempt, error="upstream_error", latency_ms=3)
    retry = await call.reserve(OPENAI, asked(), shaped())
    await call.sent(retry)
    call.settle(retry, usage(), outcome=Outcome.OK, latency_ms=5)
    call.end(status=200, outcome=Outcome.OK)
    await books.close()

    row = ledger.books.calls[call.call.id]
    assert [(a.state, a.cost_nanousd, a.estimated) for a in row.attempts] == [
        (AttemptState.VOID, 0, False),
        (AttemptState.SETTLED, COST, False),
    ]


async def test_an_unknown_attempt_costs_what_was_held(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call, attempt = await open_attempt(books, path(10**9))

    call.unknown(attempt, error="upstream_timeout", latency_ms=3)
    call.end(status=504, outcome=Outcome.ERROR, error="upstream_timeout")
    await books.close()

    (booked,) = ledger.books.calls[call.call.id].attempts
    assert (booked.state, booked.cost_nanousd, booked.estimated) == (AttemptState.UNKNOWN, HELD, True)
    assert (await ledger.budgets())[0].spent_nanousd == HELD


async def test_the_end_of_a_call_closes_what_was_left_open_and_comes_once(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call, sent = await open_attempt(books, path(10**9))
    reserved = await call.reserve(OPENAI, asked(), shaped())

    call.end(status=499, outcome=Outcome.CANCELLED, error="caller_left")
    call.end(status=200, outcome=Outcome.OK)
    call.settle(sent, usage(), outcome=Outcome.OK, latency_ms=1)
    call.void(reserved, error=None, latency_ms=1)
    await books.close()

    row = ledger.books.calls[call.call.id]
    assert (row.status, row.outcome, row.error) == (499, Outcome.CANCELLED, "caller_left")
    assert [(a.state, a.cost_nanousd) for a in row.attempts] == [(AttemptState.UNKNOWN, HELD), (AttemptState.VOID, 0)]
    assert (await ledger.budgets())[0].spent_nanousd == HELD


async def test_a_call_that_was_refused_is_in_the_ledger_too(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call = books.open_call(a_call(), path(10), unpriced_allowed=False)

    with pytest.raises(BudgetExceeded):
        await call.reserve(OPENAI, asked(), shaped())
    call.end(status=429, outcome=Outcome.REFUSED, error="budget_exceeded")
    await books.close()

    row = ledger.books.calls[call.call.id]
    assert (row.status, row.attempts, row.cost_nanousd) == (429, [], 0)


async def test_an_unpriced_model_is_refused_or_booked_at_nothing_and_flagged(tmp_path: Path) -> None:
    ledger, unpriced = UnreliableLedger(), Deployment("openai", "gpt-99", "openai")
    books = await started(ledger, tmp_path)
    refused = books.open_call(a_call(), path(10), unpriced_allowed=False)
    allowed = books.open_call(a_call(), path(10), unpriced_allowed=True)

    with pytest.raises(ModelNotPriced):
        await refused.reserve(unpriced, asked(), shaped())
    attempt = await allowed.reserve(unpriced, asked(), shaped())
    await allowed.sent(attempt)
    allowed.settle(attempt, usage(), outcome=Outcome.OK, latency_ms=1)
    allowed.end(status=200, outcome=Outcome.OK)
    await books.close()

    (booked,) = ledger.books.calls[allowed.call.id].attempts
    assert (booked.price, booked.cost_nanousd, booked.estimated) == ("unpriced", 0, True)


async def test_the_inhouse_engine_answers_on_an_exhausted_budget(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call = books.open_call(a_call(), path(0), unpriced_allowed=False)

    attempt = await call.reserve(LOCAL, asked(), shaped())
    await call.sent(attempt)
    call.settle(attempt, usage(), outcome=Outcome.OK, latency_ms=1)
    call.end(status=200, outcome=Outcome.OK)
    await books.close()

    row = ledger.books.calls[call.call.id]
    assert (row.cost_nanousd, row.tokens_in, row.estimated) == (0, 20, False)


async def test_on_a_route_with_a_pattern_the_model_asked_for_is_priced(tmp_path: Path) -> None:
    books = await started(UnreliableLedger(), tmp_path)
    call = books.open_call(a_call(model="gpt-5-mini"), [], unpriced_allowed=False)

    attempt = await call.reserve(Deployment("openai", "*", "openai"), asked(), shaped())

    assert (attempt.price, attempt.deployment) == ("seed:openai/gpt-5-mini", "openai/gpt-5-mini")
    await books.close()


async def test_tokens_are_counted_only_where_the_bytes_do_not_fit(tmp_path: Path) -> None:
    counter = Letters()
    books = await started(UnreliableLedger(), tmp_path, counter=counter)
    call = books.open_call(a_call(), path(1_000 * MICRO), unpriced_allowed=False)

    by_bytes = await call.reserve(OPENAI, asked(), shaped(body_bytes=500))
    assert (by_bytes.held_nanousd, counter.counted) == (540 * MICRO, 0)
    by_count = await call.reserve(OPENAI, asked(), shaped(body_bytes=500))
    assert (by_count.held_nanousd, counter.counted) == (90 * MICRO, 1)
    with pytest.raises(BudgetExceeded):
        await call.reserve(OPENAI, asked(), shaped(body_bytes=50_000))

    await books.close()


async def test_nothing_is_counted_if_not_even_the_answer_fits(tmp_path: Path) -> None:
    counter = Letters()
    books = await started(UnreliableLedger(), tmp_path, counter=counter)
    call = books.open_call(a_call(), path(30 * MICRO), unpriced_allowed=False)

    with pytest.raises(BudgetExceeded):
        await call.reserve(OPENAI, asked(), shaped(body_bytes=500))

    assert (counter.counted, books.state().held_nanousd) == (0, 0)
    await books.close()


async def test_provider_held_input_needs_a_window_under_a_budget(tmp_path: Path) -> None:
    books = await started(UnreliableLedger(), tmp_path)
    continuing = replace(asked(), previous="resp_1")
    known = books.open_call(a_call(), path(10**9), unpriced_allowed=False, previous_tokens=200)
    unknown = books.open_call(a_call(), path(10**9), unpriced_allowed=False)

    assert (await known.reserve(OPENAI, continuing, shaped())).held_nanousd == 300 * MICRO
    with pytest.raises(BoundUnknown):
        await unknown.reserve(OPENAI, continuing, shaped())

    await books.close()


@pytest.mark.parametrize(
    "told",
    [Usage(-1, 5), Usage(5, MAX_TOKENS + 1), Usage(5, 5, tokens_cached=-3), Usage(5, 5, audio_out=6)],
)
async def test_usage_that_cannot_be_true_is_not_booked(tmp_path: Path, told: Usage) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call, attempt = await open_attempt(books, path(10**9))

    call.settle(attempt, told, outcome=Outcome.OK, latency_ms=1)
    call.end(status=200, outcome=Outcome.OK)
    await books.close()

    (booked,) = ledger.books.calls[call.call.id].attempts
    assert (booked.state, booked.cost_nanousd, booked.error) == (AttemptState.UNKNOWN, HELD, "usage_unbelievable")


async def test_a_charge_above_what_was_held_is_booked_and_counted(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call, attempt = await open_attempt(books, path(10**9))

    call.settle(attempt, usage(500, 0), outcome=Outcome.OK, latency_ms=1)
    call.end(status=200, outcome=Outcome.OK)
    state = books.state()
    await books.close()

    assert (state.overruns, state.overrun_nanousd) == (1, 400 * MICRO)
    assert ledger.books.calls[call.call.id].cost_nanousd == 500 * MICRO
    assert [(s.spent_nanousd, s.leased_nanousd) for s in await ledger.budgets()] == [(500 * MICRO, 0)]


async def test_a_callers_own_texts_are_cut_to_what_every_store_takes(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call = a_call(model="a\0b" + "x" * 1_000, request_id="\ud800", tags={f"tag_{n}": "\0" for n in range(100)})

    books.open_call(call, [], unpriced_allowed=False).end(status=404, outcome=Outcome.REFUSED)
    await books.close()

    row = ledger.books.calls[call.id]
    assert row.model == "a\N{REPLACEMENT CHARACTER}b" + "x" * 253
    assert row.request_id == "?"
    assert len(row.tags) == 64
    assert "\0" not in "".join(row.tags.values())


async def test_finished_calls_wait_for_the_database_and_are_posted_once(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    await whole_call(books, path(10**9))
    ledger.is_down = True
    for _ in range(10):
        await whole_call(books, path(10**9))
    await books.tick()
    assert (books.state().unposted_calls, books.state().posting_error) == (11, StoreUnavailable().message)

    ledger.is_down, ledger.loses_answers = False, True
    await books.tick()
    ledger.loses_answers = False
    await books.tick()

    assert (books.state().unposted_calls, books.state().posting_error) == (0, None)
    assert len(ledger.books.calls) == 11
    await books.close()
    assert [(s.spent_nanousd, s.leased_nanousd) for s in await ledger.budgets()] == [(11 * COST, 0)]


@pytest.mark.parametrize("loses_answers", [True, False])
async def test_memory_stays_bounded_while_the_database_is_gone(tmp_path: Path, loses_answers: bool) -> None:
    ledger, clock = UnreliableLedger(), FakeClock()
    books = await started(ledger, tmp_path, max_in_memory=3, segment_bytes=2_000, clock=clock)
    await whole_call(books, path(10**9, 10**9))
    await books.tick()
    ledger.is_down = True
    calls = [await whole_call(books, path(10**9, 10**9)) for _ in range(20)]
    await books.tick()
    in_memory = len(books._desk.posting._queue) + len(books._desk.posting._batch)

    ledger.is_down, ledger.loses_answers = False, loses_answers
    await books.tick()
    calls += [await whole_call(books, path(10**9, 10**9)) for _ in range(5)]
    ledger.loses_answers = False
    for _ in range(3):
        await books.tick()
        clock.advance(2_000)

    assert in_memory == 3
    assert {call.id for call in calls} <= set(ledger.books.calls)
    assert len(ledger.books.calls) == 26
    assert await ledger.leases() == []
    assert {s.spent_nanousd for s in await ledger.budgets()} == {26 * COST}
    assert len(list((tmp_path / "proc_1").glob("*.journal"))) == 1
    await books.close()


async def test_without_the_database_closing_leaves_the_journal_to_the_next_process(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call = await whole_call(books, path(10**9))
    ledger.is_down = True
    await books.close()
    assert ledger.books.calls == {}

    ledger.is_down = False
    after = await started(ledger, tmp_path, process="proc_2")

    assert after.state().adoption.adopted == ["proc_1"]
    assert list(ledger.books.calls) == [call.id]
    assert await ledger.leases() == []
    await after.close()


async def test_a_start_without_the_database_fails_and_locks_nothing(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    ledger.is_down = True

    with pytest.raises(StoreUnavailable):
        await started(ledger, tmp_path)

    assert list(tmp_path.iterdir()) == []


async def test_calls_open_for_long_are_shown_as_running(tmp_path: Path) -> None:
    ledger, clock = UnreliableLedger(), FakeClock()
    books = await started(ledger, tmp_path, clock=clock)
    call, attempt = await open_attempt(books)
    await books.tick()
    assert ledger.shown == []

    clock.advance(int(SHOW_S * 1_000))
    await books.tick()
    clock.advance(2_000)
    await books.tick()
    assert ledger.shown == [[call.call.id]]
    call.settle(attempt, usage(), outcome=Outcome.OK, latency_ms=1)
    call.end(status=200, outcome=Outcome.OK)
    clock.advance(2_000)
    await books.tick()

    assert ledger.shown == [[call.call.id], []]
    await books.close()


async def test_what_was_settled_is_written_down_while_a_call_goes_on(tmp_path: Path) -> None:
    books = await started(UnreliableLedger(), tmp_path)
    call, attempt = await open_attempt(books)
    call.settle(attempt, usage(), outcome=Outcome.ERROR, latency_ms=1)

    await books.tick()

    (read,) = read_journal(tmp_path / "proc_1")
    assert (read.outcome, read.attempts[0].state) == (Outcome.UNKNOWN, AttemptState.SETTLED)
    call.end(status=200, outcome=Outcome.OK)
    await books.close()


async def test_a_forgotten_attempt_is_swept_long_after_its_time(tmp_path: Path) -> None:
    ledger, clock = UnreliableLedger(), FakeClock()
    books = await started(ledger, tmp_path, clock=clock)
    call, _ = await open_attempt(books, path(10**9))
    clock.advance(OPENAI.timeouts.total_ms + int(SWEEP_GRACE_S * 1_000))
    await books.tick()
    assert books.state().open_calls == 1

    clock.advance(1)
    await books.tick()

    row = ledger.books.calls[call.call.id]
    assert (row.outcome, row.error, row.attempts[0].state) == (Outcome.UNKNOWN, "swept", AttemptState.UNKNOWN)
    assert books.state().held_nanousd == 0
    await books.close()


async def test_a_call_that_nobody_came_back_to_is_swept(tmp_path: Path) -> None:
    ledger, clock = UnreliableLedger(), FakeClock()
    books = await started(ledger, tmp_path, clock=clock)
    books.open_call(a_call(), [], unpriced_allowed=False)

    clock.advance(int(FORGOTTEN_S * 1_000) + 1)
    await books.tick()

    assert (books.state().open_calls, len(ledger.books.calls)) == (0, 1)
    await books.close()


async def test_calls_that_are_open_at_the_end_are_unknown(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path)
    call, _ = await open_attempt(books, path(10**9))

    await books.close()

    row = ledger.books.calls[call.call.id]
    assert (row.outcome, row.error, row.cost_nanousd) == (Outcome.UNKNOWN, "stopped", HELD)
    assert await ledger.leases() == []


async def test_group_commit_holds_an_attempt_back_until_its_record_is_on_the_disk(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    books = await started(ledger, tmp_path, fsync_group=True)

    await asyncio.gather(*(whole_call(books, path(10**9)) for _ in range(20)))
    await books.close()

    assert len(ledger.books.calls) == 20


async def test_a_fault_of_ours_while_posting_stops_new_calls(tmp_path: Path) -> None:
    class Faulty(UnreliableLedger):
        async def post(self, process: str, calls: object, *, replay: bool = False) -> None:
            raise RuntimeError("a fault")

    books = await started(Faulty(), tmp_path)
    await whole_call(books)
    while books._flusher is not None and not books._flusher.done():
        await asyncio.sleep(0.01)

    with pytest.raises(StoreUnavailable, match="stopped"):
        books.open_call(a_call(), [], unpriced_allowed=False)
    with pytest.raises(RuntimeError):
        await books.close()
    assert [call.outcome for call in read_journal(tmp_path / "proc_1")] == [Outcome.OK]


FULL_DISK = """
import asyncio, json, os, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from accounting_desk import *
from tollhouse.domain.errors import JournalFailed

def disk(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

async def main():
    ledger = UnreliableLedger()
    books = accounting(ledger, Path(sys.argv[1]))
    books._desk.journal.open()
    running, attempt = await open_attempt(books, path(10**9))
    late = books.open_call(a_call(), path(10**9), unpriced_allowed=False)
    disk(100)
    second = await late.reserve(OPENAI, asked(), shaped())
    told = []
    try:
        await late.sent(second)
    except JournalFailed as error:
        told.append([error.status, second.state, second.cost_nanousd])
    late.end(status=503, outcome=Outcome.ERROR, error="overloaded")
    running.settle(attempt, usage(), outcome=Outcome.OK, latency_ms=1)
    running.end(status=200, outcome=Outcome.OK)
    await books.tick()
    try:
        books.open_call(a_call(), path(10**9), unpriced_allowed=False)
    except JournalFailed as error:
        told.append(error.status)
    held = books.state().held_nanousd
    disk(resource.RLIM_INFINITY)
    await books.tick()
    third = await whole_call(books, path(10**9))
    await books.tick()
    rows = [[c.status, c.cost_nanousd] for c in ledger.books.calls.values()]
    print(json.dumps([told, held, books.state().journal_error, rows]), flush=True)
    os._exit(0)

asyncio.run(main())
"""


def test_a_full_disk_refuses_new_calls_until_a_write_succeeds_and_loses_no_settlement(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert child.returncode == 0, child.stderr
    told, held, journal_error, rows = json.loads(child.stdout)
    assert told == [[503, "void", 0], 503]
    assert (held, journal_error) == (0, None)
    assert rows == [[503, 0], [200, COST], [200, COST]]
    assert len(read_journal(tmp_path / "proc_1")) == 2
