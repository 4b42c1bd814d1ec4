"""Group journal: whose journals stand in the data folder, and whether whoever holds money of a budget has one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tollhouse.accounting.adoption import UNREADABLE
from tollhouse.accounting.lock import FolderLock
from tollhouse.accounting.records import ENDED, JournalDamaged, read_calls, read_segment, segment_paths
from tollhouse.domain.calls import Call
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.domain.money import usd_from_nano
from tollhouse.ports.ledger import SliceHeld

from .check import Check, Group, some

if TYPE_CHECKING:
    from tollhouse.stores.sql.engine import Database

GROUP = Group("journal")

SHOWN = 5
"""Names in one line; whoever has more reads them with --json one run after the other, or with `ls`."""


@dataclass(frozen=True, slots=True)
class Found:
    """
    The journals below one folder, by the names of their processes.

    Args:
        dead: process and how many calls its journal holds.
        put_aside: an adopter could not read them.
        damaged: what keeps one from being read.
        ended: the calls that ended, as the journals of both the living and the dead have them.
    """

    live: Sequence[str] = ()
    dead: Sequence[tuple[str, int]] = ()
    put_aside: Sequence[str] = ()
    damaged: Sequence[str] = ()
    ended: Sequence[Call] = ()

    @property
    def processes(self) -> set[str]:
        aside = {name.removesuffix(UNREADABLE) for name in self.put_aside}
        return {*self.live, *(name for name, _ in self.dead), *aside}


def find(folder: Path) -> Found:
    """Read every journal below the folder. A dead one is locked meanwhile, so that nobody adopts it halfway."""
    live, dead, aside, damaged = [], [], [], []
    ended: list[Call] = []
    try:
        journals = _journals(folder)
    except OSError as error:
        return Found(damaged=[str(error)])
    for journal in journals:
        if journal.name.endswith(UNREADABLE):
            aside.append(journal.name)
            continue
        try:
            calls = _look(journal, ended)
        except (JournalDamaged, OSError) as error:
            damaged.append(str(error))
            continue
        if calls is None:
            live.append(journal.name)
        elif journal.is_dir():
            dead.append((journal.name, calls))
    return Found(live, dead, aside, damaged, ended)


def examine(found: Found) -> list[Check]:
    return [_live(found.live), _dead(found.dead), _unreadable([*found.put_aside, *found.damaged])]


async def leases(database: "Database", found: Found, folder: Path) -> Check:
    """Look whose slices are out. Journals are listed again after that: a process may have started meanwhile."""
    from tollhouse.stores.sql import stores_on

    try:
        held = await stores_on(database).ledger.leases()
    except StoreUnavailable as error:
        return GROUP.error("leases", error.message)
    return homeless(held, found.processes | {journal.name for journal in _journals(folder)})


def homeless(leases: Iterable[tuple[str, SliceHeld]], processes: set[str]) -> Check:
    """Look for slices whose process has no journal here. `processes`: those that have."""
    held: dict[str, int] = {}
    for process, piece in leases:
        if process not in processes:
            held[process] = held.get(process, 0) + piece.nanousd
    if held:
        names = some((f"{name} holds {usd_from_nano(nano)} USD" for name, nano in sorted(held.items())), SHOWN)
        return GROUP.warn(
            "leases",
            f"processes without a journal here: {names}",
            "None, if they run on other machines; if such a machine is lost, that money stays held until reconciled.",
        )
    return GROUP.ok("leases", "every process that holds part of a budget has its journal here")


def _journals(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _look(journal: Path, ended: list[Call]) -> int | None:
    """Return how many calls a dead process's journal holds, None for a live one's. Raises JournalDamaged or OSError."""
    lock = FolderLock.take(journal)
    if lock is None:
        ended += _ended(journal)
        return None
    try:
        ended += _ended(journal)
        return sum(1 for _ in read_calls(journal))
    finally:
        lock.release()


def _ended(journal: Path) -> Iterator[Call]:
    """Yield the calls whose end is recorded; a segment that is deleted meanwhile held only what the ledger has."""
    paths = segment_paths(journal)
    for path in paths:
        try:
            for record in read_segment(path, is_last=path == paths[-1]):
                if record.kind == ENDED and record.call is not None:
                    yield record.call
        except FileNotFoundError:
            continue


def _live(names: Sequence[str]) -> Check:
    if names:
        return GROUP.ok("live", f"{_count(names, 'running process', 'running processes')}: {some(names, SHOWN)}")
    return GROUP.ok("live", "no process is running")


def _dead(dead: Sequence[tuple[str, int]]) -> Check:
    if dead:
        names = some((f"{name} with {calls} calls" for name, calls in dead), SHOWN)
        return GROUP.warn(
            "dead",
            f"{_count(dead, 'journal waits', 'journals wait')} for adoption: {names}",
            "Start `tollhouse serve`; one that runs adopts them within 30 s.",
        )
    return GROUP.ok("dead", "no journal waits for adoption")


def _unreadable(names: Sequence[str]) -> Check:
    if names:
        return GROUP.fail(
            "unreadable",
            f"{_count(names, 'journal', 'journals')} cannot be read, and what they hold of budgets stays held: "
            f"{some(names, SHOWN)}",
            f"Restore its files from a backup, take `{UNREADABLE}` off the folder's name, and start `tollhouse serve`.",
        )
    return GROUP.ok("unreadable", "every journal can be read")


def _count(items: Sequence[object], one: str, many: str) -> str:
    return f"{len(items)} {one if len(items) == 1 else many}"
