"""
The output file of a batch: resumed, written in order, a record at a time.

Records that are done are kept as they stand; failed ones are done again and replaced. While an earlier part has to be
written anew, that happens in a file beside it, which takes its place when the batch ends or is interrupted.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from .records import Format, Kept, OutputRefused, Record
from .rows import Row

BESIDE = ".resuming"


class OutputFile:
    """
    One output file, held open.

    Args:
        rows: every input row, in order.

    Raises OutputRefused if the file exists and is not these rows'.
    """

    def __init__(self, path: Path, layout: Format, rows: Sequence[Row]) -> None:
        self.path = path
        self._layout = layout
        self._written = _read(path)
        self._kept: list[Kept] = layout.kept(self._written, rows, path.name) if self._written else []
        self._next = 0
        self._file: IO[str] | None = None
        self._beside = False

    @property
    def done(self) -> int:
        """How many records are kept."""
        return sum(not kept.failed for kept in self._kept)

    def open_rows(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that have to be worked on: those not there yet, and those that failed."""
        return [row for place, row in enumerate(rows) if place >= len(self._kept) or self._kept[place].failed]

    def __enter__(self) -> Self:
        """Open it for writing. Raises OSError."""
        whole = self._layout.head() + "".join(kept.written for kept in self._kept)
        self._beside = any(kept.failed for kept in self._kept) or self._written not in ("", whole)
        if self._beside:
            self._file = _open(self._part, "w")
        else:
            self._next = len(self._kept)
            self._file = _open(self.path, "a")
        if self._beside or not self._written:
            self._put(self._layout.head())
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is kept behind the last record, and close. A failed record not done again stays as it was."""
        self._put("".join(kept.written for kept in self._kept[self._next :]))
        self._take_place()
        assert self._file is not None
        self._file.close()

    def write(self, record: Record) -> None:
        """Write the record of its row; those kept before it come first. It is on disk, as far as the system says, after this."""
        place = record.row - 1
        if self._next < len(self._kept):
            self._put("".join(kept.written for kept in self._kept[self._next : place]))
        self._put(self._layout.write(record))
        self._next = place + 1
        if self._beside and self._next >= len(self._kept):
            self._take_place()

    @property
    def _part(self) -> Path:
        return self.path.with_name(self.path.name + BESIDE)

    def _put(self, text: str) -> None:
        assert self._file is not None
        self._file.write(text)
        self._file.flush()

    def _take_place(self) -> None:
        """Swap the files. The open file keeps its identity, so writing goes on."""
        if self._beside:
            assert self._file is not None
            os.fsync(self._file.fileno())
            self._part.replace(self.path)
            self._beside = False


def _open(path: Path, mode: str) -> IO[str]:
    return path.open(mode, encoding="utf-8", newline="")


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise OutputRefused(f"{path} exists and is not such a file (it is not UTF-8). Name another output.") from error
