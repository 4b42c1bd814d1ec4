"""Who owns a journal's folder: an exclusive lock that the kernel drops with the process, however it ends."""

import fcntl
import os
from pathlib import Path

LOCK_NAME = "lock"


class FolderLock:
    """
    Held from `take` until `release`, or until the process is gone.

    The lock is a file inside the folder, so whoever removes the folder removes the lock too: `take` therefore looks,
    once it has the lock, whether the file is still the one that stands there.
    """

    __slots__ = ("_fd", "_path")

    def __init__(self, path: Path, fd: int) -> None:
        self._path = path
        self._fd = fd

    @classmethod
    def take(cls, folder: Path, *, makes: bool = True) -> "FolderLock | None":
        """
        Lock an existing folder. Return None if another process holds it or the folder is gone.

        `makes`: also one that was never locked; else it is left to the process that may just be starting in it.
        """
        path = folder / LOCK_NAME
        try:
            fd = os.open(path, os.O_RDWR | (os.O_CREAT if makes else 0), 0o600)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        if not _is_still_there(path, fd):
            os.close(fd)
            return None
        return cls(path, fd)

    def release(self) -> None:
        os.close(self._fd)

    def remove(self) -> None:
        """Remove the lock and its folder, which holds nothing else by now."""
        self._path.unlink(missing_ok=True)
        self._path.parent.rmdir()
        os.close(self._fd)


def _is_still_there(path: Path, fd: int) -> bool:
    try:
        standing = path.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(fd)
    return (standing.st_dev, standing.st_ino) == (held.st_dev, held.st_ino)
