"""
Stored sums of spans of time that are over: made in the background by whichever process comes first.

A span is claimed, summed and stored in three short transactions. Whoever writes a row of it meanwhile, or later, deletes
its claim (triggers do it, so programs of earlier revisions do too), and with it the sums; then it is read row by row
until it is summed again. Between claiming and summing every writer that cannot have seen the claim must have ended.
"""

import asyncio
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import and_, delete, func, insert, select, text, update
from sqlalchemy.engine import Connection

from tollhouse.domain.ids import new_id
from tollhouse.ports.usage import RollupDifference

from .. import listing
from ..histogram import pack
from ..sums import FIGURES, NOTHING, Sums
from .engine import Database
from .raw_sums import Found, Span, add_raw_finely
from .schema import calls, corrections, rollup_groups, rollup_spans, rollups, tag_rollups
from .stored_sums import (
    EVERYTHING,
    FIVE_MINUTES_MS,
    HOUR_MS,
    LENGTHS_MS,
    Run,
    add_stored,
    add_stored_tags,
    cover,
    wide_tags,
)
from .tags import tags_from

GRAIN = ("team", "use_case", "key", "model", "provider", "deployment", "endpoint", "prompt", "status", "outcome")
"""What a stored sum can be grouped and filtered by, beside tags."""

BATCH = 16
"""Spans of one turn: a second or two of a background thread, when a large ledger is summed for the first time."""
LEAST_CALLS: Mapping[int, int] = {FIVE_MINUTES_MS: 250, HOUR_MS: 100, listing.DAY_MS: 0}
"""With fewer calls a span's rows are read as fast as its sums would be."""
SETTLED_MS = 60_000
"""A span is summed a minute after its end: most calls that began in it have finished, and each that has not voids it."""
CLAIM_MS = 300_000
"""A claim that is older was left behind by a process that died; summing takes a second."""
MAX_TAG_VALUES = 1_000
"""Values of a tag in one span. With more it is an id, and there would be as many sums as calls."""
WRITERS_LIMIT_S = 5.0
"""How long to wait for writers that were at work when a span was claimed; they take milliseconds."""
WRITERS_LOOK_S = 0.02
CHECK_LIMIT_S = 900.0
"""As long as `doctor` may read the books: a million calls take half a minute."""
IDS_AT_ONCE = 500
"""Groups in one question, well below what either database takes at once."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One span that is or will be summed."""

    length_ms: int
    start_ms: int

    @property
    def span(self) -> Span:
        return Span(self.start_ms, self.start_ms + self.length_ms)


@dataclass(frozen=True, slots=True)
class Summed:
    """What a span holds, by the JSON text of a group; and by that, a tag and its value. Tags with too many values are named."""

    groups: Mapping[str, Sums]
    tags: Mapping[tuple[str, str, str], Sums]
    wide_tags: frozenset[str]


class SqlRollups:
    """Rollups on a database."""

    def __init__(
        self,
        database: Database,
        *,
        batch: int = BATCH,
        least_calls: Mapping[int, int] = LEAST_CALLS,
        max_tag_values: int = MAX_TAG_VALUES,
    ) -> None:
        self._database = database
        self._batch = batch
        self._least_calls = least_calls
        self._max_tag_values = max_tag_values

    async def roll_up(self, now_ms: int) -> int:
        wanted = await self._database.read(
            lambda connection: list(islice(_wanted(connection, now_ms, self._least_calls), self._batch))
        )
        if not wanted:
            return 0
        claim = new_id("roll")
        claimed = await self._database.write(lambda tx: _claim(self._database, tx, claim, wanted, now_ms))
        if not await self._writers_have_ended():
            await self._database.write(lambda tx: _give_up(tx, claim))
            return 0
        return sum([await self._sum(claim, place) for place in claimed])

    async def check_rollups(self) -> list[RollupDifference]:
        return await self._database.read(lambda connection: list(_differences(connection)), CHECK_LIMIT_S)

    async def _sum(self, claim: str, place: Place) -> bool:
        summed = await self._database.read(
            lambda connection: _sums_of(connection, place, LENGTHS_MS, self._max_tag_values)
        )
        return await self._database.write(lambda tx: _store(self._database, tx, claim, place, summed))

    async def _writers_have_ended(self) -> bool:
        """Wait for whoever may have written before the claims were there. SQLite has one writer at a time."""
        if self._database.kind != "postgresql":
            return True
        clock = asyncio.get_running_loop().time
        after, ends_s = await self._database.read(_next_transaction), clock() + WRITERS_LIMIT_S
        while await self._database.read(_oldest_transaction) < after:
            if clock() > ends_s:
                return False
            await asyncio.sleep(WRITERS_LOOK_S)
        return True


def _next_transaction(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text)")) or 0)


def _oldest_transaction(connection: Connection) -> int:
    """Every transaction before it has ended, and this state of the database shows what it did."""
    return int(connection.scalar(text("SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text)")) or 0)


# --- which spans ----------------------------------------------------------------------------------------------------


def _wanted(connection: Connection, now_ms: int, least_calls: Mapping[int, int]) -> Iterator[Place]:
    """Yield what can be summed and is worth it: newest day first, and in a day the shorter spans first."""
    over_ms = now_ms - SETTLED_MS
    claimed = _claimed(connection, now_ms)
    for day_ms in _days_unsummed(connection, over_ms):
        for place, how_many in _places_of_day(connection, day_ms, over_ms):
            is_over = place.start_ms + place.length_ms <= over_ms
            if is_over and how_many >= least_calls[place.length_ms] and place not in claimed:
                yield place


def _claimed(connection: Connection, now_ms: int) -> set[Place]:
    c = rollup_spans.c
    question = select(c.length_ms, c.start_ms).where(~c.is_summed, c.claimed_ms > now_ms - CLAIM_MS)
    return {Place(*row) for row in connection.execute(question)}


def _days_unsummed(connection: Connection, over_ms: int) -> Iterator[int]:
    """Yield the start of each day that has rows and no stored sum, newest first."""
    _, gaps = cover(connection, Span(None, over_ms), lengths_ms=[listing.DAY_MS])
    for gap in reversed(gaps):
        last_ms = _last_row_ms(connection, gap)
        while last_ms is not None:
            day_ms = last_ms - last_ms % listing.DAY_MS
            yield day_ms
            last_ms = _last_row_ms(connection, Span(gap.start_ms, day_ms))


def _last_row_ms(connection: Connection, span: Span) -> int | None:
    moments = (calls.c.at_ms, corrections.c.booked_ms)
    found = [connection.scalar(select(func.max(moment)).where(*span.conditions(moment))) for moment in moments]
    return max((moment for moment in found if moment is not None), default=None)


def _places_of_day(connection: Connection, day_ms: int, over_ms: int) -> Iterator[tuple[Place, int]]:
    """Yield what is not summed of a day that is not, with the number of calls that it saves to read."""
    day = Place(listing.DAY_MS, day_ms)
    left = 0
    for hour in _unsummed(connection, day.span, HOUR_MS):
        if hour.start_ms < over_ms:
            counts = _counts(connection, hour.span)
            for place in _unsummed(connection, hour.span, FIVE_MINUTES_MS):
                yield place, counts.get(place.start_ms, 0)
            yield hour, sum(counts.values())
            left += sum(counts.values())
    yield day, left


def _unsummed(connection: Connection, span: Span, length_ms: int) -> Iterator[Place]:
    _, gaps = cover(connection, span, lengths_ms=[length_ms])
    for gap in gaps:
        assert gap.start_ms is not None, "a day and an hour have a start"
        assert gap.end_ms is not None, "and an end"
        yield from (Place(length_ms, start_ms) for start_ms in range(gap.start_ms, gap.end_ms, length_ms))


def _counts(connection: Connection, span: Span) -> dict[int, int]:
    """Return how many calls began in each five minutes; an index knows it."""
    number = calls.c.at_ms // FIVE_MINUTES_MS
    question = select(number, func.count()).where(*span.conditions(calls.c.at_ms)).group_by(number)
    return {of_span * FIVE_MINUTES_MS: count for of_span, count in connection.execute(question)}


# --- claim, sum, store ----------------------------------------------------------------------------------------------


def _claim(database: Database, connection: Connection, claim: str, wanted: Iterable[Place], now_ms: int) -> list[Place]:
    """Claim what nobody else has summed or claimed; a claim left behind is taken over."""
    c = rollup_spans.c
    row = {"claim": claim, "claimed_ms": now_ms, "is_summed": False, "wide_tags": "[]"}
    claimed = []
    for place in sorted(wanted):
        taking = database.insert(rollup_spans).values(length_ms=place.length_ms, start_ms=place.start_ms, **row)
        left_behind = and_(~c.is_summed, c.claimed_ms <= now_ms - CLAIM_MS)
        taken = taking.on_conflict_do_update(
            index_elements=[c.length_ms, c.start_ms], set_=row, where=left_behind
        ).returning(c.start_ms)
        if connection.execute(taken).first() is not None:
            claimed.append(place)
    return claimed


def _give_up(connection: Connection, claim: str) -> None:
    connection.execute(delete(rollup_spans).where(rollup_spans.c.claim == claim, ~rollup_spans.c.is_summed))


def _sums_of(connection: Connection, place: Place, lengths_ms: Sequence[int], max_tag_values: int) -> Summed:
    """Sum a span from the shorter spans of these lengths that are summed, and from the ledger's rows between them."""
    shorter = [length_ms for length_ms in lengths_ms if length_ms < place.length_ms]
    runs, gaps = cover(connection, place.span, lengths_ms=shorter)
    groups: Found = defaultdict(Sums)
    tags: Found = defaultdict(Sums)
    for run in runs:
        add_stored(connection, ["identity"], EVERYTHING, run, groups)
        add_stored_tags(connection, run, tags)
    for gap in gaps:
        _add_rows(connection, gap, groups, tags)
    return _summed(groups, tags, wide_tags(connection, runs), max_tag_values)


def _add_rows(connection: Connection, gap: Span, groups: Found, tags: Found) -> None:
    rows: Found = defaultdict(Sums)
    add_raw_finely(connection, [*GRAIN, "tags"], EVERYTHING, gap, rows)
    for (*values, tagged), sums in rows.items():
        identity = json.dumps(values)
        groups[(identity,)].add(sums)
        for name, value in tags_from(tagged).items():
            tags[identity, name, value].add(sums)


def _summed(groups: Found, tags: Found, wide: set[str], max_tag_values: int) -> Summed:
    values = {(tag, value) for _, tag, value in tags}
    wide |= {str(tag) for tag, count in Counter(tag for tag, _ in values).items() if count > max_tag_values}
    return Summed(
        {str(identity): sums for (identity,), sums in groups.items() if sums != NOTHING},
        {
            (str(identity), str(tag), str(value)): sums
            for (identity, tag, value), sums in tags.items()
            if tag not in wide and sums != NOTHING
        },
        frozenset(wide),
    )


def _store(database: Database, connection: Connection, claim: str, place: Place, summed: Summed) -> bool:
    """Store the sums, if the claim still stands; else a row has changed, and the span waits for its next turn."""
    c = rollup_spans.c
    wide = json.dumps(sorted(summed.wide_tags))
    mine = (c.length_ms == place.length_ms, c.start_ms == place.start_ms, c.claim == claim, ~c.is_summed)
    stands = connection.execute(update(rollup_spans).where(*mine).values(is_summed=True, wide_tags=wide)).rowcount
    if not stands:
        return False
    at = {"length_ms": place.length_ms, "start_ms": place.start_ms}
    for table in (rollups, tag_rollups):
        connection.execute(
            delete(table).where(table.c.length_ms == place.length_ms, table.c.start_ms == place.start_ms)
        )
    ids = _group_ids(database, connection, sorted(summed.groups))
    rows = [{**at, "group_id": ids[identity], **_columns(sums)} for identity, sums in summed.groups.items()]
    tagged = [
        {**at, "group_id": ids[identity], "tag": tag, "value": value, **_columns(sums)}
        for (identity, tag, value), sums in summed.tags.items()
    ]
    for table, stored in ((rollups, rows), (tag_rollups, tagged)):
        if stored:
            connection.execute(insert(table), stored)
    return True


def _group_ids(database: Database, connection: Connection, identities: Sequence[str]) -> dict[str, int]:
    """Return the ids of groups; those that nobody has had yet get one. In order, so that nobody waits in a circle."""
    ids: dict[str, int] = {}
    c = rollup_groups.c
    for start in range(0, len(identities), IDS_AT_ONCE):
        some = identities[start : start + IDS_AT_ONCE]
        question = select(c.identity, c.id).where(c.identity.in_(some))
        known = {identity for identity, _ in connection.execute(question)}
        fresh = [
            {"identity": identity, **dict(zip(GRAIN, json.loads(identity), strict=True))}
            for identity in some
            if identity not in known
        ]
        if fresh:
            connection.execute(database.insert(rollup_groups).on_conflict_do_nothing(), fresh)
        ids.update((identity, group_id) for identity, group_id in connection.execute(question))
    return ids


def _columns(sums: Sums) -> dict[str, object]:
    numbers = {name: getattr(sums, name) for name in FIGURES}
    return {**numbers, "latency": pack(sums.latency), "first_token": pack(sums.first_token)}


# --- check ----------------------------------------------------------------------------------------------------------


def _differences(connection: Connection) -> Iterator[RollupDifference]:
    c = rollup_spans.c
    for length_ms, start_ms in connection.execute(select(c.length_ms, c.start_ms).where(c.is_summed)).all():
        place = Place(length_ms, start_ms)
        stored, summed = _stored(connection, place), _sums_of(connection, place, (), max_tag_values=sys.maxsize)
        tags = {key: sums for key, sums in summed.tags.items() if key[1] not in stored.wide_tags}
        yield from _compared(place, stored.groups, summed.groups)
        yield from _compared(place, _joined(stored.tags), _joined(tags))


def _stored(connection: Connection, place: Place) -> Summed:
    groups: Found = defaultdict(Sums)
    tags: Found = defaultdict(Sums)
    run = Run(place.length_ms, place.start_ms, place.start_ms + place.length_ms)
    add_stored(connection, ["identity"], EVERYTHING, run, groups)
    add_stored_tags(connection, run, tags)
    return _summed(groups, tags, wide_tags(connection, [run]), max_tag_values=sys.maxsize)


def _joined(tags: Mapping[tuple[str, str, str], Sums]) -> dict[str, Sums]:
    return {" ".join(key): sums for key, sums in tags.items()}


def _compared(place: Place, stored: Mapping[str, Sums], summed: Mapping[str, Sums]) -> Iterator[RollupDifference]:
    for group in sorted({*stored, *summed}):
        left, right = stored.get(group, NOTHING), summed.get(group, NOTHING)
        for name in (*FIGURES, "latency", "first_token"):
            if getattr(left, name) != getattr(right, name):
                yield RollupDifference(
                    place.length_ms, place.start_ms, group, name, getattr(left, name), getattr(right, name)
                )
