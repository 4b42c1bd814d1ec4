"""Past calls in the order they came, in SQL: one question a batch, so that a month of calls never stands in memory."""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import Select, Subquery, func, select, tuple_
from sqlalchemy.engine import Connection

from tollhouse.domain.governance import BudgetScope
from tollhouse.ports.history import PastCall

from .engine import Database
from .schema import attempts, calls, corrections

BATCH = 5_000
"""Calls of one question: about 100 ms, so that writers on SQLite never wait long."""

_COLUMNS = {"team": calls.c.team, "use_case": calls.c.use_case, "key": calls.c.key}


class SqlHistory:
    """History on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls(self, scope: BudgetScope, *, since_ms: int, until_ms: int) -> AsyncIterator[Sequence[PastCall]]:
        after = (since_ms - 1, "\U0010ffff")  # behind every call of the millisecond before
        while True:
            batch = await self._batch(_wanted(scope, after, until_ms))
            if batch:
                yield batch
                after = (batch[-1].at_ms, batch[-1].id)
            if len(batch) < BATCH:
                return

    async def _batch(self, wanted: Subquery) -> list[PastCall]:
        def asking(connection: Connection) -> list[PastCall]:
            corrected = {row.call: row for row in connection.execute(_corrections(wanted))}
            found = []
            for row in connection.execute(_sums(wanted)).mappings():
                added = corrected.get(row["id"])
                found.append(
                    PastCall(
                        **{name: row[name] for name in ("id", "at_ms", "team", "use_case", "key", "latency_ms")},
                        tokens=int(row["tokens"] or 0) + int(added.tokens if added else 0),
                        cost_nanousd=int(row["cost"] or 0) + int(added.cost if added else 0),
                        held_nanousd=int(row["held"] or 0),
                    )
                )
            return found

        return await self._database.read(asking)


def _wanted(scope: BudgetScope, after: tuple[int, str], until_ms: int) -> Subquery:
    has_attempt = select(attempts.c.call_id).where(attempts.c.call_id == calls.c.id).exists()
    question = (
        select(*(calls.c[name] for name in ("id", "at_ms", "team", "use_case", "key", "latency_ms")))
        .where(calls.c.at_ms >= after[0], calls.c.at_ms < until_ms, has_attempt)
        .where(tuple_(calls.c.at_ms, calls.c.id) > tuple_(*after))
        .order_by(calls.c.at_ms, calls.c.id)
        .limit(BATCH)
    )
    if scope.kind != "organisation":
        question = question.where(_COLUMNS[scope.kind] == scope.name)
    return question.subquery()


def _sums(wanted: Subquery) -> Select[tuple[object, ...]]:
    a = attempts.c
    return (
        select(
            *wanted.c,
            func.sum(a.tokens_in + a.tokens_out).label("tokens"),
            func.sum(a.cost_nanousd).label("cost"),
            func.max(a.held_nanousd).label("held"),
        )
        .join_from(wanted, attempts, a.call_id == wanted.c.id)
        .group_by(*wanted.c)
        .order_by(wanted.c.at_ms, wanted.c.id)
    )


def _corrections(wanted: Subquery) -> Select[tuple[object, ...]]:
    c = corrections.c
    return (
        select(
            c.call,
            func.sum(c.tokens_in + c.tokens_out).label("tokens"),
            func.sum(c.cost_nanousd).label("cost"),
        )
        .where(c.call.in_(select(wanted.c.id)))
        .group_by(c.call)
    )
