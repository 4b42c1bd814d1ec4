"""Budgets as they stand: what is in force, laid together with what the ledger knows of it."""

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from tollhouse.domain.errors import NotFound
from tollhouse.domain.governance import Budget, BudgetScope, Governance, budgets_of
from tollhouse.domain.periods import Period
from tollhouse.governance.documents import read_budget
from tollhouse.governance.roles import sees
from tollhouse.ports.ledger import BudgetState, Ledger
from tollhouse.web.governed import BudgetNow, budget_json, budget_now, managed_of, period_of, team_of

from .body import Reasoned
from .entry import Answer, Asked
from .rooms import Rooms

SCOPES = ("organisation", "team", "use_case", "key")


class NewBudget(Reasoned):
    """A cap: how much, per what, and what happens at its end."""

    limit_usd: Annotated[str, Field(description="US dollars as a plain decimal string.")]
    period: Literal["day", "week", "month", "total"]
    warn_at: Annotated[
        list[float | int] | None, Field(description="Parts of the limit at which it warns, once each.")
    ] = None
    on_exhausted: Literal["block", "fallback"] = "block"

    @property
    def document(self) -> dict[str, object]:
        return self.model_dump(exclude={"reason"}, exclude_unset=True)


async def list_budgets(rooms: Rooms, asked: Asked) -> Answer:
    governance = rooms.register.governance
    visible = {
        scope: budget
        for scope, budget in budgets_of(governance).items()
        if sees(asked.actor, team_of(governance, scope))
    }
    return Answer({"items": [budget_json(now) for now in await budgets_now(rooms, governance, visible)]})


async def put_budget(rooms: Rooms, asked: Asked) -> Answer:
    document = asked.body_as(NewBudget).document
    scope = await _set(rooms, asked, document)
    governance = rooms.register.governance
    in_force = budgets_of(governance)[scope]
    (now,) = await budgets_now(rooms, governance, {scope: in_force})
    return Answer(budget_json(now))


async def delete_budget(rooms: Rooms, asked: Asked) -> Answer:
    await _set(rooms, asked, None)
    return Answer()


async def budgets_now(rooms: Rooms, governance: Governance, wanted: Mapping[BudgetScope, Budget]) -> list[BudgetNow]:
    """Return these budgets in their current periods, in the order given."""
    if not wanted:
        return []
    now_ms, zone = rooms.clock.now_ms(), ZoneInfo(governance.time_zone)
    periods = {scope: period_of(budget, now_ms, zone) for scope, budget in wanted.items()}
    states = await _states(rooms.ledger, periods, now_ms)
    warnings = await rooms.warnings.current(now_ms)
    return [
        budget_now(scope, budget, periods[scope], managed_of(governance, scope), states[scope], warnings)
        for scope, budget in wanted.items()
    ]


async def _states(ledger: Ledger, periods: Mapping[BudgetScope, Period], now_ms: int) -> dict[BudgetScope, BudgetState]:
    """Return each budget's figures. One that nothing was leased of has none; it counts what was spent all the same."""
    known = {(state.scope, state.period): state for state in await ledger.budgets(at_ms=now_ms)}
    fresh = [place for place in periods.items() if place not in known]
    for (scope, period), spent in zip(fresh, await ledger.spent(fresh) if fresh else [], strict=True):
        known[scope, period] = BudgetState(scope, period, spent, leased_nanousd=0)
    return {scope: known[scope, period] for scope, period in periods.items()}


async def _set(rooms: Rooms, asked: Asked, document: Mapping[str, object] | None) -> BudgetScope:
    """A key's budget stands on the key, every other one on its object."""
    scope = BudgetScope(asked.names.get("kind", "organisation"), asked.names.get("name", ""))
    if scope.kind == "key":
        await rooms.keys.change(
            asked.actor, scope.name, budget=None if document is None else read_budget(document), reason=asked.reason
        )
    elif scope.kind in SCOPES and (scope.kind == "organisation") == (not scope.name):
        await rooms.desk.set_budget(asked.actor, scope, document, reason=asked.reason)
    else:
        raise NotFound(f"There are budgets of these kinds: {', '.join(SCOPES)}.")
    return scope
