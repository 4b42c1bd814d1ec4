"""
The ledger in SQL: budgets are leased and calls are posted in transactions that are exact among any number of processes.

Whoever creates a budget's row excludes all posting meanwhile, so that no cost falls between the sum of the past and
the row that counts from then on.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from tollhouse.domain.calls import Call
from tollhouse.ports.ledger import BudgetState, SliceAsk, SliceHeld

from ..budgets import charges_by_scope
from . import budget_rows, engine, rows
from .budget_rows import Change
from .schema import budget_periods, calls, leases, open_calls

IDS_AT_ONCE = 500
"""Ids in one question, well below what either database takes at once."""


class SqlLedger:
    """Ledger on a database."""

    def __init__(self, database: engine.Database) -> None:
        self._database = database

    async def lease(self, process: str, asks: Sequence[SliceAsk]) -> list[SliceHeld]:
        if not asks:
            return []

        def leasing(connection: Connection) -> list[SliceHeld] | None:
            return budget_rows.lease(self._database, connection, process, asks)

        held = await self._database.write_for_caller(leasing)
        if held is None:
            await self._create_rows([(ask.scope, ask.period) for ask in asks])
            held = await self._database.write_for_caller(leasing)
        assert held is not None, "rows of budgets are never deleted"
        return held

    async def give_back(self, process: str, held: Sequence[SliceHeld]) -> None:
        returned: dict[budget_rows.Budget, int] = {}
        for piece in held:
            returned[piece.scope, piece.period] = returned.get((piece.scope, piece.period), 0) + piece.nanousd

        def giving(connection: Connection) -> None:
            found = budget_rows.lock_asked(connection, process, list(returned))
            changes = [Change(f, 0, min(returned[f.scope, f.period], f.held)) for f in found]
            budget_rows.settle(connection, process, changes)
            connection.execute(delete(leases).where(leases.c.process == process, leases.c.nanousd == 0))

        if returned:
            await self._database.write(giving)

    async def post(self, process: str, calls: Sequence[Call], *, replay: bool = False) -> None:
        def posting(connection: Connection) -> None:
            budget_rows.hold_posts(connection, exclusively=replay)
            fresh = _absent(connection, calls) if replay else calls
            rows.insert_calls(connection, fresh)
            _charge(connection, process, fresh)

        if not calls:
            return
        try:
            await self._database.write(posting)
        except IntegrityError as error:
            raise ValueError("a call of this batch is in the ledger already; post the batch with `replay`") from error

    async def adopt(self, dead: str, calls: Sequence[Call]) -> None:
        def adopting(connection: Connection) -> None:
            budget_rows.hold_posts(connection, exclusively=True)
            fresh = _absent(connection, calls)
            rows.insert_calls(connection, fresh)
            _charge(connection, dead, fresh, all_returned=True)
            connection.execute(delete(open_calls).where(open_calls.c.process == dead))
            connection.execute(delete(leases).where(leases.c.process == dead))

        await self._database.write(adopting)

    async def show_open(self, process: str, calls: Sequence[Call]) -> None:
        documents = [{"process": process, "id": call.id, "document": rows.document_of(call)} for call in calls]

        def showing(connection: Connection) -> None:
            connection.execute(delete(open_calls).where(open_calls.c.process == process))
            if documents:
                connection.execute(insert(open_calls), documents)

        await self._database.write(showing)

    async def budgets(self, *, at_ms: int | None = None) -> list[BudgetState]:
        question = select(budget_periods).order_by(budget_periods.c.id)
        if at_ms is not None:
            question = question.where(budget_periods.c.start_ms <= at_ms, budget_periods.c.end_ms > at_ms)

        def asking(connection: Connection) -> list[BudgetState]:
            found = (connection.execute(question)).mappings()
            return [
                BudgetState(budget_rows.scope_of(r), budget_rows.period_of(r), r["spent_nanousd"], r["leased_nanousd"])
                for r in found
            ]

        return await self._database.read(asking)

    async def spent(self, wanted: Sequence[budget_rows.Budget]) -> list[int]:
        def asking(connection: Connection) -> list[int]:
            return budget_rows.spent(connection, wanted)

        return await self._database.read(asking)

    async def forget_sessions(self, before_ms: int) -> int:
        b = budget_periods.c
        over = select(b.id).where(b.scope_kind == "session", b.end_ms < before_ms, b.leased_nanousd == 0)

        def forgetting(connection: Connection) -> int:
            connection.execute(delete(leases).where(leases.c.budget_id.in_(over), leases.c.nanousd == 0))
            return connection.execute(delete(budget_periods).where(b.id.in_(over))).rowcount

        return await self._database.write(forgetting)

    async def leases(self) -> list[tuple[str, SliceHeld]]:
        question = (
            select(budget_periods, leases.c.process, leases.c.nanousd)
            .join_from(leases, budget_periods)
            .where(leases.c.nanousd > 0)
            .order_by(leases.c.process, budget_periods.c.id)
        )

        def asking(connection: Connection) -> list[tuple[str, SliceHeld]]:
            found = (connection.execute(question)).mappings()
            return [
                (r["process"], SliceHeld(budget_rows.scope_of(r), budget_rows.period_of(r), r["nanousd"]))
                for r in found
            ]

        await self._database.settled()  # so that no lease is missing which a caller did not wait for
        return await self._database.read(asking)

    async def _create_rows(self, wanted: Sequence[budget_rows.Budget]) -> None:
        def creating(connection: Connection) -> None:
            budget_rows.create(self._database, connection, wanted)

        await self._database.write_for_caller(creating, engine.PERIOD_LIMIT_S)


def _charge(connection: Connection, process: str, posted: Sequence[Call], *, all_returned: bool = False) -> None:
    """Move what these calls cost from leased to spent, in every budget on their paths that has a row."""
    charges = charges_by_scope(posted)
    if not charges and not all_returned:
        return
    found = budget_rows.lock_charged(connection, process, charges, leased_too=all_returned)
    changes = [
        Change(figures, cost, figures.held if all_returned else min(cost, figures.held))
        for figures, cost in budget_rows.charged(found, charges)
    ]
    budget_rows.settle(connection, process, changes)


def _absent(connection: Connection, wanted: Sequence[Call]) -> list[Call]:
    """Return those calls that are not in the ledger, each once."""
    by_id = {call.id: call for call in reversed(wanted)}
    ids = list(by_id)
    for start in range(0, len(ids), IDS_AT_ONCE):
        question = select(calls.c.id).where(calls.c.id.in_(ids[start : start + IDS_AT_ONCE]))
        for (known,) in (connection.execute(question)).all():
            del by_id[known]
    return list(reversed(by_id.values()))
