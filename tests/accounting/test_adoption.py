"""Dead processes: their calls are posted once, their slices come back."""

import asyncio
from datetime import UTC
from pathlib import Path

import pytest

from accounting_desk import UnreliableLedger, a_call, accounting, open_attempt, path, whole_call
from tollhouse.accounting.adoption import BATCH, UNREADABLE, adopt_dead
from tollhouse.accounting.books import Accounting
from tollhouse.accounting.journal import Journal
from tollhouse.accounting.lock import FolderLock
from tollhouse.accounting.records import ENDED, segment_paths
from tollhouse.accounting.slices import Slices
from tollhouse.domain.calls import AttemptState, Outcome
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.testing.clock import MONDAY_NOON_MS


async def dead_books(ledger: UnreliableLedger, folder: Path) -> Accounting:
    """A process that died with one call answered and one on its way, and nothing posted."""
    books = accounting(ledger, folder, process="proc_dead")
    books._desk.journal.open()
    await whole_call(books, path(10**9, 10**9))
    await open_attempt(books, path(10**9, 10**9))
    await books._desk.journal.close()
    return books


async def test_a_dead_processs_calls_are_posted_and_its_slices_return(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    await dead_books(ledger, tmp_path)

    adoption = await adopt_dead(tmp_path, ledger, "proc_own")

    assert adoption.adopted == ["proc_dead"]
    assert [(c.outcome, c.attempts[0].state, c.cost_nanousd) for c in ledger.books.calls.values()] == [
        (Outcome.OK, AttemptState.SETTLED, 30_000),
        (Outcome.UNKNOWN, AttemptState.UNKNOWN, 100_000),
    ]
    assert {(s.spent_nanousd, s.leased_nanousd) for s in await ledger.budgets()} == {(130_000, 0)}
    assert list(tmp_path.iterdir()) == []


async def test_a_live_process_is_left_alone(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    live = Journal(tmp_path / "proc_live")
    live.open()

    adoption = await adopt_dead(tmp_path, ledger, "proc_own")

    assert adoption.adopted == []
    assert (tmp_path / "proc_live").is_dir()
    await live.close()


@pytest.mark.parametrize("loses_answers", [True, False])
async def test_an_adoption_that_failed_is_done_again_and_books_nothing_twice(
    tmp_path: Path, loses_answers: bool
) -> None:
    ledger = UnreliableLedger()
    await dead_books(ledger, tmp_path)
    ledger.loses_answers, ledger.is_down = loses_answers, not loses_answers
    with pytest.raises(StoreUnavailable):
        await adopt_dead(tmp_path, ledger, "proc_own")
    ledger.loses_answers = ledger.is_down = False

    adoption = await adopt_dead(tmp_path, ledger, "proc_own")

    assert adoption.adopted == ["proc_dead"]
    assert {(s.spent_nanousd, s.leased_nanousd) for s in await ledger.budgets()} == {(130_000, 0)}
    assert len(ledger.books.calls) == 2


async def test_of_several_adopters_one_adopts(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    await dead_books(ledger, tmp_path)

    adoptions = await asyncio.gather(*(adopt_dead(tmp_path, ledger, f"proc_{number}") for number in range(5)))

    assert sum(len(adoption.adopted) for adoption in adoptions) == 1
    assert {(s.spent_nanousd, s.leased_nanousd) for s in await ledger.budgets()} == {(130_000, 0)}


async def test_a_journal_that_cannot_be_read_is_put_aside_and_its_slices_stay_held(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    await dead_books(ledger, tmp_path)
    (segment,) = segment_paths(tmp_path / "proc_dead")
    damaged = bytearray(segment.read_bytes())
    damaged[100] ^= 1
    segment.write_bytes(damaged)

    first = await adopt_dead(tmp_path, ledger, "proc_own")
    again = await adopt_dead(tmp_path, ledger, "proc_own")

    assert first.adopted == again.adopted == []
    assert "no record" in first.unreadable[0]
    assert len(again.unreadable) == 1
    assert (tmp_path / f"proc_dead{UNREADABLE}").is_dir()
    assert {process for process, _ in await ledger.leases()} == {"proc_dead"}
    assert first.homeless == again.homeless == []


async def test_slices_without_a_journal_are_reported_and_stay_held(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    await Slices(ledger, "proc_elsewhere", UTC).reserve(path(10**9), 100, MONDAY_NOON_MS)

    adoption = await adopt_dead(tmp_path / "no folder yet", ledger, "proc_own")

    assert adoption.homeless == ["proc_elsewhere"]
    assert len(await ledger.leases()) == 1


async def test_a_long_journal_is_posted_in_batches(tmp_path: Path) -> None:
    ledger = UnreliableLedger()
    journal = Journal(tmp_path / "proc_dead")
    journal.open()
    for number in range(2 * BATCH + 1):
        journal.append(ENDED, a_call(id=f"call_{number}", status=200, outcome=Outcome.OK), 0)
    await journal.close()

    await adopt_dead(tmp_path, ledger, "proc_own")

    assert len(ledger.books.calls) == 2 * BATCH + 1
    assert ledger.posted == 2


async def test_an_empty_folder_of_a_process_that_died_at_its_start_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "proc_dead").mkdir()

    await adopt_dead(tmp_path, UnreliableLedger(), "proc_own")

    assert FolderLock.take(tmp_path / "proc_dead") is None
    assert list(tmp_path.iterdir()) == []
