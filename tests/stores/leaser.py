"""A process of its own for tests: it leases from one budget, posts and gives back; run as a script with JSON arguments."""

import asyncio
import json
import random
import sys
from pathlib import Path

from ledger_words import CLAIMS, OCTOBER, ORGANISATION, a_call, an_ask, an_attempt
from tollhouse.domain.calls import Call
from tollhouse.domain.errors import BudgetExceeded
from tollhouse.ports.ledger import SliceHeld
from tollhouse.stores import Stores, open_stores

SCOPES = (ORGANISATION, CLAIMS)


LIMIT, LEAST, ROUNDS = 1_000, 20, 80


async def crowd(stores: Stores, process: str) -> dict[str, int]:
    """
    Stay at the budget's edge: lease, spend a little, and give back half whenever nothing is left; then lease to the end.

    Returns what is held and what was spent.
    """
    chance = random.Random(process)
    held, spent, rounds = 0, 0, 0
    while True:
        rounds += 1
        asks = [an_ask(scope, limit=LIMIT, least=LEAST, most=40) for scope in SCOPES]
        try:
            held += min(piece.nanousd for piece in await stores.ledger.lease(process, asks))
        except BudgetExceeded:
            if rounds > ROUNDS:
                return {"held": held, "spent": spent}
            back = (held + 1) // 2
            await stores.ledger.give_back(process, [SliceHeld(scope, OCTOBER, back) for scope in SCOPES])
            held -= back
        if chance.random() < 0.1:
            cost = min(held, chance.randint(0, 5))
            await stores.ledger.post(process, [a_call(an_attempt(cost))])
            held, spent = held - cost, spent + cost


async def work_until_killed(stores: Stores, process: str) -> None:
    """Lease and post for ever. Every call is printed before it is posted, as a journal would have it."""
    while True:
        await stores.ledger.lease(process, [an_ask(scope, limit=10**9, least=50) for scope in SCOPES])
        calls = [a_call(an_attempt(3)) for _ in range(5)]
        for call in calls:
            _say(_written(call))
        await stores.ledger.post(process, calls)


def _written(call: Call) -> dict[str, object]:
    return {"id": call.id, "attempt": call.attempts[0].id, "cost": call.cost_nanousd}


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _main(task: str, database: str | None, path: str, process: str) -> None:
    stores = await open_stores(database, Path(path))
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    try:
        if task == "crowd":
            _say(await crowd(stores, process))
        else:
            await work_until_killed(stores, process)
    finally:
        await stores.close()


if __name__ == "__main__":
    asyncio.run(_main(*json.loads(sys.argv[1])))
