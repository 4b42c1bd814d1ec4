"""
Sums that are stored already: which spans of time have them, and what they hold.

A span is five minutes, an hour or a day of UTC. A question takes the longest that fit into its window and asks the
ledger's rows for the rest, so it reads little whatever its window is.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Label, Select, Subquery, and_, func, select
from sqlalchemy.engine import Connection

from tollhouse.ports.usage import CallFilter

from .. import listing
from ..histogram import unpack
from ..sums import FIGURES, Sums
from .raw_sums import Found, Span
from .schema import rollup_groups, rollup_spans, rollups, tag_rollups

FIVE_MINUTES_MS = 300_000
HOUR_MS = 3_600_000
LENGTHS_MS = (listing.DAY_MS, HOUR_MS, FIVE_MINUTES_MS)
"""Longest first; each is a multiple of the next. The triggers of the schema know them too."""
WORTH_A_SCAN = 1 / 32
"""Reading a row on the way costs a thirtieth of finding one through the index, and sorting it."""
NO_TAGS = "[]"
EVERYTHING = CallFilter()


@dataclass(frozen=True, slots=True)
class Run:
    """Spans of one length, one after another, that are all summed."""

    length_ms: int
    start_ms: int
    end_ms: int


def cover(
    connection: Connection, window: Span, *, lengths_ms: Sequence[int] = LENGTHS_MS, tag: str | None = None
) -> tuple[list[Run], list[Span]]:
    """
    Return the stored sums that a window is made of, and the gaps between them.

    Args:
        lengths_ms: of the spans to take, longest first.
        tag: of which the values are wanted; spans in which it has too many are gaps.
    """
    runs: list[Run] = []
    gaps = [window]
    for length_ms in lengths_ms:
        left: list[Span] = []
        for gap in gaps:
            inside = list(_runs(_summed_starts(connection, gap, length_ms, tag), length_ms))
            runs += inside
            left += _between(gap, inside)
        gaps = left
    return runs, gaps


def wide_tags(connection: Connection, runs: Sequence[Run]) -> set[str]:
    """Return the tags that one of these spans has too many values of."""
    c = rollup_spans.c
    found: set[str] = set()
    for run in runs:
        inside = (c.length_ms == run.length_ms, c.start_ms >= run.start_ms, c.start_ms < run.end_ms)
        for wide in connection.scalars(select(c.wide_tags).where(*inside, c.wide_tags != NO_TAGS)):
            found.update(json.loads(wide))
    return found


def add_stored(connection: Connection, by: Sequence[str], where: CallFilter, run: Run, found: Found) -> None:
    """
    Add what the filter takes in this run, grouped by these columns. The filter has no tags.

    Rows lie by group and then by time, so whoever goes from group to group needs no sorting: a left join makes SQLite do
    so.
    """
    c = rollups.c
    times = (c.length_ms == run.length_ms, c.start_ms >= run.start_ms, c.start_ms < run.end_ms)
    lying = rollup_groups.outerjoin(rollups, and_(c.group_id == rollup_groups.c.id, *times))
    columns = [(c.start_ms // listing.DAY_MS if name == "day" else rollup_groups.c[name]).label(name) for name in by]
    question = select(*columns, *_added_up(rollups)).select_from(lying).where(*_taken(where))
    question = question.having(func.count(c.start_ms) > 0)
    if "day" in by:
        _add(connection, question.group_by(*columns), len(by), found)
    else:
        _add_by_group(connection, by, question.group_by(rollup_groups.c.id).subquery(), found)


def add_stored_tag(
    connection: Connection, by: Sequence[str], tag: str, value: str | None, where: CallFilter, run: Run, found: Found
) -> None:
    """The same over calls that have this tag, or have it with this value. `by` may name `value`, the tag's."""
    c = tag_rollups.c
    taken = [*_lying(connection, run, tag), *([c.value == value] if value is not None else [])]
    if "day" in by:
        own: dict[str, ColumnElement[Any]] = {"day": c.start_ms // listing.DAY_MS, "value": c.value}
        columns = [(own[name] if name in own else rollup_groups.c[name]).label(name) for name in by]
        joined = tag_rollups.join(rollup_groups, c.group_id == rollup_groups.c.id)
        question = select(*columns, *_added_up(tag_rollups)).select_from(joined).where(*taken, *_taken(where))
        _add(connection, question.group_by(*columns), len(by), found)
    elif set(by) <= {"value"} and not _taken(where):
        values = [c[name] for name in by]
        _add(connection, select(*values, *_added_up(tag_rollups)).where(*taken).group_by(*values), len(by), found)
    else:
        inner = select(c.group_id, c.value, *_added_up(tag_rollups)).where(*taken).group_by(c.value, c.group_id)
        _add_by_group(connection, by, inner.subquery(), found, where)


def add_stored_tags(connection: Connection, run: Run, found: Found) -> None:
    """Add everything about every tag, by the group's identity, tag and value."""
    c = tag_rollups.c
    keys = (c.tag, c.value, c.group_id)
    inner = select(*keys, *_added_up(tag_rollups)).where(*_lying(connection, run, None)).group_by(*keys)
    _add_by_group(connection, ["identity", "tag", "value"], inner.subquery(), found, EVERYTHING)


def _summed_starts(connection: Connection, gap: Span, length_ms: int, tag: str | None) -> list[int]:
    c = rollup_spans.c
    question = select(c.start_ms, c.wide_tags).where(c.length_ms == length_ms, c.is_summed).order_by(c.start_ms)
    if gap.start_ms is not None:
        question = question.where(c.start_ms >= gap.start_ms)
    if gap.end_ms is not None:
        question = question.where(c.start_ms <= gap.end_ms - length_ms)
    found = connection.execute(question)
    return [start_ms for start_ms, wide in found if tag is None or wide == NO_TAGS or tag not in json.loads(wide)]


def _runs(starts: Sequence[int], length_ms: int) -> Iterator[Run]:
    """Join spans that touch."""
    first = 0
    for number, start_ms in enumerate(starts, start=1):
        if number == len(starts) or starts[number] != start_ms + length_ms:
            yield Run(length_ms, starts[first], start_ms + length_ms)
            first = number


def _between(gap: Span, inside: Sequence[Run]) -> Iterator[Span]:
    """Yield what is left of a gap."""
    start_ms = gap.start_ms
    for run in inside:
        if start_ms is None or start_ms < run.start_ms:
            yield Span(start_ms, run.start_ms)
        start_ms = run.end_ms
    if start_ms is None or gap.end_ms is None or start_ms < gap.end_ms:
        yield Span(start_ms, gap.end_ms)


def _taken(where: CallFilter) -> list[ColumnElement[bool]]:
    wanted = {name: getattr(where, name) for name in listing.EQUAL}
    return [rollup_groups.c[name] == value for name, value in wanted.items() if value is not None]


def _lying(connection: Connection, run: Run, tag: str | None) -> list[ColumnElement[bool]]:
    """
    Return what the tags' rows of a run have in common.

    They lie by tag, value and group, and an index knows them by time. SQLite, which does not know how many there are,
    would take the wrong way; it is told by making the other one impossible.
    """
    c = tag_rollups.c
    start_ms: ColumnElement[int] = c.start_ms
    named: ColumnElement[str] = c.tag
    if connection.dialect.name == "sqlite":
        if _share(connection, run) >= WORTH_A_SCAN:
            start_ms = c.start_ms + 0
        else:
            named = c.tag + ""
    taken = [c.length_ms == run.length_ms, start_ms >= run.start_ms, start_ms < run.end_ms]
    return taken if tag is None else [*taken, named == tag]


def _share(connection: Connection, run: Run) -> float:
    """Return how much of all spans of this length the run has."""
    c = rollup_spans.c
    count = connection.scalar(select(func.count()).where(c.length_ms == run.length_ms, c.is_summed))
    return (run.end_ms - run.start_ms) / run.length_ms / (count or 1)


def _add_by_group(
    connection: Connection, by: Sequence[str], inner: Subquery, found: Found, where: CallFilter | None = None
) -> None:
    """Add up what is added up by group already. With a filter its groups are looked up, else their values are in it."""
    columns = [inner.c[name] if name in inner.c else rollup_groups.c[name] for name in by]
    question = select(*columns, *_added_up(inner))
    if where is not None:
        question = question.join_from(inner, rollup_groups, inner.c.group_id == rollup_groups.c.id)
        question = question.where(*_taken(where))
    _add(connection, question.group_by(*columns), len(by), found)


def _add(connection: Connection, question: Select[Any], width: int, found: Found) -> None:
    for row in connection.execute(question):
        *numbers, latency, first_token = row[width:]
        sums = Sums(**{name: int(number or 0) for name, number in zip(FIGURES, numbers, strict=True)})
        sums.latency, sums.first_token = unpack(latency or ""), unpack(first_token or "")
        found[tuple(row[:width])].add(sums)


def _added_up(table: FromClause) -> list[Label[Any]]:
    """Histograms are added up by stringing them together."""
    numbers = [func.sum(table.c[name]).label(name) for name in FIGURES]
    return [*numbers, *(func.aggregate_strings(table.c[name], "").label(name) for name in ("latency", "first_token"))]
