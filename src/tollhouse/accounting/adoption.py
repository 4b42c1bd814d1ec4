"""Dead processes: whoever finds a journal unlocked posts its calls and returns its slices."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tollhouse.domain.calls import Call
from tollhouse.ports.ledger import Ledger

from .lock import LOCK_NAME, FolderLock
from .records import JournalDamaged, read_calls, segment_paths

BATCH = 500
"""Calls posted in one transaction, and held in memory at a time: a dead process may leave gigabytes."""

UNREADABLE = ".unreadable"
"""Ending of the folder name of a journal that was put aside because it cannot be read."""


@dataclass(slots=True)
class Adoption:
    """
    What became of other processes' journals.

    Args:
        adopted: processes whose calls are in the ledger now, and whose slices are back.
        unreadable: one line each about journals put aside; their slices stay held until somebody has looked.
        homeless: processes that hold slices and have no journal here. They may live on another machine; if they do
            not, their journal was lost with its disk, and what they hold stays held as unknown until reconciled.
    """

    adopted: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    homeless: list[str] = field(default_factory=list)


OnDead = Callable[[str], Awaitable[object]]
"""Frees what else a dead process held, at most once more than needed."""


async def nothing_else(dead: str) -> None:
    return None


async def adopt_dead(folder: Path, ledger: Ledger, own_process: str, on_dead: OnDead = nothing_else) -> Adoption:
    """
    Adopt every journal below `folder` that nobody has locked.

    Safe beside other adopters (the lock) and safe to repeat after a crash at any point: calls are posted once by id,
    and the folder goes last. Raises StoreUnavailable; what was not adopted then stays for the next time.
    """
    adoption = Adoption()
    for journal in _journals(folder, own_process):
        if journal.name.endswith(UNREADABLE):
            adoption.unreadable.append(f"{journal}: put aside earlier")
            continue
        lock = FolderLock.take(journal)
        if lock is not None:
            await _adopt(journal, lock, ledger, adoption, on_dead)
    await _find_homeless(folder, ledger, own_process, adoption)
    return adoption


def has_dead(folder: Path, own_process: str) -> bool:
    """Look whether a journal waits for adoption. It costs 10 us a journal, so it may be asked several times a second."""
    for journal in _journals(folder, own_process):
        if not journal.name.endswith(UNREADABLE) and (lock := FolderLock.take(journal, makes=False)) is not None:
            lock.release()
            return True
    return False


def _journals(folder: Path, own_process: str) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != own_process)


async def _adopt(journal: Path, lock: FolderLock, ledger: Ledger, adoption: Adoption, on_dead: OnDead) -> None:
    try:
        await _post_all(journal, ledger)
        await on_dead(journal.name)
    except JournalDamaged as damage:
        adoption.unreadable.append(f"{damage}; put aside as {_put_aside(journal)}")
        lock.release()
    except BaseException:
        lock.release()
        raise
    else:
        _remove(journal, lock)
        adoption.adopted.append(journal.name)


async def _post_all(journal: Path, ledger: Ledger) -> None:
    dead = journal.name
    calls = read_calls(journal)
    batch = await asyncio.to_thread(_next_batch, calls)
    while len(batch) == BATCH:
        await ledger.post(dead, batch, replay=True)
        batch = await asyncio.to_thread(_next_batch, calls)
    await ledger.adopt(dead, batch)


def _next_batch(calls: Iterator[Call]) -> list[Call]:
    return list(itertools.islice(calls, BATCH))


def _put_aside(journal: Path) -> Path:
    return journal.rename(journal.with_name(journal.name + UNREADABLE))


def _remove(journal: Path, lock: FolderLock) -> None:
    for path in segment_paths(journal):
        path.unlink()
    lock.remove()


async def _find_homeless(folder: Path, ledger: Ledger, own_process: str, adoption: Adoption) -> None:
    holders = {process for process, _ in await ledger.leases()}
    for process in sorted(holders - {own_process}):
        if not (folder / process / LOCK_NAME).exists() and not (folder / (process + UNREADABLE)).exists():
            adoption.homeless.append(process)
