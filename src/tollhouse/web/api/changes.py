"""The record of who changed what, and why."""

from collections.abc import Mapping

from tollhouse.domain.errors import InvalidRequest
from tollhouse.governance.roles import sees
from tollhouse.web.governed import change_json

from . import query
from .entry import Answer, Asked
from .rooms import Rooms

KINDS = ("organisation", "team", "use_case", "route", "price", "key", "token", "cache")

CHANGES: query.Known = {
    "kind": query.Parameter({"type": "string", "enum": list(KINDS)}, "What kind of thing was changed."),
    "name": query.Parameter(query.TEXT, "Its name."),
    "team": query.Parameter(query.TEXT, "Whose it is."),
    **query.PAGE,
}


async def list_changes(rooms: Rooms, asked: Asked) -> Answer:
    """Newest first. An actor with a team sees the changes of that team's things."""
    given = asked.query
    team = given.get("team")
    if team is not None and not sees(asked.actor, team):
        return Answer({"items": [], "next_cursor": None})
    limit = query.page_limit(given)
    found = await rooms.changes.list(
        kind=given.get("kind"),
        name=given.get("name"),
        team=team or asked.actor.team,
        limit=limit + 1,
        before_id=_before(given),
    )
    page = found[:limit]
    more = len(found) > limit
    return Answer(
        {"items": [change_json(change) for change in page], "next_cursor": str(page[-1].id) if more else None}
    )


def _before(given: Mapping[str, str]) -> int | None:
    cursor = given.get("cursor")
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise InvalidRequest("`cursor` is not a cursor of this list.", param="cursor")
    return int(cursor)
