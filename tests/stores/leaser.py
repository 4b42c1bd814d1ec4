"""A process of its own for tests: it leases from one budget, posts and gives back; run as a script with JSON arguments."""

import asyncio
import json
import random
import sys
from pathlib import Path

from ledger_words import CLAIMS, OCTOBER, ORGANISATION, a_call, an_ask, an_attempt
from tollhouse.domain.calls import Call
from tollhouse.domain.errors import BudgetExceeded, StoreUnavailable
from tollhouse.ports.ledger import SliceHeld
from tollhouse.stores import Stores, open_stores

SCOPES = (ORGANISATION, CLAIMS)


async def use_it_up(stores: Stores, process: str, limit: int, least: int) -> dict[str, int]:
    """Lease until nothing is left, spending some of it and giving some back; return what is held and what was spent."""
    chance = random.Random(process)
    held, spent = 0, 0
    while True:
        asks = [an_ask(scope, limit=limit, least=least, most=100) for scope in SCOPES]
        try:
            held += min(piece.nanousd for piece in await stores.ledger.lease(process, asks))
        except BudgetExceeded:
            return {"held": held, "spent": spent}
        except StoreUnavailable:
            continue  # another process held the file for too long: nothing was leased
        if chance.random() < 0.3:
            cost = chance.randint(0, held)
            await stores.ledger.post(process, [a_call(an_attempt(cost))])
            held, spent = held - cost, spent + cost
        elif chance.random() < 0.2:
            back = chance.randint(0, held)
            await stores.ledger.give_back(process, [SliceHeld(scope, OCTOBER, back) for scope in SCOPES])
            held -= back


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
    try:
        if task == "use it up":
            _say(await use_it_up(stores, process, limit=5_000, least=20))
        else:
            await work_until_killed(stores, process)
    finally:
        await stores.close()


if __name__ == "__main__":
    asyncio.run(_main(*json.loads(sys.argv[1])))
