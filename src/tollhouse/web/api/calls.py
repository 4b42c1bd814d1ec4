"""Calls and usage out of the ledger. An actor with a team sees that team's, and learns nothing of any other."""

from dataclasses import replace

from tollhouse.domain.errors import InvalidRequest, NotFound
from tollhouse.domain.roles import Actor
from tollhouse.governance.roles import sees
from tollhouse.ports.usage import CallFilter, Page, UsageReport, UsageRow
from tollhouse.web.render import call_json, row_json, usage_csv, usage_json

from . import query
from .entry import Answer, Asked
from .rooms import Rooms


async def list_calls(rooms: Rooms, asked: Asked) -> Answer:
    given = asked.query
    where, limit = _within_team(asked.actor, query.call_filter(given)), query.page_limit(given)
    page = Page([], None)
    if where is not None:
        try:
            page = await rooms.usage.calls(where, limit=limit, cursor=given.get("cursor"))
        except ValueError as error:
            raise InvalidRequest(f"`cursor`: {error}", param="cursor") from None
    return Answer({"items": [call_json(call) for call in page.items], "next_cursor": page.next_cursor})


async def show_call(rooms: Rooms, asked: Asked) -> Answer:
    call_id = asked.names["id"]
    call = await rooms.usage.call(call_id) if call_id.isprintable() else None
    if call is None or not sees(asked.actor, call.team):
        raise NotFound(f"There is no call {call_id[:80]!r}.")
    return Answer(call_json(call))


async def show_usage(rooms: Rooms, asked: Asked) -> Answer:
    by = query.dimensions(asked.query)
    where = _within_team(asked.actor, query.call_filter(asked.query))
    report = UsageReport([], UsageRow()) if where is None else await rooms.usage.usage(by, where)
    if not by:
        report.items.clear()  # the one group of everything is the total
    if query.usage_format(asked.query, asked.accept) == "csv":
        return Answer(csv=usage_csv(by, [row_json(row) for row in report.items], row_json(report.total)))
    return Answer(usage_json(report))


def _within_team(actor: Actor, where: CallFilter) -> CallFilter | None:
    """Return the filter as far as the actor sees; None if that is nothing, whether or not the team it asks for exists."""
    if where.team is None:
        return replace(where, team=actor.team)
    return where if sees(actor, where.team) else None
