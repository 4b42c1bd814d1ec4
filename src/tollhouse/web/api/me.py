"""`/api/v1/me`: who one is and what one may do, for an access token as for a caller's key."""

from collections.abc import Sequence

from tollhouse.admission.admission import Principal
from tollhouse.domain.governance import BudgetScope, Governance, UseCase, budgets_of
from tollhouse.domain.roles import Actor
from tollhouse.web.governed import BudgetNow
from tollhouse.web.standing import Allowed, actor_json, caller_json

from .budgets import budgets_now
from .entry import Answer, Asked
from .rooms import Rooms


async def show_me(rooms: Rooms, asked: Asked) -> Answer:
    governance = rooms.register.governance
    if isinstance(asked.who, Actor):
        token = next((token for token in governance.tokens if token.name == asked.who.name), None)
        return Answer(actor_json(asked.who, token))
    return Answer(caller_json(asked.who, await _allowed(rooms, governance, asked.who)))


async def _allowed(rooms: Rooms, governance: Governance, principal: Principal) -> list[Allowed]:
    use_cases = [governance.use_cases[name] for name in principal.use_cases if name in governance.use_cases]
    paths = {use_case.name: _path(principal, use_case) for use_case in use_cases}
    on_paths = {scope for path in paths.values() for scope in path}
    in_force = {scope: budget for scope, budget in budgets_of(governance).items() if scope in on_paths}
    if principal.session is not None and principal.session.budget is not None:
        in_force[BudgetScope("session", principal.session.id)] = principal.session.budget
    now = {each.scope: each for each in await budgets_now(rooms, governance, in_force)}
    return [
        Allowed(
            use_case=use_case,
            models=_models(rooms, principal, use_case),
            budgets=_of_path(paths[use_case.name], now),
            rates=rooms.rates(principal, use_case.name),
        )
        for use_case in use_cases
    ]


def _path(principal: Principal, use_case: UseCase) -> tuple[BudgetScope, ...]:
    session = principal.session
    return (
        BudgetScope("organisation", ""),
        BudgetScope("team", use_case.team),
        BudgetScope("use_case", use_case.name),
        BudgetScope("key", principal.key.name),
        *((BudgetScope("session", session.id),) if session else ()),
    )


def _of_path(path: Sequence[BudgetScope], now: dict[BudgetScope, BudgetNow]) -> list[BudgetNow]:
    return [now[scope] for scope in path if scope in now]


def _models(rooms: Rooms, principal: Principal, use_case: UseCase) -> list[str]:
    """Return the names that the key may ask for, and the patterns that it may use whole."""
    names = rooms.admission.models(principal, use_case)
    limits = principal.key.models
    return [name for name in use_case.models if name in names or ("*" in name and (limits is None or name in limits))]
