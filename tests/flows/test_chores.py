"""What a server does now and then, until it stops."""

import asyncio

from tollhouse.bootstrap import regularly
from tollhouse.domain.errors import StoreUnavailable
from tollhouse.web.log import Log


async def test_a_chore_that_was_committing_when_it_was_stopped_is_not_done_again() -> None:
    done = asyncio.Event()

    async def committing() -> None:
        done.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return  # as a transaction does that had to come to its end

    task = asyncio.create_task(regularly(committing, 3600, Log("error")))
    await done.wait()
    task.cancel()

    await asyncio.wait_for(task, 5)


async def test_a_chore_is_done_again_after_the_store_was_away() -> None:
    seen: list[int] = []
    again = asyncio.Event()

    async def away_at_first() -> None:
        seen.append(len(seen))
        if len(seen) == 1:
            raise StoreUnavailable
        again.set()

    task = asyncio.create_task(regularly(away_at_first, 0, Log("error")))
    await asyncio.wait_for(again.wait(), 5)
    task.cancel()
    await asyncio.wait({task})

    assert len(seen) >= 2
