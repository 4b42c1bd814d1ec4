"""Which thresholds of budgets have been passed, in SQL."""

from dataclasses import asdict

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection, RowMapping

from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.budget_warnings import BudgetWarning

from .engine import Database
from .schema import budget_warnings


class SqlBudgetWarnings:
    """BudgetWarnings on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, warnings: list[BudgetWarning]) -> list[BudgetWarning]:
        def claiming(connection: Connection) -> list[BudgetWarning]:
            statement = self._database.insert(budget_warnings).on_conflict_do_nothing()
            return [each for each in warnings if connection.execute(statement.values(_values(each))).rowcount]

        return await self._database.write(claiming) if warnings else []

    async def current(self, at_ms: int) -> list[BudgetWarning]:
        b = budget_warnings.c
        return await self._read(select(budget_warnings).where(b.start_ms <= at_ms, b.end_ms > at_ms))

    async def since(self, at_ms: int) -> list[BudgetWarning]:
        b = budget_warnings.c
        return await self._read(
            select(budget_warnings).where(b.at_ms >= at_ms).order_by(b.at_ms.desc(), b.at_ppm.desc())
        )

    async def _read(self, question: Select[tuple[object, ...]]) -> list[BudgetWarning]:
        def asking(connection: Connection) -> list[BudgetWarning]:
            return [_warning(row) for row in connection.execute(question).mappings()]

        return await self._database.read(asking)


def _values(warning: BudgetWarning) -> dict[str, object]:
    values = asdict(warning)
    del values["scope"], values["period"]
    return {
        **values,
        "scope_kind": warning.scope.kind,
        "scope_name": warning.scope.name,
        "period_kind": warning.period.kind.value,
        "start_ms": warning.period.start_ms,
        "end_ms": warning.period.end_ms,
    }


def _warning(row: RowMapping) -> BudgetWarning:
    return BudgetWarning(
        scope=BudgetScope(row["scope_kind"], row["scope_name"]),
        period=Period(PeriodKind(row["period_kind"]), row["start_ms"], row["end_ms"]),
        at_ppm=row["at_ppm"],
        limit_nanousd=row["limit_nanousd"],
        spent_nanousd=row["spent_nanousd"],
        at_ms=row["at_ms"],
    )
