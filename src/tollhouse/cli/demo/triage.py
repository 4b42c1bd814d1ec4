"""The first act: the shipped workflow over the reports, through the gateway."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from tollhouse.domain.ids import new_id
from tollhouse.workflows.batch import records
from tollhouse.workflows.records import Record
from tollhouse.workflows.rows import Row
from tollhouse.workflows.run import RunResult

from .house import CLAIMS, DemoHouse

AT_A_TIME = {"inhouse": 2, "openai": 8}
"""Reports at a time, by engine. Our own needs a processor each; the others only make us wait."""


def triaged(demo: DemoHouse, rows: Sequence[Row], *, at_a_time: int) -> AsyncGenerator[Record, None]:
    """Yield each report's record in order, as results come."""

    async def run_one(row: Row, run: str) -> RunResult:
        return await demo.house.run(CLAIMS, row.text, {}, run)

    return records(rows, run_one, concurrency=at_a_time, new_run=partial(new_id, "run"), stop=asyncio.Event())
