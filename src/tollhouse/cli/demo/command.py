"""`tollhouse demo`: the command. It ends with 0 if all went well, also when Ctrl-C ends the serving afterwards."""

import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tollhouse import __version__

from ..exit import Exit, reporting, say
from ..table import print_json

if TYPE_CHECKING:
    import asyncio
    from io import TextIOWrapper

    from .house import DemoHouse
    from .openai import OpenAI
    from .report import Report


class Provider(StrEnum):
    """Who triages."""

    INHOUSE = "inhouse"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for. `openai` is None unless it was named."""

    openai: "OpenAI | None"
    port: int
    keep: bool
    leave: bool
    as_json: bool


@reporting()
def demo(
    *,
    provider: Annotated[
        Provider, typer.Option(help="Who triages. openai sends the reports there and spends, with OPENAI_API_KEY.")
    ] = Provider.INHOUSE,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The gateway's port; 0 takes a free one.")] = 0,
    keep: Annotated[bool, typer.Option("--keep", help="Keep configuration, ledger and bill, and say where.")] = False,
    leave: Annotated[bool, typer.Option("--exit", help="Do the job, print, stop: for scripts and CI.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as one JSON object.")] = False,
) -> None:
    """
    See the whole house at work: triage 50 real reports, stage failures, then serve until Ctrl-C.

    On a temporary store and the in-house engine: no key, no network, no cost, and nothing is left behind.
    """
    asked = Asked(_openai(provider), port, keep, leave, as_json)
    say(f"tollhouse {__version__} demo: starting a gateway and a simulated provider on this machine ...")
    cast("TextIOWrapper", sys.stdout).reconfigure(errors="replace")  # the reports' letters may not be the terminal's

    import uvloop

    raise SystemExit(int(uvloop.run(_demo(asked))))


def _openai(provider: Provider) -> "OpenAI | None":
    """Raises WrongUsage if there is no key."""
    if provider is not Provider.OPENAI:
        return None
    from .openai import find_openai

    found = find_openai(os.environ)
    say(found.warning)
    return found


async def _demo(asked: Asked) -> Exit:
    """Open the house, play, serve if wanted; whatever happens, everything is stopped and removed at the end."""
    import asyncio

    from .house import open_demo

    with _ending() as ending:
        try:
            async with open_demo(port=asked.port, keep=asked.keep, openai=asked.openai) as house:
                if asked.keep:
                    say(f"keeping configuration (with its secrets), ledger and the simulator's bill in {house.folder}")
                report = await _play(house, asked)
                ending.working = False
                if not asked.leave:
                    _say_serving(house, asked)
                    await ending.asked.wait()
        except asyncio.CancelledError:
            if not ending.asked.is_set():
                raise
            say("interrupted; everything is stopped" + ("." if asked.keep else " and removed."))
            return Exit.INTERRUPTED
    return _concluded(report, asked)


async def _play(house: "DemoHouse", asked: Asked) -> "Report":
    from .acts import play
    from .screen import Screen, Unseen

    engine = Provider.OPENAI if asked.openai else Provider.INHOUSE
    screen = None if asked.as_json else Screen()
    report = await play(house, screen or Unseen(), engine=engine.value, keep=asked.keep)
    if screen is None:
        print_json(report.as_json())
    else:
        screen.show_served(report, _program(), exits=asked.leave)
    sys.stdout.flush()
    return report


def _say_serving(house: "DemoHouse", asked: Asked) -> None:
    end = f"keeps {house.folder}" if asked.keep else "removes everything"
    say(f"\nserving at {house.url} until Ctrl-C, which stops the demo and {end}")


def _concluded(report: "Report", asked: Asked) -> Exit:
    if report.kept:
        say(f"kept: {report.kept}")
    elif not asked.leave:
        say("stopped; everything is removed.")
    if report.complaint is None:
        return Exit.OK
    say(f"error: {report.complaint}")
    return Exit.FAILED


def _program() -> str:
    """How this command is called here, so that the lines shown can be pasted."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m tollhouse"
    found = shutil.which(called.name)
    return called.name if found and Path(found).samefile(called) else shlex.quote(sys.argv[0])


class _Ending:
    """
    What a signal does: while the acts are played it cuts them short, afterwards it ends the serving.

    Once something has been asked, further signals change nothing: cleaning up has its own limits.
    """

    def __init__(self, task: "asyncio.Task[object] | None") -> None:
        import asyncio

        self.asked = asyncio.Event()
        self.working = True
        self._task = task

    def ask(self) -> None:
        if not self.asked.is_set():
            self.asked.set()
            if self.working and self._task is not None:
                self._task.cancel()


@contextmanager
def _ending() -> Iterator[_Ending]:
    """Take Ctrl-C, SIGTERM and a closed terminal as a wish to end, and clean up after each."""
    import asyncio

    loop, ending = asyncio.get_running_loop(), _Ending(asyncio.current_task())
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, ending.ask)
    try:
        yield ending
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
