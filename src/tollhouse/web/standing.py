"""Who one is and what one may do: the answer of `/api/v1/me` and of `tollhouse whoami`. Pure shaping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tollhouse.admission.admission import Principal
from tollhouse.domain.governance import UseCase
from tollhouse.domain.periods import FOREVER_MS
from tollhouse.domain.rates import RateState
from tollhouse.domain.roles import AccessToken, Actor
from tollhouse.governance.documents import moment
from tollhouse.governance.roles import Action, permitted

from .governed import BudgetNow, Members, budget_json


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    What a key may do under one use case.

    Args:
        models: those that the key may ask for, patterns too; the first is the default.
        budgets: on the path of its calls, in the order in which they are asked.
        rates: what is left of the rates on that path, by what they count.
    """

    use_case: UseCase
    models: Sequence[str]
    budgets: Sequence[BudgetNow]
    rates: Mapping[str, RateState]


def actor_json(actor: Actor, token: AccessToken | None) -> Members:
    """`token` None: the admin token, which does not end."""
    return {
        "kind": "access_token" if token else "admin_token",
        "name": actor.name,
        "role": actor.role.value,
        "team": actor.team,
        "expires": moment(token.expires_ms) if token else None,
        "may": [action.name.lower() for action in Action if permitted(actor.role, action)],
    }


def caller_json(principal: Principal, allowed: Sequence[Allowed]) -> Members:
    """Of a caller's key or session: never a secret, nor anything of another team."""
    key, session = principal.key, principal.session
    return {
        "kind": "session" if session else "key",
        "name": key.name,
        "team": key.team,
        "subject": session.subject if session else None,
        "expires": moment(principal.until_ms) if principal.until_ms < FOREVER_MS else None,
        "use_cases": [_allowed_json(each) for each in allowed],
    }


def _allowed_json(allowed: Allowed) -> Members:
    use_case = allowed.use_case
    parameters = use_case.parameters
    return {
        "name": use_case.name,
        "state": use_case.state,
        "models": list(allowed.models),
        "parameters": {
            "default": dict(parameters.default),
            "max": dict(parameters.maximum),
            "locked": sorted(parameters.locked),
        },
        "max_output_tokens": use_case.max_output_tokens,
        "budgets": [_left_json(now) for now in allowed.budgets],
        "rate": {name: _rate_json(state) for name, state in allowed.rates.items()},
    }


def _left_json(now: BudgetNow) -> Members:
    """What a caller needs of a budget: not who set it or who was warned."""
    shown = budget_json(now)
    names = (
        "scope",
        "name",
        "limit_usd",
        "period",
        "start",
        "end",
        "spent_usd",
        "held_usd",
        "left_usd",
        "on_exhausted",
    )
    return {name: shown[name] for name in names}


def _rate_json(state: RateState) -> Members:
    return {"limit": state.limit, "left": state.remaining, "whole_in_ms": state.reset_ms}
