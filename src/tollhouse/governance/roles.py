"""What each role may do. Pure; an action that has no row is nobody's."""

from collections.abc import Mapping
from enum import StrEnum

from tollhouse.domain.errors import NotPermitted
from tollhouse.domain.roles import Actor, Role


class Action(StrEnum):
    """One thing that a route of the API or a command does."""

    ME = "ask who one is"
    CALLS_READ = "read calls"
    USAGE_READ = "read usage"
    BUDGETS_READ = "read budgets"
    BUDGETS_WRITE = "set budgets"
    BUDGETS_TRY = "try budgets out on past calls"
    TEAMS_READ = "read teams"
    TEAMS_WRITE = "change teams"
    USE_CASES_READ = "read use cases"
    USE_CASES_WRITE = "propose and change use cases"
    USE_CASES_MOVE = "approve, start and retire use cases"
    CACHE_PURGE = "forget kept answers"
    ROUTES_READ = "read routes"
    ROUTES_WRITE = "change routes"
    PRICES_READ = "read prices"
    PRICES_WRITE = "change prices"
    KEYS_READ = "read keys"
    KEYS_WRITE = "make, change and revoke keys"
    TOKENS_READ = "read access tokens"
    TOKENS_WRITE = "make and revoke access tokens"
    CHANGES_READ = "read the record of changes"
    PRIVACY_SCAN = "look for personal data in a text"
    RECONCILE = "book corrections from a provider's bill"
    SESSIONS_OPEN = "open sessions for web pages"
    """No role's: a back end does it with its key."""


_ADMIN = frozenset({Role.ADMIN})
_OVERSIGHT = _ADMIN | {Role.AUDITOR}
_OWNERS = _ADMIN | {Role.TEAM_OWNER}
_EVERYONE = frozenset(Role)
_NOT_VIEWERS = _EVERYONE - {Role.VIEWER}
"""A viewer sees sums; a single call says who asked for what, and when."""

PERMITTED: Mapping[Action, frozenset[Role]] = {
    Action.ME: _EVERYONE,
    Action.CALLS_READ: _NOT_VIEWERS,
    Action.USAGE_READ: _EVERYONE,
    Action.BUDGETS_READ: _EVERYONE,
    Action.BUDGETS_WRITE: _OWNERS,
    Action.BUDGETS_TRY: _OVERSIGHT | _OWNERS,
    Action.TEAMS_READ: _EVERYONE,
    Action.TEAMS_WRITE: _ADMIN,
    Action.USE_CASES_READ: _EVERYONE,
    Action.USE_CASES_WRITE: _OWNERS | {Role.DEVELOPER},
    Action.USE_CASES_MOVE: _OWNERS,
    Action.CACHE_PURGE: _OWNERS | {Role.DEVELOPER},
    Action.ROUTES_READ: _EVERYONE,
    Action.ROUTES_WRITE: _ADMIN,
    Action.PRICES_READ: _EVERYONE,
    Action.PRICES_WRITE: _ADMIN,
    Action.KEYS_READ: _OVERSIGHT | _OWNERS | {Role.DEVELOPER},
    Action.KEYS_WRITE: _OWNERS,
    Action.TOKENS_READ: _OVERSIGHT,
    Action.TOKENS_WRITE: _ADMIN,
    Action.CHANGES_READ: _OVERSIGHT | _OWNERS,
    Action.PRIVACY_SCAN: _EVERYONE,
    Action.RECONCILE: _ADMIN,
}


def permitted(role: Role, action: Action) -> bool:
    return role in PERMITTED.get(action, frozenset())


def require(actor: Actor, action: Action) -> None:
    """Raises NotPermitted naming role and action."""
    if not permitted(actor.role, action):
        raise NotPermitted(f"The role {actor.role} may not {action}.")


def sees(actor: Actor, team: str | None) -> bool:
    """Is what belongs to this team (None: to the whole organisation) shown to the actor?"""
    return actor.team is None or actor.team == team
