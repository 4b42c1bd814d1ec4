"""
JSON lines on stderr: one a finished call, and one for each thing that happens to the process.

A line holds ids, counts, durations and codes. Prompts, answers, secrets, the data subject and tags never get here, nor
do messages of exceptions: they may quote any of those, so a fault is told by its class and where it happened.
"""

import logging
import re
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from select import PIPE_BUF
from types import TracebackType
from typing import Protocol

from tollhouse.domain.calls import Call
from tollhouse.domain.money import usd_from_nano

LEVELS = ("debug", "info", "warning", "error")
MAX_FRAMES = 12
"""The innermost frames of a fault; more would be the server's own."""
MAX_MESSAGE_CHARS = 200
"""Of a library's message, whose first line says what happened."""

Value = str | int | float | bool | None | list[str]

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Output(Protocol):
    """Where lines go: a binary file."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> object: ...


class Log:
    """
    The process's log. Calls' lines are made without structlog's machinery, which would double what they cost.

    Args:
        level: one of LEVELS.
        output: stderr if None. Every line is written and flushed at once; those of calls together.
        worker: the process that every line names.
    """

    def __init__(self, level: str = "info", output: Output | None = None, *, worker: str | None = None) -> None:
        import structlog  # loads late: the command line does not log

        self._tells_calls = level in ("debug", "info")
        self._every_line: dict[str, Value] = {} if worker is None else {"worker": worker}
        self._stamp = _Stamp()
        self._lines = _Lines(output or sys.stderr.buffer)
        self._log = structlog.wrap_logger(
            self._lines,
            processors=[self._stamp],
            wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
            context_class=dict,
        ).bind(**self._every_line)

    def calls(self, calls: Sequence[Call]) -> None:
        """These calls have finished."""
        if self._tells_calls:
            stamp, every_line = self._stamp.line, self._every_line
            self._lines.write([stamp("info", "call", {**every_line, **_call_fields(call)}) for call in calls])

    def event(self, name: str, **fields: Value) -> None:
        """Something happened that is part of a good day: ready, draining, stopped."""
        self._log.info(name, **fields)

    def warn(self, name: str, **fields: Value) -> None:
        """Something happened that the operator should look at."""
        self._log.warning(name, **fields)

    def fault(self, error: BaseException, *, request_id: str | None = None) -> None:
        """An exception that is a fault of ours reached the edge."""
        self._log.error("fault", **error_fields(error), request_id=request_id)


def error_fields(error: BaseException) -> dict[str, Value]:
    """Say what went wrong and where, without a value: class names along the chain of causes, and frames."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and cause not in causes:
        causes.append(cause)
    return {"error": [type(each).__name__ for each in causes], "where": _frames(causes[-1].__traceback__)}


@contextmanager
def stdlib_into(log: Log) -> Iterator[None]:
    """While open, what libraries tell the standard library's logging at WARNING or above becomes lines of ours."""
    root, handler = logging.getLogger(), _FromStdlib(log)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _FromStdlib(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._to = log

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().splitlines() or [""]
        fields: dict[str, Value] = {"logger": record.name, "message": lines[0][:MAX_MESSAGE_CHARS]}
        if record.exc_info and record.exc_info[1]:
            fields |= error_fields(record.exc_info[1])
        self._to.warn("library", **fields)


class _Stamp:
    """The one processor: time, level and JSON. The date is formatted once a second."""

    def __init__(self) -> None:
        from msgspec.json import Encoder

        self._encode = Encoder().encode
        self._second = 0
        self._date = ""

    def __call__(self, _logger: object, level: str, fields: MutableMapping[str, Value]) -> bytes:
        return self.line(level, str(fields.pop("event")), fields)

    def line(self, level: str, event: str, fields: Mapping[str, Value]) -> bytes:
        second, ms = divmod(time.time_ns() // 1_000_000, 1000)
        if second != self._second:
            self._second, self._date = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return self._encode({"at": f"{self._date}.{ms:03d}Z", "level": level, "event": event, **fields})


class _Lines:
    """Writes lines. The methods for one line have structlog's names."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def info(self, line: bytes) -> None:
        self.write([line])

    def write(self, lines: Sequence[bytes]) -> None:
        """As many lines at a time as a pipe takes in one piece: other processes may write to it too."""
        piece = b""
        for line in lines:
            if piece and len(piece) + len(line) >= PIPE_BUF:
                self._flush(piece)
                piece = b""
            piece += line + b"\n"
        if piece:
            self._flush(piece)

    def _flush(self, piece: bytes) -> None:
        self._output.write(piece)
        self._output.flush()

    debug = warning = error = info


def _call_fields(call: Call) -> dict[str, Value]:
    return {
        "id": call.id,
        "request_id": call.request_id,
        "endpoint": call.endpoint,
        "team": call.team,
        "use_case": call.use_case,
        "key": call.key,
        "model": call.model,
        "deployment": call.deployment,
        "prompt": call.prompt,
        "run": call.run,
        "streamed": call.streamed,
        "status": call.status,
        "outcome": call.outcome,
        "error": call.error if call.error is None or _CODE.fullmatch(call.error) else "other",
        "cache": call.cache,
        "attempts": len(call.attempts),
        **_sums(call),
        "latency_ms": call.latency_ms,
        "first_token_ms": call.first_token_ms,
        "overhead_ms": call.overhead_ms,
    }


def _sums(call: Call) -> dict[str, Value]:
    """One pass instead of five: most calls have one attempt, and this runs for each call."""
    tokens_in = tokens_out = tokens_cached = cost = 0
    estimated = False
    for attempt in call.attempts:
        tokens_in += attempt.tokens_in
        tokens_out += attempt.tokens_out
        tokens_cached += attempt.tokens_cached
        cost += attempt.cost_nanousd
        estimated = estimated or attempt.estimated
    return {
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "tokens_cached": tokens_cached,
        "estimated": estimated,
        "cost_usd": usd_from_nano(cost),
    }


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)[-MAX_FRAMES:]
    ]
