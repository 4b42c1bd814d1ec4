"""Working through a batch: rows in, records out in the same order, several at a time and never more."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

from tollhouse.domain.money import usd_from_nano

from .records import Record
from .rows import Row
from .run import RunResult

WINDOW_PER_WORKER = 8
"""So many rows may be finished and wait for a slower one before them; keeps memory bounded and the slow one from blocking."""

RunOne = Callable[[Row, str], Awaitable[RunResult]]
"""Works on one row under a run's id."""


async def records(
    rows: Iterable[Row],
    run_one: RunOne,
    *,
    concurrency: int,
    new_run: Callable[[], str],
    stop: asyncio.Event,
) -> AsyncGenerator[Record, None]:
    """
    Yield a record for each row, in order.

    When `stop` is set, no further row is started; those under way are finished and yielded, for they are paid for.
    A row's exception is raised here, in its turn, after the rows before it. Closing the iterator cancels what runs.
    """
    slots, waiting = asyncio.Semaphore(concurrency), deque[asyncio.Task[Record | None]]()
    source = iter(rows)

    async def work(row: Row) -> Record | None:
        async with slots:
            return None if stop.is_set() else await _record(row, run_one, new_run)

    try:
        while True:
            while len(waiting) < concurrency * WINDOW_PER_WORKER and not stop.is_set() and (row := next(source, None)):
                waiting.append(asyncio.ensure_future(work(row)))
            if not waiting:
                return
            record = await waiting.popleft()
            if record is None:
                return  # stopped before this row began: none after it has begun either
            yield record
    finally:
        await _cancelled(waiting)


async def _record(row: Row, run_one: RunOne, new_run: Callable[[], str]) -> Record:
    if row.error is not None:
        return Record(row.row, row.id, "failed", None, row.error, None, "0", 0)
    run = new_run()
    result = await run_one(row, run)
    cost = None if result.cost_nanousd is None else usd_from_nano(result.cost_nanousd)
    return Record(row.row, row.id, result.status, result.output, result.error, run, cost, result.attempts)


async def _cancelled(tasks: Iterable[asyncio.Task[Record | None]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
