"""Reading the configuration again: told in the log and to probes, one at a time, and never a reason to stop."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

from tollhouse.domain.errors import ConfigError
from tollhouse.web.log import Log
from tollhouse.web.reloads import LINES_MAX, Reloads, Taken


class House:
    """Takes what it is given, when it is let."""

    def __init__(self, *results: Taken | ConfigError) -> None:
        self.results = list(results)
        self.may = asyncio.Event()
        self.may.set()
        self.taken = 0
        self.output = BytesIO()
        self.reloads = Reloads(self.take, Log(output=self.output))

    async def take(self) -> Taken:
        await self.may.wait()
        self.taken += 1
        result = self.results.pop(0)
        if isinstance(result, ConfigError):
            raise result
        return result

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    async def reload(self) -> None:
        before = self.taken
        self.reloads.ask()
        while self.taken == before:
            await asyncio.sleep(0)
        await asyncio.sleep(0)


@asynccontextmanager
async def running(house: House) -> AsyncIterator[House]:
    task = asyncio.create_task(house.reloads.run())
    yield house
    task.cancel()


NOTHING = Taken((), (), ())


async def test_what_changed_and_what_waits_are_told() -> None:
    async with running(House(Taken(["models.fast"], ["server.listen"], ["a model has no price."]))) as house:
        await house.reload()

    assert [{k: v for k, v in line.items() if k not in ("at", "level")} for line in house.lines] == [
        {"event": "config_reloaded", "changed": ["models.fast"]},
        {"event": "config_needs_restart", "settings": ["server.listen"]},
        {"event": "config_warnings", "warnings": ["a model has no price."]},
    ]
    assert house.reloads.check().ok


async def test_a_file_that_cannot_be_used_is_told_line_by_line_until_one_can() -> None:
    refusal = ConfigError(
        "tollhouse.yaml has 1 problem:\ntollhouse.yaml:3: unknown key `modles`; did you mean `models`?"
    )
    async with running(House(refusal, NOTHING)) as house:
        await house.reload()
        refused = house.reloads.check()
        was_refused = house.reloads.is_refused
        await house.reload()

    assert house.lines[0]["event"] == "config_refused"
    assert house.lines[0]["problems"] == str(refusal).splitlines()
    assert (refused.ok, refused.needed, was_refused) == (False, False, True)
    assert (house.reloads.check().ok, house.reloads.is_refused) == (True, False)


async def test_a_long_list_of_problems_is_cut_and_counted() -> None:
    async with running(House(ConfigError("\n".join(f"line {n}" for n in range(LINES_MAX + 3))))) as house:
        await house.reload()

    problems = house.lines[0]["problems"]
    assert isinstance(problems, list)
    assert (len(problems), problems[-1]) == (LINES_MAX + 1, "and 3 more")


async def test_asking_often_while_one_is_read_gives_one_more_turn() -> None:
    async with running(House(NOTHING, NOTHING, NOTHING)) as house:
        house.may.clear()
        house.reloads.ask()
        await asyncio.sleep(0.01)
        for _ in range(5):
            house.reloads.ask()
        house.may.set()
        await asyncio.sleep(0.05)

    assert house.taken == 2


PROGRAM = """
import asyncio, os, signal
from tollhouse.web.signals import catching, hold_hangups

async def main():
    heard = asyncio.Event()
    with catching(lambda: None, heard.set):
        await heard.wait()

hold_hangups()
os.kill(os.getpid(), signal.SIGHUP)
asyncio.run(main())
"""


def test_a_hangup_that_came_too_early_is_heard_when_somebody_listens() -> None:
    assert subprocess.run([sys.executable, "-c", PROGRAM], timeout=30, check=False).returncode == 0
