"""Several processes on one budget: exact at every committed state, and nothing lost with a process that is killed."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from pathlib import Path

from leaser import LEAST, LIMIT
from ledger_words import CLAIMS, NOON_MS, ORGANISATION, a_call, amounts, an_ask, an_attempt, figures, slices
from tollhouse.domain.calls import AttemptState, Call
from tollhouse.stores import Stores, open_stores

Place = tuple[str | None, Path]
HERE = Path(__file__).parent


async def test_processes_that_crowd_at_a_budgets_edge_never_exceed_it_and_use_it_up(place: Place) -> None:
    stores = await open_stores(*place)
    names = [f"p{n}" for n in range(3)]
    processes = [await _start("crowd", place, name) for name in names]

    states = await _watch(stores, asyncio.gather(*(p.communicate(b"go\n") for p in processes)))

    reports = {name: json.loads(out) for name, (out, _) in zip(names, states.result, strict=True)}
    assert max(spent + leased for spent, leased in states.seen) <= LIMIT
    assert len(set(states.seen)) > 10, "the watcher saw too little to prove anything"
    for scope in (ORGANISATION, CLAIMS):
        assert await figures(stores, scope) == (_sum(reports, "spent"), _sum(reports, "held"))
    assert LIMIT - _sum(reports, "spent") - _sum(reports, "held") < LEAST
    of_claims = {process: nanousd for process, scope, nanousd in await slices(stores) if scope == str(CLAIMS)}
    assert of_claims == {name: report["held"] for name, report in reports.items() if report["held"]}
    await stores.close()


async def test_what_a_killed_process_held_returns_when_it_is_adopted(place: Place) -> None:
    stores = await open_stores(*place)
    process = await _start("work", place, "dead")
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    lines = [await process.stdout.readline() for _ in range(37)]

    process.kill()
    lines += (await process.communicate())[0].splitlines()

    assert process.returncode == -9
    journal = [_read_back(line) for line in lines if line.strip().endswith(b"}")]
    assert sum(nanousd for _, _, nanousd in await slices(stores)) > 0
    await stores.ledger.adopt("dead", journal)
    for scope in (ORGANISATION, CLAIMS):
        assert await figures(stores, scope) == (3 * len(journal), 0)
    assert await slices(stores) == []
    rest = 10**9 - 3 * len(journal)
    assert amounts(await stores.ledger.lease("heir", [an_ask(limit=10**9, least=rest)])) == [rest]
    await stores.close()


class _States:
    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []
        self.result: list[tuple[bytes, bytes]] = []


async def _watch(stores: Stores, work: "asyncio.Future[list[tuple[bytes, bytes]]]") -> _States:
    """Look at every budget again and again while the work goes on."""
    states = _States()
    while not work.done():
        states.seen += [(b.spent_nanousd, b.leased_nanousd) for b in await stores.ledger.budgets()]
        await asyncio.sleep(0.01)
    states.result = await work
    return states


async def _start(task: str, place: Place, name: str) -> Process:
    """Return when it is ready: it begins its task at the first line it reads."""
    arguments = json.dumps([task, place[0], str(place[1]), name])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "leaser.py"),
        arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path])},
    )
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline()) == "ready"
    return process


def _read_back(line: bytes) -> Call:
    written = json.loads(line)
    call = a_call(an_attempt(written["cost"], at_ms=NOON_MS, state=AttemptState.UNKNOWN))
    call.id, call.attempts[0].id = written["id"], written["attempt"]
    return call


def _sum(reports: dict[str, dict[str, int]], name: str) -> int:
    return sum(report[name] for report in reports.values())
