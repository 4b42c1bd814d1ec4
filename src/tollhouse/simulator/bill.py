"""
The bill: one JSON line per request that reached a model, appended and never changed.

A line is one single write to a file opened for appending, made before the last bytes of the answer leave: whoever
holds a complete answer finds its line. Tests compare the sum with the gateway's ledger.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

import msgspec

MAX_LINES_IN_MEMORY = 200_000
"""Older lines stay in the file and in the totals; 200,000 lines are about 100 MB."""


MAX_CLIENT_ID_CHARS = 512
"""OpenAI takes no longer ones."""


class BillNotWritten(RuntimeError):
    """A line could not be written. Not an OSError, which event loops take for a client's and do not report."""


class BillLine(msgspec.Struct, frozen=True, gc=False):
    """
    One request. `n` counts requests in their order of arrival, lines stand in the order of their end.

    `tokens_in` includes `tokens_cached`. `status` is None if no status line was sent. `delivered`: a complete answer
    was handed to a connection that was still open; an error answer counts as complete. `client_request_id` is the
    request's `X-Client-Request-Id` (its first `MAX_CLIENT_ID_CHARS`), None if it had none.
    """

    n: int
    at: str
    request_id: str
    endpoint: str
    model: str
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    nano_usd: int
    status: int | None
    streamed: bool
    delivered: bool
    client_request_id: str | None = None


class Bill(Sequence[BillLine]):
    """
    The lines in memory (the last `MAX_LINES_IN_MEMORY`), and the file if there is one.

    `line_count` and `total_nano_usd` are of all lines of this run; `last_n` is where an earlier one ended.
    """

    def __init__(self, path: Path | None = None, *, fsync: bool = False) -> None:
        """Continue the bill in `path`. Raises OSError, or ValueError if the file is not a bill."""
        self.path = path
        self.line_count = 0
        self.total_nano_usd = 0
        self.last_n = _last_n(path) if path else 0
        self._fsync = fsync
        self._lines: deque[BillLine] = deque(maxlen=MAX_LINES_IN_MEMORY)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if path else None

    def append(self, line: BillLine) -> None:
        """Write the line out, then keep it. Raises BillNotWritten if the file does not take it whole."""
        if self._file is not None:
            self._write(self._file, msgspec.json.encode(line) + b"\n")
        self._lines.append(line)
        self.line_count += 1
        self.total_nano_usd += line.nano_usd

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, file: int, data: bytes) -> None:
        try:
            written = os.write(file, data)
            if self._fsync:
                os.fsync(file)
        except OSError as error:
            raise BillNotWritten(f"the bill {self.path} cannot be written: {error}") from error
        if written != len(data):
            os.ftruncate(file, os.fstat(file).st_size - written)
            raise BillNotWritten(f"the bill {self.path} took only a part of a line")

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[BillLine]:
        return iter(self._lines)

    @overload
    def __getitem__(self, index: int) -> BillLine: ...
    @overload
    def __getitem__(self, index: slice) -> list[BillLine]: ...
    def __getitem__(self, index: int | slice) -> BillLine | list[BillLine]:
        return list(self._lines)[index] if isinstance(index, slice) else self._lines[index]


def _last_n(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as lines:
        return max((_n(path, line) for line in lines), default=0)


def _n(path: Path, line: bytes) -> int:
    try:
        return msgspec.json.decode(line, type=BillLine).n
    except ValueError as error:
        raise ValueError(f"{path} is not a bill: {error}") from error
