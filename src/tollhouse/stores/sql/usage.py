"""Questions to the ledger in SQL. Sums are made by the database; what reaches Python is little more than a row a group."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, select, text, tuple_
from sqlalchemy.engine import Connection, RowMapping

from tollhouse.domain.calls import Attempt, Call, Outcome
from tollhouse.domain.corrections import Correction
from tollhouse.ports.usage import MAX_GROUPS, TAG, CallFilter, Page, UsageReport, check_dimensions, tag_of

from .. import listing
from ..sums import Group, Sums, report_of
from . import rows
from .engine import Database
from .raw_sums import Found, Span, add_raw
from .schema import attempts, calls, corrections, open_calls
from .stored_sums import Run, add_stored, add_stored_tag, cover
from .tags import tag_conditions, tags_from

SORTED_IN_MEMORY = "64MB"
"""A month of a tag's sums, which PostgreSQL would else (4 MB) sort on disk; a process asks a few questions at a time."""


class SqlUsage:
    """UsageQueries on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls(self, where: CallFilter, *, limit: int = 50, cursor: str | None = None) -> Page:
        listing.check_limit(limit)
        after = listing.read_cursor(cursor)
        if where.outcome == Outcome.RUNNING:
            return listing.page_of(await self._database.read(_open), where, limit, cursor)

        def asking(connection: Connection) -> list[Call]:
            question = select(calls).where(*_taken(connection, where))
            if after is not None:
                question = question.where(tuple_(calls.c.at_ms, calls.c.id) < tuple_(*after))
            newest = question.order_by(calls.c.at_ms.desc(), calls.c.id.desc()).limit(limit + 1)
            return _whole(connection, connection.execute(newest).mappings().all())

        return listing.cut(await self._database.read(asking), limit)

    async def call(self, call_id: str) -> Call | None:
        def asking(connection: Connection) -> Call | None:
            question = select(calls).where(calls.c.id == call_id)
            found = _whole(connection, connection.execute(question).mappings().all())
            if found:
                return found[0]
            return next((call for call in _open(connection) if call.id == call_id), None)

        return await self._database.read(asking)

    async def usage(self, by: Sequence[str], where: CallFilter, *, groups: int = MAX_GROUPS) -> UsageReport:
        check_dimensions(by)

        def asking(connection: Connection) -> UsageReport:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SET LOCAL work_mem = '{SORTED_IN_MEMORY}'"))
            return report_of(by, _sums(connection, by, where), groups)

        return await self._database.read(asking)


# --- sums -----------------------------------------------------------------------------------------------------------


def _sums(connection: Connection, by: Sequence[str], where: CallFilter) -> dict[Group, Sums]:
    window = Span(where.since_ms, where.until_ms)
    tags = {tag for name in by if (tag := tag_of(name)) is not None} | {name for name, _ in where.tags}
    found: defaultdict[Group, Sums] = defaultdict(Sums)
    if len(tags) > 1:
        _add_gap(connection, by, where, window, found)  # no stored sum knows which tags come together
        return found
    tag = next(iter(tags), None)
    runs, gaps = cover(connection, window, tag=tag)
    for gap in gaps:
        _add_gap(connection, by, where, gap, found)
    for run in runs:
        if tag is None:
            _add_run(connection, by, where, run, found)
        else:
            _add_tag_run(connection, by, tag, where, run, found)
    return found


def _add_gap(
    connection: Connection, by: Sequence[str], where: CallFilter, gap: Span, found: defaultdict[Group, Sums]
) -> None:
    columns = [name for name in by if tag_of(name) is None]
    tags = [tag for name in by if (tag := tag_of(name)) is not None]
    rows_found: Found = defaultdict(Sums)
    add_raw(connection, [*columns, *(["tags"] if tags else [])], where, gap, rows_found)
    for values, sums in rows_found.items():
        known = dict(zip(columns, values, strict=False))
        tagged = tags_from(values[-1]) if tags else {}
        found[tuple(_shown(name, known, tagged) for name in by)].add(sums)


def _add_run(
    connection: Connection, by: Sequence[str], where: CallFilter, run: Run, found: defaultdict[Group, Sums]
) -> None:
    columns = [name for name in by if tag_of(name) is None]
    stored: Found = defaultdict(Sums)
    add_stored(connection, columns, where, run, stored)
    for values, sums in stored.items():
        known = dict(zip(columns, values, strict=True))
        found[tuple(_shown(name, known, {}) for name in by)].add(sums)


def _add_tag_run(
    connection: Connection, by: Sequence[str], tag: str, where: CallFilter, run: Run, found: defaultdict[Group, Sums]
) -> None:
    """What has the tag is stored by its value; what has it not is the rest of everything."""
    dimension = f"{TAG}{tag}"
    columns = ["value" if name == dimension else name for name in by]
    value = dict(where.tags).get(tag)
    tagged: Found = defaultdict(Sums)
    add_stored_tag(connection, columns, tag, value, where, run, tagged)
    for values, sums in tagged.items():
        known = dict(zip(columns, values, strict=True))
        found[tuple(_shown(name, known, {tag: str(known.get("value"))}) for name in by)].add(sums)
        if value is None:
            found[tuple(_shown(name, known, {}) for name in by)].add(sums, times=-1)
    if value is None:
        _add_run(connection, by, where, run, found)


def _shown(name: str, known: Mapping[str, object], tags: Mapping[str, str]) -> str | None:
    tag = tag_of(name)
    if tag is not None:
        return tags.get(tag)
    value = known[name]
    if name == "day":
        return datetime.fromtimestamp(int(str(value)) * listing.DAY_MS / 1000, UTC).date().isoformat()
    return None if value is None else str(value)


# --- calls ----------------------------------------------------------------------------------------------------------


def _taken(connection: Connection, where: CallFilter) -> list[ColumnElement[bool]]:
    wanted = {name: getattr(where, name) for name in listing.EQUAL}
    conditions = Span(where.since_ms, where.until_ms).conditions(calls.c.at_ms)
    conditions += [calls.c[name] == value for name, value in wanted.items() if value is not None]
    return [*conditions, *tag_conditions(connection, where)]


def _whole(connection: Connection, found: Sequence[RowMapping]) -> list[Call]:
    """Return the calls of these rows, with their attempts and what corrections add to them."""
    if not found:
        return []
    ids = [row["id"] for row in found]
    of_call: dict[str, list[Attempt]] = {call_id: [] for call_id in ids}
    question = select(attempts).where(attempts.c.call_id.in_(ids)).order_by(attempts.c.call_id, attempts.c.position)
    for row in connection.execute(question).mappings():
        of_call[row["call_id"]].append(rows.attempt_from(row))
    whole = {row["id"]: rows.call_from(row, of_call[row["id"]]) for row in found}
    for row in connection.execute(select(corrections).where(corrections.c.call.in_(ids))).mappings():
        listing.correct(whole[row["call"]], [Correction(**row)])
    return list(whole.values())


def _open(connection: Connection) -> list[Call]:
    """Every open call, except those that have finished since their process last said so."""
    finished = select(calls.c.id).where(calls.c.id == open_calls.c.id).exists()
    documents = connection.execute(select(open_calls.c.document).where(~finished))
    return [rows.call_from_document(document) for (document,) in documents]
