"""A process of its own for tests: it corrects calls beside others who lease and post; run as a script with JSON arguments."""

import asyncio
import json
import sys
from pathlib import Path

from ledger_words import CLAIMS, NOON_MS, ORGANISATION, a_call, an_ask, an_attempt
from tollhouse.domain.calls import Call
from tollhouse.domain.corrections import Correction, correction_id
from tollhouse.stores import Stores, open_stores

ROUNDS, CALLS = 25, 4
LIMIT = 10**9


async def post(stores: Stores, process: str) -> dict[str, int]:
    """Lease, and post calls of 3 nano-USD. The first lease of all makes the budgets' rows while others correct."""
    for _ in range(ROUNDS):
        await stores.ledger.lease(process, [an_ask(scope, limit=LIMIT, least=50) for scope in (ORGANISATION, CLAIMS)])
        await stores.ledger.post(process, [a_call(an_attempt(3)) for _ in range(CALLS)])
    return {"spent": 3 * CALLS * ROUNDS, "written": 0}


async def correct(stores: Stores, process: str) -> dict[str, int]:
    """Correct invented calls by 2 nano-USD each. Every corrector writes the same ones, so half of them are there already."""
    written = 0
    for number in range(ROUNDS):
        written += await stores.corrections.add(
            [a_correction(a_call(an_attempt()), f"{number}.{place}") for place in range(CALLS)]
        )
    return {"spent": 2 * written, "written": written}


def a_correction(call: Call, subject: str) -> Correction:
    return Correction(
        id=correction_id("openai", subject, 0),
        at_ms=NOON_MS,
        booked_ms=NOON_MS,
        provider="openai",
        deployment="openai/gpt-5-mini",
        source="csv 0",
        line=subject,
        author="cli",
        team=call.team,
        use_case=call.use_case,
        key=call.key,
        cost_nanousd=2,
    )


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _main(task: str, database: str | None, path: str, process: str) -> None:
    stores = await open_stores(database, Path(path))
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    try:
        _say(await (post if task == "post" else correct)(stores, process))
    finally:
        await stores.close()


if __name__ == "__main__":
    asyncio.run(_main(*json.loads(sys.argv[1])))
