"""Calls and usage as the API tells them, from this machine's own house or from a service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from tollhouse.domain.errors import NotFound
from tollhouse.ports.usage import CallFilter
from tollhouse.web.moments import rfc3339

from .exit import Unreachable
from .office import Office, open_office, path_of
from .service import Json, Place


@asynccontextmanager
async def open_source(place: Place) -> "AsyncIterator[Source]":
    async with open_office(place) as office:
        yield Source(office)


class Source:
    """Raises Unreachable if a service's answer is not the one of this version."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def calls(self, where: CallFilter, *, limit: int) -> list[Json]:
        """The newest calls, newest first."""
        found = await self._office.ask("GET", "calls", query={**_query(where), "limit": str(limit)})
        return cast("list[Json]", _member(found, "items"))

    async def call(self, call_id: str) -> Json | None:
        try:
            return await self._office.ask("GET", f"calls/{path_of(call_id)}")
        except NotFound:
            return None

    async def usage(self, by: tuple[str, ...], where: CallFilter) -> tuple[list[Json], Json]:
        """Rows, dearest first, and their total."""
        groups = {"by": ",".join(by)} if by else {}
        found = await self._office.ask("GET", "usage", query={**groups, **_query(where)})
        return cast("list[Json]", _member(found, "items")), cast("Json", _member(found, "total"))


def _member(found: Json, name: str) -> object:
    if name not in found:
        raise Unreachable(f"the service's answer has no `{name}`; is it another version of tollhouse?")
    return found[name]


def _query(where: CallFilter) -> dict[str, str]:
    times = {"since": where.since_ms, "until": where.until_ms}
    texts = {
        "team": where.team,
        "use_case": where.use_case,
        "key": where.key,
        "model": where.model,
        "provider": where.provider,
        "prompt": where.prompt,
        "tag": ",".join(f"{name}={value}" for name, value in where.tags) or None,
        "status": where.status,
        "outcome": where.outcome,
    }
    return {
        **{name: rfc3339(at_ms) for name, at_ms in times.items() if at_ms is not None},
        **{name: str(text) for name, text in texts.items() if text is not None},
    }
