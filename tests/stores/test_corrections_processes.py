"""Corrections beside live posting and leasing, in processes of their own: every budget is exact, and none waits in a circle."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from pathlib import Path

import pytest

from corrector import CALLS, ROUNDS
from ledger_words import CLAIMS, NOON_MS, ORGANISATION, a_call, an_attempt, figures
from tollhouse.stores import open_stores
from tollhouse.stores.sql.corrections import SqlCorrections
from tollhouse.stores.sql.engine import open_database

Place = tuple[str | None, Path]
HERE = Path(__file__).parent
TASKS = ("post", "post", "correct", "correct")


async def test_corrections_beside_posts_and_leases_leave_every_budget_exact(place: Place) -> None:
    processes = [await start(task, place, f"p{n}") for n, task in enumerate(TASKS)]

    ended = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    reports = [json.loads(out) for out, _ in ended]
    spent = sum(report["spent"] for report in reports)
    stores = await open_stores(*place)
    assert sum(report["written"] for report in reports) == ROUNDS * CALLS
    assert [(await figures(stores, scope))[0] for scope in (ORGANISATION, CLAIMS)] == [spent, spent]
    assert len(await stores.corrections.all(since_ms=0, until_ms=2 * NOON_MS)) == ROUNDS * CALLS
    await stores.close()


@pytest.mark.parametrize("batch", [1, 2, 5])
async def test_batches_of_any_size_hold_every_attempt_once(place: Place, batch: int) -> None:
    stores = await open_stores(*place)
    calls = [a_call(*(an_attempt(n, at_ms=NOON_MS + n // 3) for n in range(start, start + 2))) for start in range(9)]
    await stores.ledger.post("p1", calls)
    database = await open_database(place[0] or place[1])

    found = SqlCorrections(database, batch=batch).booked("openai", since_ms=0, until_ms=2 * NOON_MS)

    attempts = [each.attempt async for some in found for each in some]
    assert len(attempts) == 18
    assert set(attempts) == {attempt.id for call in calls for attempt in call.attempts}
    await database.close()
    await stores.close()


async def start(task: str, place: Place, name: str) -> Process:
    """Return when it is ready: it begins its task at the first line it reads."""
    arguments = json.dumps([task, place[0], str(place[1]), name])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "corrector.py"),
        arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path])},
    )
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline()) == "ready"
    return process
