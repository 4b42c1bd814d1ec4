"""Questions to the ledger in SQL. Sums are made by the database; what reaches Python is one row a group."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Column, ColumnElement, Label, and_, case, func, select, tuple_
from sqlalchemy.engine import Connection, RowMapping

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.ports.usage import CallFilter, Page, UsageReport, UsageRow

from .. import listing
from . import rows
from .engine import Database
from .schema import attempts, calls, open_calls

Group = tuple[str | None, ...]


class SqlUsage:
    """UsageQueries on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls(self, where: CallFilter, *, limit: int = 50, cursor: str | None = None) -> Page:
        listing.check_limit(limit)
        after = listing.read_cursor(cursor)
        if where.outcome == Outcome.RUNNING:
            return listing.page_of(await self._database.read(_open), where, limit, cursor)
        question = (
            select(calls).where(*_taken(where)).order_by(calls.c.at_ms.desc(), calls.c.id.desc()).limit(limit + 1)
        )
        if after is not None:
            question = question.where(tuple_(calls.c.at_ms, calls.c.id) < tuple_(*after))

        def asking(connection: Connection) -> list[Call]:
            return _with_attempts(connection, (connection.execute(question)).mappings().all())

        return listing.cut(await self._database.read(asking), limit)

    async def call(self, call_id: str) -> Call | None:
        def asking(connection: Connection) -> Call | None:
            question = select(calls).where(calls.c.id == call_id)
            found = _with_attempts(connection, (connection.execute(question)).mappings().all())
            if found:
                return found[0]
            return next((call for call in _open(connection) if call.id == call_id), None)

        return await self._database.read(asking)

    async def usage(self, by: Sequence[str], where: CallFilter) -> UsageReport:
        listing.check_dimensions(by)

        def asking(connection: Connection) -> UsageReport:
            found: dict[Group, UsageRow] = {}
            _add_calls(connection, by, where, found)
            _add_attempts(connection, by, where, found)
            return listing.report_of(found.values())

        return await self._database.read(asking)


def _taken(where: CallFilter) -> list[ColumnElement[bool]]:
    c = calls.c
    names = ("team", "use_case", "key", "model", "status", "outcome")
    wanted = {name: getattr(where, name) for name in names}
    conditions: list[ColumnElement[bool]] = [c[name] == value for name, value in wanted.items() if value is not None]
    if where.since_ms is not None:
        conditions.append(c.at_ms >= where.since_ms)
    if where.until_ms is not None:
        conditions.append(c.at_ms < where.until_ms)
    return conditions


def _with_attempts(connection: Connection, found: Sequence[RowMapping]) -> list[Call]:
    of_call: dict[str, list[Attempt]] = {row["id"]: [] for row in found}
    if found:
        question = (
            select(attempts)
            .where(attempts.c.call_id.in_(list(of_call)))
            .order_by(attempts.c.call_id, attempts.c.position)
        )
        for row in (connection.execute(question)).mappings():
            of_call[row["call_id"]].append(rows.attempt_from(row))
    return [rows.call_from(row, of_call[row["id"]]) for row in found]


def _open(connection: Connection) -> list[Call]:
    """Every open call, except those that have finished since their process last said so."""
    finished = select(calls.c.id).where(calls.c.id == open_calls.c.id).exists()
    documents = connection.execute(select(open_calls.c.document).where(~finished))
    return [rows.call_from_document(document) for (document,) in documents]


def _add_calls(connection: Connection, by: Sequence[str], where: CallFilter, found: dict[Group, UsageRow]) -> None:
    groups = _groups(by, {"provider": calls.c.provider, "deployment": calls.c.deployment})
    failed = func.sum(case((calls.c.outcome.in_(listing.FAILED), 1), else_=0)).label("errors")
    question = select(*groups, func.count().label("calls"), failed).where(and_(True, *_taken(where))).group_by(*groups)
    for row in (connection.execute(question)).mappings():
        usage = _row(found, by, row)
        usage.calls += row["calls"]
        usage.errors += int(row["errors"] or 0)


def _add_attempts(connection: Connection, by: Sequence[str], where: CallFilter, found: dict[Group, UsageRow]) -> None:
    a = attempts.c
    groups = _groups(by, {"provider": a.provider, "deployment": a.deployment})
    sums = {
        "tokens_in": a.tokens_in,
        "tokens_out": a.tokens_out,
        "tokens_cached": a.tokens_cached,
        "cost_nanousd": a.cost_nanousd,
        "estimated_nanousd": case((a.estimated, a.cost_nanousd), else_=0),
        "unknown_attempts": case((a.state == AttemptState.UNKNOWN.value, 1), else_=0),
    }
    labels = [func.sum(column).label(name) for name, column in sums.items()]
    question = (
        select(*groups, func.count().label("attempts"), *labels)
        .join_from(attempts, calls, attempts.c.call_id == calls.c.id)
        .where(and_(True, *_taken(where)))
        .group_by(*groups)
    )
    for row in (connection.execute(question)).mappings():
        usage = _row(found, by, row)
        usage.attempts += row["attempts"]
        for name in sums:
            setattr(usage, name, getattr(usage, name) + int(row[name] or 0))


def _groups(by: Sequence[str], own: Mapping[str, Column[str]]) -> list[Label[str]]:
    """Return the columns to group by; `own` says where provider and deployment are taken from."""
    day = (calls.c.at_ms // listing.DAY_MS).label("day")
    return [day if name == "day" else (own[name] if name in own else calls.c[name]).label(name) for name in by]


def _row(found: dict[Group, UsageRow], by: Sequence[str], row: RowMapping) -> UsageRow:
    values = {name: _date(row[name]) if name == "day" else row[name] for name in by}
    if not by and not (row.get("calls") or row.get("attempts")):
        return UsageRow()  # an aggregate without groups has one row even of nothing
    return found.setdefault(tuple(values.values()), UsageRow(values))


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * listing.DAY_MS / 1000, UTC).date().isoformat()
