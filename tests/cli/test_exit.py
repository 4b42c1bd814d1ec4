import asyncio
import os
import subprocess
import sys

import pytest
import typer

from tollhouse.cli.exit import CheckFailed, Exit, Unreachable, WrongUsage, reporting
from tollhouse.domain.errors import ConfigError, StoreUnavailable


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("tollhouse.yaml:3: unknown key"), Exit.FAILED),
        (WrongUsage("no such dimension"), Exit.USAGE),
        (CheckFailed("the ledger differs"), Exit.CHECK_FAILED),
        (Unreachable("http://127.0.0.1:1 does not answer"), Exit.UNREACHABLE),
        (StoreUnavailable("the database does not answer"), Exit.UNREACHABLE),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (PermissionError(13, "Permission denied", "/data"), Exit.FAILED),
        (ZeroDivisionError("secret detail"), Exit.FAILED),
    ],
)
def test_every_error_ends_with_its_exit_code_and_without_a_traceback(
    error: BaseException, code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, reporting():
        raise error

    assert ended.value.code == code
    assert "Traceback" not in capsys.readouterr().err


def test_the_message_is_one_line_that_starts_with_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), reporting():
        raise ConfigError("tollhouse.yaml:3: unknown key `budgte`; did you mean `budget`?")

    assert capsys.readouterr().err == "error: tollhouse.yaml:3: unknown key `budgte`; did you mean `budget`?\n"


def test_an_operating_system_error_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), reporting():
        raise PermissionError(13, "Permission denied", "/data/journal")

    assert capsys.readouterr().err == "error: Permission denied: /data/journal\n"


def test_a_fault_of_ours_does_not_show_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), reporting():
        raise ValueError("a prompt that must not be shown")

    shown = capsys.readouterr().err
    assert "ValueError in test_exit.py:" in shown
    assert "prompt" not in shown


def test_it_decorates_a_command_and_keeps_its_signature() -> None:
    @reporting()
    def command(name: str) -> None:
        raise WrongUsage(name)

    with pytest.raises(SystemExit) as ended:
        command("x")

    assert ended.value.code == Exit.USAGE
    assert command.__annotations__["name"] is str


def test_a_reader_that_left_the_pipe_ends_the_command_quietly() -> None:
    program = (
        "from tollhouse.cli.exit import reporting\n"
        "with reporting():\n"
        "    for n in range(100000): print('line', n, flush=True)\n"
    )
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run([sys.executable, "-c", program], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)

    assert (done.returncode, done.stderr) == (Exit.FAILED, b"")


async def test_what_alone_ended_a_task_group_is_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, reporting():
        async with asyncio.TaskGroup():
            raise WrongUsage("the port is taken")

    assert (ended.value.code, capsys.readouterr().err) == (Exit.USAGE, "error: the port is taken\n")


@pytest.mark.parametrize("own", [typer.Exit(3), typer.Abort(), typer.BadParameter("no")])
def test_typers_own_endings_pass(own: Exception) -> None:
    with pytest.raises(type(own)), reporting():
        raise own
