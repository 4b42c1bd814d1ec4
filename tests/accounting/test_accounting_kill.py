"""`kill -9` at any moment loses no attempt that may have reached a provider."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tollhouse.accounting.adoption import adopt_dead
from tollhouse.accounting.reconcile import differences
from tollhouse.domain.calls import Attempt, AttemptState, Call
from tollhouse.ports.usage import CallFilter
from tollhouse.stores import Stores, open_stores

Place = tuple[str | None, Path]
VICTIM = Path(__file__).with_name("accounting_victim.py")


async def killed(place: Place, seed: int) -> None:
    """Let a process work on the store, and kill it when the diary has grown by a number of lines that nobody chose."""
    database, folder = place
    until = len(diary(folder)) + random.Random(seed).randint(1, 1_000)
    victim = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, str(VICTIM), str(folder), database or "", str(seed)], stderr=subprocess.PIPE
    )
    while len(diary(folder)) < until:
        assert victim.poll() is None, victim.stderr.read().decode() if victim.stderr else ""
        await asyncio.sleep(0.005)
    os.kill(victim.pid, signal.SIGKILL)
    await asyncio.to_thread(victim.communicate)


def diary(folder: Path) -> list[str]:
    path = folder / "diary"
    return path.read_text().splitlines() if path.exists() else []


async def every_call(stores: Stores) -> list[Call]:
    calls, cursor = [], None
    while True:
        page = await stores.usage.calls(CallFilter(), limit=1000, cursor=cursor)
        calls += page.items
        cursor = page.next_cursor
        if cursor is None:
            return calls


async def check_books(stores: Stores, folder: Path) -> None:
    """Compare the ledger with what the killed processes had written down themselves."""
    calls = await every_call(stores)
    in_ledger: dict[str, Attempt] = {attempt.id: attempt for call in calls for attempt in call.attempts}
    events = [line.split() for line in diary(folder)]
    sent = [event[1] for event in events if event[0] == "sent"]
    settled = {event[1]: int(event[2]) for event in events if event[0] == "settled"}
    ended = {event[1] for event in events if event[0] == "ended"}

    assert [attempt_id for attempt_id in sent if attempt_id not in in_ledger] == []
    assert len(in_ledger) == sum(len(call.attempts) for call in calls)
    for attempt in in_ledger.values():
        assert attempt.state in (AttemptState.SETTLED, AttemptState.UNKNOWN)
        assert attempt.cost_nanousd > 0
        if attempt.state is AttemptState.UNKNOWN:
            assert (attempt.cost_nanousd, attempt.estimated) == (attempt.held_nanousd, True)
        elif attempt.id in settled:
            assert (attempt.cost_nanousd, attempt.estimated) == (settled[attempt.id], False)
    for call in calls:
        if call.id in ended:
            assert (call.status, {a.state for a in call.attempts}) == (200, {AttemptState.SETTLED})
    assert await stores.ledger.leases() == []
    budgets = await stores.ledger.budgets()
    assert differences(calls=calls, budgets=budgets, leases=[]) == []
    assert {b.spent_nanousd for b in budgets} <= {sum(call.cost_nanousd for call in calls)}
    assert {b.leased_nanousd for b in budgets} <= {0}
    assert budgets or not sent


async def kill_and_check(place: Place, seeds: range) -> None:
    _, folder = place
    stores = await open_stores(*place)
    try:
        for seed in seeds:
            await killed(place, seed)
            adoption = await adopt_dead(folder / "journal", stores.ledger, "proc_test")
            assert adoption.unreadable == []
            assert len(adoption.adopted) <= 1
            await check_books(stores, folder)
    finally:
        await stores.close()


async def test_a_killed_process_leaves_no_attempt_out(place: Place) -> None:
    await kill_and_check(place, range(2))


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_many_killed_processes_leave_no_attempt_out(place: Place) -> None:
    await kill_and_check(place, range(100, 140))


async def test_processes_killed_together_are_adopted_together(place: Place) -> None:
    stores = await open_stores(*place)
    try:
        await asyncio.gather(*(killed(place, seed) for seed in (7, 8)))

        adoptions = await asyncio.gather(
            *(adopt_dead(place[1] / "journal", stores.ledger, f"proc_{number}") for number in range(3))
        )

        adopted = [process for adoption in adoptions for process in adoption.adopted]
        assert len(adopted) == len(set(adopted))
        assert list((place[1] / "journal").iterdir()) == []
        await check_books(stores, place[1])
    finally:
        await stores.close()
