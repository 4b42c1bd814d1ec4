"""Objects, keys, access tokens, changes and budgets as JSON members: one shape wherever they are shown (API, command line)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from tollhouse.domain.governance import FILE, PPM, Budget, BudgetScope, Governance, Key
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.periods import FOREVER_MS, Period, period_at
from tollhouse.domain.roles import AccessToken
from tollhouse.governance.desk import Governed
from tollhouse.governance.documents import budget_document, decode, moment, rate_document
from tollhouse.ports.budget_warnings import BudgetWarning
from tollhouse.ports.changes import Change
from tollhouse.ports.ledger import BudgetState

from .moments import rfc3339

Members = dict[str, object]


def object_json(governed: Governed) -> Members:
    """An object's members as in the configuration file, with what only the service knows. The organisation has a name of its own."""
    name = {} if governed.kind == "organisation" else {"name": governed.name}
    return {
        **name,
        **governed.document,
        "managed": governed.managed,
        "version": governed.version,
        "warnings": list(governed.warnings),
    }


def key_json(key: Key) -> Members:
    """Of a key of the file nothing of the secret is shown, since it may be short, and the file does not say when it was made."""
    in_file = key.managed == FILE
    return {
        "name": key.name,
        "prefix": None if in_file else key.prefix,
        "team": key.team,
        "use_cases": list(key.use_cases),
        "models": None if key.models is None else list(key.models),
        "budget": budget_document(key.budget),
        "rate": rate_document(key.rate),
        "managed": key.managed,
        "created": None if in_file else rfc3339(key.created_ms),
        "created_by": None if in_file else key.created_by,
        "expires": moment(key.expires_ms),
        "revoked": moment(key.revoked_ms),
        "rotated_until": moment(key.previous_until_ms),
        "last_used": moment(key.last_used_ms),
    }


def token_json(token: AccessToken) -> Members:
    return {
        "name": token.name,
        "prefix": token.prefix,
        "role": token.role.value,
        "team": token.team,
        "created": rfc3339(token.created_ms),
        "created_by": token.created_by,
        "expires": moment(token.expires_ms),
        "revoked": moment(token.revoked_ms),
        "last_used": moment(token.last_used_ms),
    }


def change_json(change: Change) -> Members:
    return {
        "id": str(change.id),
        "at": rfc3339(change.at_ms),
        "kind": change.kind,
        "name": change.name,
        "team": change.team,
        "author": change.author,
        "reason": change.reason,
        "before": None if change.before is None else decode(change.before),
        "after": None if change.after is None else decode(change.after),
    }


# --- budgets --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BudgetNow:
    """
    A budget in its current period.

    Args:
        spent_nanousd: posted to the ledger; it trails an answer by at most a second.
        held_nanousd: leased by processes for calls under way and to come.
        warned_ppm: the thresholds that were told of in this period.
    """

    scope: BudgetScope
    budget: Budget
    period: Period
    managed: str
    spent_nanousd: int = 0
    held_nanousd: int = 0
    warned_ppm: tuple[int, ...] = ()

    @property
    def left_nanousd(self) -> int:
        return self.budget.limit_nanousd - self.spent_nanousd - self.held_nanousd


def period_of(budget: Budget, now_ms: int, zone: tzinfo) -> Period:
    return budget.window or period_at(budget.period, now_ms, zone)


def budget_now(
    scope: BudgetScope,
    budget: Budget,
    period: Period,
    managed: str,
    state: BudgetState,
    warnings: Iterable[BudgetWarning],
) -> BudgetNow:
    """Lay together what is in force with what the ledger knows of it."""
    warned = {each.at_ppm for each in warnings if each.scope == scope and each.period == period}
    return BudgetNow(
        scope=scope,
        budget=budget,
        period=period,
        managed=managed,
        spent_nanousd=state.spent_nanousd,
        held_nanousd=state.leased_nanousd,
        warned_ppm=tuple(sorted(warned)),
    )


def managed_of(governance: Governance, scope: BudgetScope) -> str:
    """Return who manages what the budget stands on: the file, or the store."""
    if scope.kind == "organisation":
        return governance.organisation_managed
    if scope.kind == "team":
        return governance.teams[scope.name].managed
    if scope.kind == "use_case":
        return governance.use_cases[scope.name].managed
    return next((key.managed for key in governance.keys if key.name == scope.name), FILE)


def team_of(governance: Governance, scope: BudgetScope) -> str | None:
    """Return whose budget it is; None is the organisation's."""
    if scope.kind == "team":
        return scope.name
    if scope.kind == "use_case":
        return governance.use_cases[scope.name].team
    return next((key.team for key in governance.keys if scope.kind == "key" and key.name == scope.name), None)


def budget_json(now: BudgetNow) -> Members:
    budget, period = now.budget, now.period
    return {
        "scope": now.scope.kind,
        "name": now.scope.name or None,
        "limit_usd": usd_from_nano(budget.limit_nanousd),
        "period": budget.period.value,
        "start": rfc3339(period.start_ms) if period.start_ms else None,
        "end": rfc3339(period.end_ms) if period.end_ms < FOREVER_MS else None,
        "spent_usd": usd_from_nano(now.spent_nanousd),
        "held_usd": usd_from_nano(now.held_nanousd),
        "left_usd": usd_from_nano(now.left_nanousd),
        "warn_at": _parts(budget.warn_at_ppm),
        "warned": _parts(now.warned_ppm),
        "on_exhausted": "fallback" if budget.falls_back else "block",
        "managed": now.managed,
    }


def _parts(thresholds_ppm: Sequence[int]) -> list[float]:
    """Parts of the limit, as the file writes them: for people, never for money."""
    return [ppm / PPM for ppm in thresholds_ppm]
