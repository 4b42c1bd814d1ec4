"""This process's own journal: an append-only local file, written before bytes leave and when a call ends."""

import asyncio
import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tollhouse.domain.calls import Call
from tollhouse.domain.errors import JournalFailed, StartError

from .lock import FolderLock
from .records import ENDED, MAGIC, MAX_BODY_BYTES, PROBE, frame, read_segment, segment_path

SEGMENT_BYTES = 64 * 2**20
"""A segment is deleted whole, so it should be small beside a disk, and large beside a record of under 1 KB."""

LOCK_TRIES = 10
"""An adopter may take the new folder, still empty and unlocked, for a dead process's, and remove it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the journal: `offset` bytes into the segment of that number."""

    segment: int
    offset: int


class Journal:
    """
    One process's journal in `folder`, which it locks. Not for use by several threads.

    It counts, segment by segment, the calls whose latest record stands there and which the ledger does not have yet;
    the oldest segments that nobody needs any more are deleted by `drop_posted`.
    """

    def __init__(self, folder: Path, *, fsync_group: bool = False, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self.failure: str | None = None
        self._fsync_group = fsync_group
        self._segment_bytes = segment_bytes
        self._lock: FolderLock | None = None
        self._fd = -1
        self._number = 0
        self._size = 0
        self._old_sizes: dict[int, int] = {}
        self._needed: dict[int, int] = {}
        self._is_torn = False
        self._rotate_next = False
        self._written = 0
        self._synced = 0
        self._syncing: asyncio.Task[None] | None = None
        self._retired: list[int] = []

    # --- opening and closing ----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Make and lock the folder and start the first segment. Raises StartError."""
        try:
            self._lock = self._locked_folder()
            self._start_segment()
        except OSError as error:
            raise StartError(
                f"The journal cannot be written in {self.folder}: {error.strerror}. Check that the folder `storage.path` "
                "exists, is writable and has space."
            ) from error

    def _locked_folder(self) -> FolderLock:
        for _ in range(LOCK_TRIES):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FolderLock.take(self.folder)
            if lock is not None:
                return lock
        raise StartError(
            f"The journal in {self.folder} is locked by another process; stop it, or start this one again."
        )

    async def close(self) -> None:
        """Leave the journal for the next process to adopt."""
        await self._close_files()
        if self._lock is not None:
            self._lock.release()

    async def remove(self) -> None:
        """Delete the journal; the ledger has all of it."""
        await self._close_files()
        for number in (*self._old_sizes, self._number):
            segment_path(self.folder, number).unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.remove()

    async def _close_files(self) -> None:
        if self._syncing is not None:
            await asyncio.wait({self._syncing})
        for fd in (*self._retired, self._fd):
            os.close(fd)
        self._retired.clear()

    # --- writing ----------------------------------------------------------------------------------------------------

    def append(self, kind: bytes, call: Call, last: int) -> int:
        """
        Write the call as it stands, with one system call, and return the segment's number.

        `last` is the number returned for this call's previous record, 0 if this is its first. Raises JournalFailed;
        nothing of the record is then left behind.
        """
        self._write(frame(kind, call))
        number = self._number
        if number != last:
            needed = self._needed
            needed[number] = needed.get(number, 0) + 1
            if last:
                needed[last] -= 1
        return number

    async def synced(self) -> None:
        """Return once everything written so far survives the death of the machine. Raises JournalFailed."""
        if not self._fsync_group:
            return
        ticket = self._written
        while self._synced < ticket:
            if self._syncing is None:
                self._syncing = asyncio.create_task(self._sync())
                self._syncing.add_done_callback(_look_at)
            await asyncio.shield(self._syncing)

    def probe(self) -> None:
        """See whether writing works again, if it had failed."""
        if self.failure is not None:
            with contextlib.suppress(JournalFailed):  # `failure` tells
                self._write(frame(PROBE, None))

    def _write(self, record: bytes) -> None:
        if len(record) > MAX_BODY_BYTES:
            raise JournalFailed("A call's record is too large for the journal.")
        try:
            if self._is_torn:
                self._mend()
            if self._rotate_next or self._size + len(record) > self._segment_bytes:
                self._start_segment()
            written = os.write(self._fd, record)
            if written != len(record):
                self._is_torn = True
                self._mend()
                self._fail("the disk took only part of a record; it may be full")
        except OSError as error:
            self._fail(error.strerror or "write error", error)
        self._size += written
        self._written += 1
        self.failure = None

    def _mend(self) -> None:
        """Cut off what a failed write left; until that works, nothing may be written behind it."""
        os.ftruncate(self._fd, self._size)
        self._is_torn = False

    def _fail(self, why: str, cause: OSError | None = None) -> NoReturn:
        self.failure = why
        raise JournalFailed(f"The journal cannot be written, so no new call is taken: {why}.") from cause

    def _start_segment(self) -> None:
        number = self._number + 1
        path = segment_path(self.folder, number)
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _write_magic(fd)
            if self._fsync_group:
                _sync_folder(self.folder)
        except OSError:
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        self._retire()
        self._fd, self._number, self._size, self._rotate_next = fd, number, len(MAGIC), False

    def _retire(self) -> None:
        if self._fd < 0:
            return
        self._old_sizes[self._number] = self._size
        if self._fsync_group:
            self._retired.append(self._fd)  # synced and closed with the next group
        else:
            os.close(self._fd)

    async def _sync(self) -> None:
        ticket, current, retired = self._written, self._fd, self._retired
        self._retired = []
        try:
            await asyncio.to_thread(_sync_all, (*retired, current))
        except OSError as error:
            # What the kernel could not write it forgets. Those calls are refused; later ones go to a fresh segment.
            self._rotate_next = True
            self._fail(f"fsync: {error.strerror}", error)
        else:
            self._synced = ticket
        finally:
            for fd in retired:
                os.close(fd)
            self._syncing = None

    # --- what is still needed ---------------------------------------------------------------------------------------

    def posted(self, segment: int) -> None:
        """The ledger has a call whose latest record stands in this segment (0: in none)."""
        if segment:
            self._needed[segment] -= 1

    def drop_posted(self) -> None:
        """Delete the oldest segments up to the first that is still needed or being written."""
        for number in sorted(self._old_sizes):
            if self._needed.get(number, 0):
                return
            segment_path(self.folder, number).unlink(missing_ok=True)
            del self._old_sizes[number]
            self._needed.pop(number, None)

    @property
    def size_bytes(self) -> int:
        return self._size + sum(self._old_sizes.values())

    @property
    def end(self) -> Mark:
        return Mark(self._number, self._size)

    def ended_since(self, mark: Mark) -> Iterator[tuple[int, Call]]:
        """
        Yield `(segment, call)` for the ended calls recorded behind the mark, in order.

        It may be paused and goes on with what was written meanwhile, so take no more than is known to be there.
        """
        number = mark.segment
        while number <= self._number:
            start = mark.offset if number == mark.segment else 0
            if number == self._number or number in self._old_sizes:
                for record in read_segment(segment_path(self.folder, number), is_last=True, start=start):
                    if record.kind == ENDED and record.call is not None:
                        yield number, record.call
            number += 1


def _look_at(task: asyncio.Task[None]) -> None:
    """A sync may fail after all who waited for it have left; `failure` tells."""
    if not task.cancelled():
        task.exception()


def _write_magic(fd: int) -> None:
    if os.write(fd, MAGIC) != len(MAGIC):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sync_all(fds: tuple[int, ...]) -> None:
    for fd in fds:
        os.fdatasync(fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
