"""How a command ends: exit codes, and errors as one sentence on stderr. No traceback reaches a person."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from tollhouse.domain.errors import InvalidRequest, OperatorError, StoreUnavailable, TollhouseError


class Exit(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    CHECK_FAILED = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


class WrongUsage(OperatorError):
    """The command line asks for something that does not exist or does not fit together."""


class CheckFailed(OperatorError):
    """A check was made and did not hold."""


class Unreachable(OperatorError):
    """The service at `--url` does not answer."""


@contextmanager
def reporting() -> Iterator[None]:
    """
    Run a command's body; turn what goes wrong into `error: …` on stderr and an exit code.

    Works as `with reporting():` and as a decorator `@reporting()` below typer's. Raises SystemExit only. With
    `TOLLHOUSE_DEBUG=1` the traceback is printed too.
    """
    try:
        yield
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if _is_typers(error):
            raise
        raise _ending(_only(error)) from None


def _ending(error: BaseException) -> SystemExit:
    match error:
        case KeyboardInterrupt():
            return SystemExit(int(Exit.INTERRUPTED))
        case BrokenPipeError():
            _silence_stdout()
            return SystemExit(int(Exit.FAILED))
        case TollhouseError():
            return _told(error, str(error), exit_code(error))
        case OSError():
            return _told(error, _system(error), Exit.FAILED)
        case _:
            return _told(error, _fault(error), Exit.FAILED)


def _only(error: BaseException) -> BaseException:
    """A task group wraps what ended it; if that is one thing, it is what happened."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _is_typers(error: BaseException) -> bool:
    """Typer's own ways to end a command: Exit, Abort, BadParameter."""
    return type(error).__module__.startswith(("typer.", "click."))


def exit_code(error: TollhouseError) -> Exit:
    match error:
        case WrongUsage() | InvalidRequest():
            return Exit.USAGE
        case CheckFailed():
            return Exit.CHECK_FAILED
        case Unreachable() | StoreUnavailable():
            return Exit.UNREACHABLE
        case _:
            return Exit.FAILED


def say(text: str) -> None:
    """Print progress or a remark on stderr; stdout is for data."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the one place where commands speak


def _told(error: BaseException, message: str, code: Exit) -> SystemExit:
    if os.environ.get("TOLLHOUSE_DEBUG"):
        traceback.print_exception(error)
    say(f"error: {message}")
    return SystemExit(int(code))


def _system(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}"


def _fault(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return (
        f"a fault in tollhouse: {type(error).__name__}{where}. "
        "Set TOLLHOUSE_DEBUG=1, run the same command again and report what it prints."
    )


def _silence_stdout() -> None:
    """The reader of our pipe has left; keep the interpreter from complaining when it flushes at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
