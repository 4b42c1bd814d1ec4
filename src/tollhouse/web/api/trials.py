"""`/api/v1/budgets/simulate`: what a proposed budget or rate would have done to the calls of the past."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from tollhouse.domain.errors import InvalidRequest, NotFound
from tollhouse.domain.governance import BudgetScope, Governance
from tollhouse.domain.roles import Actor
from tollhouse.governance.documents import read_budget, read_rate
from tollhouse.governance.roles import sees
from tollhouse.reports.backtest import BackTest, Proposal
from tollhouse.web.governed import team_of
from tollhouse.web.moments import read_rfc3339
from tollhouse.web.tried import trial_json

from .body import Body
from .entry import Answer, Asked
from .keys import Budget, Rate
from .rooms import Rooms

DEFAULT_MS = 30 * 86_400_000
MAX_MS = 366 * 86_400_000
"""A year of calls is read in minutes; more would keep a request open for too long."""


class TrialWish(Body):
    """A proposal for one scope, and the past it is held against: the last 30 days unless it says otherwise."""

    scope: Literal["organisation", "team", "use_case", "key"]
    name: Annotated[str | None, Field(description="Of the team, use case or key; the organisation has none.")] = None
    budget: Budget = None
    rate: Rate = None
    since: Annotated[str | None, Field(description="RFC 3339; 30 days before `until` if left out.")] = None
    until: Annotated[str | None, Field(description="RFC 3339; now if left out.")] = None


async def try_budget(rooms: Rooms, asked: Asked) -> Answer:
    wish, governance = asked.body_as(TrialWish), rooms.register.governance
    proposal = Proposal(_scope(wish, governance, asked.actor), read_budget(wish.budget), read_rate(wish.rate))
    if proposal.budget is None and not proposal.rate.is_set:
        raise InvalidRequest("Say what to try: a `budget`, a `rate`, or both.", param="budget")
    since_ms, until_ms = _window(wish, rooms.clock.now_ms())
    test = BackTest(proposal, ZoneInfo(governance.time_zone))
    async for calls in rooms.history.calls(proposal.scope, since_ms=since_ms, until_ms=until_ms):
        test.add(calls)
    return Answer(trial_json(test.trial, proposal, since_ms=since_ms, until_ms=until_ms))


def _scope(wish: TrialWish, governance: Governance, actor: Actor) -> BudgetScope:
    """Raises NotFound, in the same words for what does not exist and for what is another team's."""
    if wish.scope == "organisation" and wish.name is not None:
        raise InvalidRequest("`name`: the organisation has none; leave it out.", param="name")
    if wish.scope != "organisation" and not wish.name:
        raise InvalidRequest(f"`name`: say which {wish.scope.replace('_', ' ')}.", param="name")
    scope = BudgetScope(wish.scope, wish.name or "")
    known = {
        "organisation": [""],
        "team": governance.teams,
        "use_case": governance.use_cases,
        "key": [key.name for key in governance.keys],
    }
    if scope.name not in known[scope.kind] or not sees(actor, team_of(governance, scope)):
        raise NotFound(f"There is no {wish.scope.replace('_', ' ')} {scope.name[:80]!r}.".replace(" ''", ""))
    return scope


def _window(wish: TrialWish, now_ms: int) -> tuple[int, int]:
    until_ms = _moment(wish.until, "until") or now_ms
    since_ms = _moment(wish.since, "since") or until_ms - DEFAULT_MS
    if not 0 < until_ms - since_ms <= MAX_MS:
        raise InvalidRequest("`since` must be before `until`, by a year at most.", param="since")
    return since_ms, until_ms


def _moment(text: str | None, param: str) -> int | None:
    try:
        return None if text is None else read_rfc3339(text)
    except ValueError as error:
        raise InvalidRequest(f"`{param}`: {error}.", param=param) from None
