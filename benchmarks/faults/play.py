"""Plays every case in every way on one stage: the silent ones first, the small ones beside them, the heavy ones last."""

import asyncio
from collections.abc import Iterable

from .caller import Answer
from .cases import CASES, WAYS, Case, Way
from .judge import Seen, with_books
from .stage import Stage, route_of

AT_ONCE = 32
HEAVY = frozenset({"endless", "huge-line", "gzip-bomb"})
"""Making these keeps the simulator busy, which shares a loop with the caller."""

Asked = tuple[Case, Way, int, Answer]


async def play(stage: Stage, turn: int = 0) -> list[Seen]:
    """Make every call once, and return what became of it."""
    await stage.asks("stale.whole.alone", streamed=False)  # leaves the first connection that is a trap
    gate = asyncio.Semaphore(AT_ONCE)

    async def at_the_gate(case: Case, way: Way) -> Asked:
        async with gate:
            return await _asked(stage, case, way, turn)

    traps = [case for case in CASES if case.place not in ("sim", "nobody")]
    light = [case for case in CASES if case not in traps and case.name not in HEAVY and not case.is_hurried]
    trapped, silent, small = await asyncio.gather(
        _in_turn(stage, traps, turn),
        asyncio.gather(*(_asked(stage, case, way, turn) for case in CASES if case.is_hurried for way in WAYS)),
        asyncio.gather(*(at_the_gate(case, way) for case in light for way in WAYS)),
    )
    heavy = await asyncio.gather(*(at_the_gate(case, way) for case in CASES if case.name in HEAVY for way in WAYS))
    return await with_books(stage, [*trapped, *silent, *small, *heavy])


async def _in_turn(stage: Stage, cases: Iterable[Case], turn: int) -> list[Asked]:
    """One after the other, so that each finds the connection that the one before left behind."""
    return [await _asked(stage, case, way, turn) for case in cases for way in WAYS]


async def _asked(stage: Stage, case: Case, way: Way, turn: int) -> Asked:
    return case, way, turn, await stage.asks(route_of(case, way, turn), streamed=way.streamed)
