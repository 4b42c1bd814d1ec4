"""A mark beside a SQLite file: it says to everybody that a process of ours is writing, and so will soon be done."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_NAME = "tollhouse.writing"


class WritingMark:
    """
    A file lock, which the kernel drops with the process. It guards nothing: SQLite's own lock does.

    Whoever finds SQLite's lock taken and the mark free knows that a stranger has it: a backup, a shell that was left open.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / FILE_NAME
        self._setting = _open(path)
        self._looking = _open(path)  # two locks of one descriptor would be the same lock

    @contextmanager
    def set(self) -> Iterator[None]:
        """Only for whoever has SQLite's lock, so that nobody waits here longer than for a glance."""
        fcntl.flock(self._setting, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._setting, fcntl.LOCK_UN)

    def is_set(self) -> bool:
        try:
            fcntl.flock(self._looking, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._looking, fcntl.LOCK_UN)
        return False

    def close(self) -> None:
        os.close(self._setting)
        os.close(self._looking)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
