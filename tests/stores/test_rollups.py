"""Stored sums: they give the figures that the rows give, whatever is written when, and whoever writes it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, text

import seeded_calls
from ledger_words import DAY_MS, NOON_MS, a_call, an_attempt
from tollhouse.domain.calls import Call
from tollhouse.ports.usage import CallFilter
from tollhouse.stores import Stores
from tollhouse.stores.memory import memory_stores
from tollhouse.stores.sql import stores_on
from tollhouse.stores.sql.engine import Database, open_database
from tollhouse.stores.sql.rollups import CLAIM_MS, SETTLED_MS, SqlRollups
from tollhouse.stores.sql.stored_sums import FIVE_MINUTES_MS, HOUR_MS

Place = tuple[str | None, Path]

EVERY_SPAN = {FIVE_MINUTES_MS: 1, HOUR_MS: 1, DAY_MS: 0}
"""Even a span of one call is summed, so that few calls are enough to see all of it."""
MIDNIGHT_MS = NOON_MS + DAY_MS // 2
SINCE_MS, UNTIL_MS = MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS + HOUR_MS
LATER_MS = UNTIL_MS + DAY_MS
EVERYTHING = CallFilter()


@dataclass(frozen=True, slots=True)
class Ledger:
    """A database, and the same in memory to compare it with."""

    database: Database
    stores: Stores
    rollups: SqlRollups
    memory: Stores

    async def post(self, *calls: Call) -> None:
        for stores in (self.stores, self.memory):
            await stores.ledger.post("p1", calls)

    async def roll_up(self, now_ms: int = LATER_MS) -> int:
        rolled = 0
        while found := await self.rollups.roll_up(now_ms):
            rolled += found
        return rolled

    async def agrees(self, by: tuple[str, ...] = ("team",), where: CallFilter = EVERYTHING) -> None:
        found, expected = await self.stores.usage.usage(by, where), await self.memory.usage.usage(by, where)
        assert found == expected, (by, where)

    async def spans(self) -> int:
        return int(await self.ask("SELECT count(*) FROM rollup_spans WHERE is_summed"))

    async def ask(self, question: str) -> int:
        return await self.database.read(lambda connection: int(connection.scalar(text(question)) or 0))

    async def execute(self, *statements: str) -> None:
        def work(connection: Connection) -> None:
            for statement in statements:
                connection.execute(text(statement))

        await self.database.write(work)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    database = await open_database(place[0] or place[1])
    rollups = SqlRollups(database, least_calls=EVERY_SPAN, max_tag_values=20)
    yield Ledger(database, stores_on(database), rollups, memory_stores())
    await database.close()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
async def test_any_question_gets_the_figures_of_the_rows_whatever_is_summed_when(ledger: Ledger, seed: int) -> None:
    random = Random(seed)
    posted: list[Call] = []
    for _ in range(4):
        since_ms = random.choice((SINCE_MS, MIDNIGHT_MS - HOUR_MS, MIDNIGHT_MS))
        posted += (fresh := seeded_calls.calls(random, 60, since_ms, UNTIL_MS))
        await ledger.post(*fresh)
        corrections = seeded_calls.corrections(random, posted, 6, SINCE_MS, UNTIL_MS)
        for stores in (ledger.stores, ledger.memory):
            await stores.corrections.add(corrections)
        await ledger.rollups.roll_up(random.randrange(MIDNIGHT_MS, LATER_MS))
        for _ in range(5):
            await ledger.agrees(*seeded_calls.question(random, SINCE_MS - HOUR_MS, UNTIL_MS + HOUR_MS))

    await ledger.roll_up()

    for _ in range(30):
        await ledger.agrees(*seeded_calls.question(random, SINCE_MS - HOUR_MS, UNTIL_MS + HOUR_MS))
    assert await ledger.spans() > 30
    assert await ledger.rollups.check_rollups() == []


async def test_what_is_summed_is_not_read_again(ledger: Ledger) -> None:
    await ledger.post(a_call(an_attempt(30), at_ms=NOON_MS))
    await ledger.roll_up()

    await ledger.execute("UPDATE rollups SET cost_nanousd = 31")

    assert (await ledger.stores.usage.usage((), EVERYTHING)).total.cost_nanousd == 31
    found = {(each.figure, each.stored, each.summed) for each in await ledger.rollups.check_rollups()}
    assert found == {("cost_nanousd", 31, 30)}


async def test_a_span_is_summed_once_it_is_over_and_again_once_it_has_changed(ledger: Ledger) -> None:
    await ledger.post(a_call(an_attempt(30), at_ms=NOON_MS))

    assert await ledger.roll_up(NOON_MS + FIVE_MINUTES_MS + SETTLED_MS - 1) == 0
    assert await ledger.roll_up(NOON_MS + FIVE_MINUTES_MS + SETTLED_MS) == 1
    assert await ledger.roll_up(LATER_MS) == 2
    assert await ledger.roll_up(LATER_MS) == 0
    await ledger.post(a_call(an_attempt(4), at_ms=NOON_MS + 1))
    assert await ledger.spans() == 0
    await ledger.agrees()
    assert await ledger.roll_up(LATER_MS) == 3
    await ledger.agrees()


async def test_only_the_spans_that_a_late_call_lies_in_are_summed_again(ledger: Ledger) -> None:
    await ledger.post(*(a_call(an_attempt(1), at_ms=NOON_MS + hour * HOUR_MS) for hour in range(-12, 12)))
    assert await ledger.roll_up() == 49

    await ledger.post(a_call(an_attempt(2), at_ms=NOON_MS + 3 * HOUR_MS + 1))

    assert await ledger.spans() == 46
    await ledger.agrees(("day", "key"))


async def test_a_program_that_knows_nothing_of_stored_sums_voids_them_too(ledger: Ledger) -> None:
    await ledger.post(a_call(an_attempt(30)), a_call(an_attempt(4)))
    for statement in (
        "UPDATE calls SET team = 'support' WHERE id = (SELECT min(id) FROM calls)",
        "DELETE FROM calls WHERE id = (SELECT min(id) FROM calls)",
    ):
        await ledger.roll_up()
        assert await ledger.spans() == 3

        await ledger.execute(statement)

        assert await ledger.spans() == 0


async def test_a_correction_voids_the_sums_of_its_call_and_not_of_its_own_time(ledger: Ledger) -> None:
    call = a_call(an_attempt(30, at_ms=NOON_MS + 3 * HOUR_MS), at_ms=NOON_MS)
    await ledger.post(call, a_call(an_attempt(7), at_ms=NOON_MS + 3 * HOUR_MS))
    assert await ledger.roll_up() == 5
    (correction,) = seeded_calls.corrections(Random(1), [call], 2, SINCE_MS, UNTIL_MS)[:1]

    for stores in (ledger.stores, ledger.memory):
        await stores.corrections.add([replace(correction, cost_nanousd=-5)])

    assert await ledger.spans() == 2
    await ledger.agrees()
    assert (await ledger.stores.usage.usage((), EVERYTHING)).total.cost_nanousd == 32


async def test_a_correction_outlives_its_call(ledger: Ledger) -> None:
    call = a_call(an_attempt(30, at_ms=NOON_MS + 3 * HOUR_MS), at_ms=NOON_MS)
    await ledger.post(call, a_call(an_attempt(7), at_ms=NOON_MS + 3 * HOUR_MS))
    (correction,) = seeded_calls.corrections(Random(1), [call], 2, SINCE_MS, UNTIL_MS)[:1]
    await ledger.stores.corrections.add([replace(correction, cost_nanousd=-5)])
    await ledger.roll_up()

    await ledger.execute(
        f"DELETE FROM attempts WHERE call_id = '{call.id}'", f"DELETE FROM calls WHERE id = '{call.id}'"
    )

    assert await ledger.spans() == 0
    window = CallFilter(since_ms=NOON_MS + HOUR_MS)
    assert (await ledger.stores.usage.usage((), window)).total.cost_nanousd == 2


async def test_a_row_that_comes_between_claim_and_sum_is_not_lost(ledger: Ledger) -> None:
    """Whatever order the two come in: twenty processes sum while others write into the same spans."""
    random = Random(7)
    posted = seeded_calls.calls(random, 200, NOON_MS, NOON_MS + HOUR_MS)

    async def posting() -> None:
        for number in range(0, len(posted), 5):
            await ledger.post(*posted[number : number + 5])

    async def summing() -> None:
        while (await ledger.memory.usage.usage((), EVERYTHING)).total.calls < len(posted):
            await SqlRollups(ledger.database, least_calls=EVERY_SPAN).roll_up(LATER_MS)

    await asyncio.gather(posting(), *(summing() for _ in range(3)))
    await ledger.roll_up(LATER_MS)

    await ledger.agrees(("team", "model", "prompt"))
    assert await ledger.rollups.check_rollups() == []


async def test_a_claim_of_a_process_that_died_is_taken_over_after_a_while(ledger: Ledger) -> None:
    await ledger.post(a_call(an_attempt(30)))
    await ledger.execute(
        "INSERT INTO rollup_spans (length_ms, start_ms, claim, claimed_ms, is_summed, wide_tags) "
        f"VALUES ({DAY_MS}, {NOON_MS - DAY_MS // 2}, 'dead', {LATER_MS}, false, '[]')"
    )

    assert await ledger.roll_up(LATER_MS + CLAIM_MS - 1) == 2
    assert await ledger.roll_up(LATER_MS + CLAIM_MS) == 1
    await ledger.agrees()


async def test_a_tag_with_a_value_of_its_own_for_each_call_is_not_summed_by_value(ledger: Ledger) -> None:
    calls = seeded_calls.calls(Random(3), 100, NOON_MS, NOON_MS + FIVE_MINUTES_MS)
    await ledger.post(*calls)

    await ledger.roll_up()

    assert await ledger.ask("SELECT count(*) FROM tag_rollups WHERE tag = 'order'") == 0
    assert await ledger.ask("SELECT count(*) FROM tag_rollups WHERE tag = 'env'") > 0
    await ledger.agrees(("tag:order",))


async def test_ids_of_groups_are_shared_by_all_spans(ledger: Ledger) -> None:
    await ledger.post(*(a_call(an_attempt(1), at_ms=NOON_MS + n * HOUR_MS) for n in range(5)))

    await ledger.roll_up()

    assert await ledger.ask("SELECT count(*) FROM rollup_groups") == 1
