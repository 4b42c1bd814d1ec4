"""Access tokens: roles for people and tools, until people sign in."""

from typing import Annotated

from pydantic import Field

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.roles import Role
from tollhouse.web.governed import token_json

from .body import Reasoned
from .entry import Answer, Asked
from .keys import Expires, read_moment
from .query import meant
from .rooms import Rooms

ROLES = tuple(role.value for role in Role)


class NewToken(Reasoned):
    """An access token to be made."""

    name: str
    role: Annotated[str, Field(json_schema_extra={"enum": list(ROLES)})]
    team: Annotated[
        str | None, Field(description="The team it sees; null, for an admin or auditor only: all of them.")
    ] = None
    expires: Expires = None


async def list_tokens(rooms: Rooms, asked: Asked) -> Answer:
    return Answer({"items": [token_json(token) for token in await rooms.tokens.list(asked.actor)]})


async def create_token(rooms: Rooms, asked: Asked) -> Answer:
    new = asked.body_as(NewToken)
    if new.role not in ROLES:
        raise InvalidRequest(
            f"`role`: {new.role[:80]!r} is not one of {', '.join(ROLES)}{meant(new.role, ROLES)}.", param="role"
        )
    token, secret = await rooms.tokens.create(
        asked.actor,
        name=new.name,
        role=Role(new.role),
        team=new.team,
        expires_ms=read_moment(new.expires, "expires"),
        reason=asked.reason,
    )
    return Answer({**token_json(token), "secret": secret})


async def revoke_token(rooms: Rooms, asked: Asked) -> Answer:
    await rooms.tokens.revoke(asked.actor, asked.names["name"], reason=asked.reason)
    return Answer()
