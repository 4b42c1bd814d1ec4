"""Keys of callers: made, rotated, changed and revoked. A secret stands in the answer that made it, and nowhere else."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import Field

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.governance import Key
from tollhouse.governance.documents import read_budget, read_rate
from tollhouse.governance.keys import UNCHANGED, KeyWish, Unchanged
from tollhouse.web.governed import key_json
from tollhouse.web.moments import read_rfc3339

from .body import Reasoned
from .entry import Answer, Asked
from .rooms import Rooms
from .schemas import OURS, TIME_OR_NULL

T = TypeVar("T")

Names = Annotated[list[str], Field(max_length=1_000)]
UseCases = Annotated[Names, Field(description="The use cases it may act for; none named: every one of its team.")]
Models = Annotated[Names | None, Field(description="The routes it may ask for; null: every one of the use case.")]
Budget = Annotated[object, Field(json_schema_extra={OURS: "Budget"})]
Rate = Annotated[object, Field(json_schema_extra={OURS: "Rate"})]
Expires = Annotated[str | None, Field(json_schema_extra=TIME_OR_NULL)]


class NewKey(Reasoned):
    """A key to be made."""

    name: str
    team: str
    use_cases: UseCases = Field(default_factory=list)
    models: Models = None
    budget: Budget = None
    rate: Rate = None
    expires: Expires = None


class KeyChange(Reasoned):
    """What changes of a key. A member that is left out stays as it is; null takes a limit away."""

    use_cases: UseCases = Field(default_factory=list)
    models: Models = None
    budget: Budget = None
    rate: Rate = None
    expires: Expires = None


class Rotation(Reasoned):
    """A new secret for a key."""

    overlap_ms: Annotated[
        int, Field(ge=0, description="How long the old secret stays good, at most 30 days; 0 ends it now.")
    ]


async def list_keys(rooms: Rooms, asked: Asked) -> Answer:
    return Answer({"items": [key_json(key) for key in await rooms.keys.list(asked.actor)]})


async def create_key(rooms: Rooms, asked: Asked) -> Answer:
    new = asked.body_as(NewKey)
    wish = KeyWish(
        name=new.name,
        team=new.team,
        use_cases=tuple(new.use_cases),
        models=None if new.models is None else tuple(new.models),
        budget=read_budget(new.budget),
        rate=read_rate(new.rate),
        expires_ms=read_moment(new.expires, "expires"),
    )
    return _with_secret(*await rooms.keys.create(asked.actor, wish, reason=asked.reason))


async def change_key(rooms: Rooms, asked: Asked) -> Answer:
    change = asked.body_as(KeyChange)

    def wanted(name: str, read: Callable[[], T]) -> T | Unchanged:
        return read() if name in change.model_fields_set else UNCHANGED

    key = await rooms.keys.change(
        asked.actor,
        asked.names["name"],
        use_cases=wanted("use_cases", lambda: tuple(change.use_cases)),
        models=wanted("models", lambda: None if change.models is None else tuple(change.models)),
        budget=wanted("budget", lambda: read_budget(change.budget)),
        rate=wanted("rate", lambda: read_rate(change.rate)),
        expires_ms=wanted("expires", lambda: read_moment(change.expires, "expires")),
        reason=asked.reason,
    )
    return Answer(key_json(key))


async def rotate_key(rooms: Rooms, asked: Asked) -> Answer:
    overlap_ms = asked.body_as(Rotation).overlap_ms
    return _with_secret(
        *await rooms.keys.rotate(asked.actor, asked.names["name"], overlap_ms=overlap_ms, reason=asked.reason)
    )


async def revoke_key(rooms: Rooms, asked: Asked) -> Answer:
    return Answer(key_json(await rooms.keys.revoke(asked.actor, asked.names["name"], reason=asked.reason)))


def read_moment(text: str | None, param: str) -> int | None:
    """Raises InvalidRequest if it is not RFC 3339."""
    if text is None:
        return None
    try:
        return read_rfc3339(text)
    except ValueError as error:
        raise InvalidRequest(f"`{param}`: {error}.", param=param) from None


def _with_secret(key: Key, secret: str) -> Answer:
    return Answer({**key_json(key), "secret": secret})
