"""How a command ends: exit codes, and errors as one sentence on stderr. No traceback reaches a person."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from tollhouse.domain.errors import OperatorError, StoreUnavailable, TollhouseError


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
    except KeyboardInterrupt:
        raise SystemExit(Exit.INTERRUPTED) from None
    except BrokenPipeError:
        _silence_stdout()
        raise SystemExit(Exit.FAILED) from None
    except TollhouseError as error:
        raise _ended(error, str(error), exit_code(error)) from None
    except OSError as error:
        raise _ended(error, _told(error), Exit.FAILED) from None
    except Exception as error:  # noqa: BLE001 - the outermost edge: a fault of ours is told in one sentence, not in a traceback
        raise _ended(error, _fault(error), Exit.FAILED) from None


def exit_code(error: TollhouseError) -> Exit:
    match error:
        case WrongUsage():
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


def _ended(error: BaseException, message: str, code: Exit) -> SystemExit:
    if os.environ.get("TOLLHOUSE_DEBUG"):
        traceback.print_exception(error)
    say(f"error: {message}")
    return SystemExit(int(code))


def _told(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}"


def _fault(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return (
        f"a fault in tollhouse: {type(error).__name__}{where}. "
        "Set TOLLHOUSE_DEBUG=1, run the same command again and report what it prints."
    )


def _silence_stdout() -> None:
    """The reader of our pipe has left; keep the interpreter from complaining when it flushes at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
