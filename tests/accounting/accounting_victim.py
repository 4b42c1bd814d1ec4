"""A process that makes calls until it is killed, and writes down by itself what it did: `accounting_victim.py` FOLDER DATABASE SEED."""

import asyncio
import os
import random
import sys
from pathlib import Path

from accounting_desk import OPENAI, a_call, accounting, asked, path, shaped, usage
from tollhouse.accounting.books import Accounting
from tollhouse.adapters.clock import SystemClock
from tollhouse.domain.calls import Outcome
from tollhouse.domain.ids import new_id
from tollhouse.stores import open_stores

LIMIT = 10**10
CALLERS = 8


class Diary:
    """One line an event, written at once: `sent ATT` before the provider has it, `settled ATT COST` after the books have it."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, *words: object) -> None:
        os.write(self._fd, (" ".join(map(str, words)) + "\n").encode())


async def one_call(books: Accounting, diary: Diary, rng: random.Random) -> None:
    clock = SystemClock()
    call = books.open_call(a_call(at_ms=clock.now_ms()), path(LIMIT, LIMIT, LIMIT, LIMIT), unpriced_allowed=False)
    for _ in range(rng.choice([1, 1, 1, 2])):
        attempt = await call.reserve(OPENAI, asked(), shaped())
        await call.sent(attempt)
        diary.note("sent", attempt.id, call.call.id)
        await asyncio.sleep(rng.choice([0, 0, 0.001, 0.02]))
        tokens = rng.randint(1, 50)
        call.settle(attempt, usage(tokens, 10), outcome=Outcome.OK, latency_ms=1)
        diary.note("settled", attempt.id, attempt.cost_nanousd)
    call.end(status=200, outcome=Outcome.OK)
    diary.note("ended", call.call.id)


async def live(folder: Path, database: str | None, seed: int) -> None:
    stores = await open_stores(database, folder)
    books = accounting(
        stores.ledger,
        folder / "journal",
        clock=SystemClock(),
        process=new_id("proc"),
        max_in_memory=50,
        segment_bytes=20_000,
    )
    await books.start()
    diary = Diary(folder / "diary")
    diary.note("ready")

    async def caller(number: int) -> None:
        rng = random.Random(seed * 100 + number)
        while True:
            await one_call(books, diary, rng)

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2] or None, int(sys.argv[3])))
