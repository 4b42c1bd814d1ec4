"""The first act: the shipped workflow over the reports, through the gateway."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial

from tollhouse.domain.ids import new_id
from tollhouse.workflows.batch import records
from tollhouse.workflows.records import Record
from tollhouse.workflows.rows import Row
from tollhouse.workflows.run import RunResult

from .house import CLAIMS, DemoHouse

CONCURRENCY = 4
"""Reports at a time, as `tollhouse run` has it. More only wait for a processor when the engine is in-house."""


def triaged(demo: DemoHouse, rows: Sequence[Row]) -> AsyncGenerator[Record, None]:
    """Yield each report's record in order, as results come."""
    from asyncio import Event

    async def run_one(row: Row, run: str) -> RunResult:
        return await demo.house.run(CLAIMS, row.text, {}, run)

    return records(rows, run_one, concurrency=CONCURRENCY, new_run=partial(new_id, "run"), stop=Event())
