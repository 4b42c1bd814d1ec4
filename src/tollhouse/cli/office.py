"""
Where the commands of governance do their work: the API of this machine's own house, without a server, or a service's.

Both are asked the same requests, so what a command may do, says and refuses is what the API does, says and refuses.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode

from tollhouse.domain.errors import NotFound, OperatorError

from .exit import WrongUsage
from .house import load_house
from .service import Json, Place, Service

if TYPE_CHECKING:
    from tollhouse.web.api.app import Api
    from tollhouse.web.asgi import Received, Scope, Sent

Query = Mapping[str, str]


class Office(Protocol):
    async def ask(self, method: str, path: str, *, query: Query | None = None, body: Json | None = None) -> Json:
        """
        Ask `/api/v1/PATH` and return the answer's members, none for an answer without a body.

        Raises TollhouseError with the API's own words if it refuses, Unreachable if a service does not answer.
        """
        ...


def path_of(*names: str) -> str:
    """Write an address of names, whatever characters they have."""
    return "/".join(quote(name, safe="") for name in names)


@asynccontextmanager
async def open_office(place: Place) -> AsyncIterator[Office]:
    if place.url is not None:
        yield ServiceOffice(Service(place.url, place.key))
        return
    from tollhouse.bootstrap import open_desks  # it loads the database library and the web framework

    async with open_desks(load_house(place.config)) as api:
        yield OwnOffice(api)


async def ask(place: Place, method: str, path: str, *, query: Query | None = None, body: Json | None = None) -> Json:
    """Ask one thing; see `Office.ask`."""
    async with open_office(place) as office:
        return await office.ask(method, path, query=query, body=body)


class ServiceOffice:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def ask(self, method: str, path: str, *, query: Query | None = None, body: Json | None = None) -> Json:
        status, answer = await self._service.ask(method, path, query=query, body=body)
        if status < 300:
            return answer
        told = str(answer.get("detail", "no reason given"))
        if status == 404 and answer.get("code") == "not_found":
            raise NotFound(told)
        if status == 400:
            raise WrongUsage(told)
        raise OperatorError(f"{self._service.url} answered {status}: {told}")


class OwnOffice:
    """Calls the API's application as a server would, as whoever may read this machine's configuration and store."""

    def __init__(self, api: "Api") -> None:
        self._api = api

    async def ask(self, method: str, path: str, *, query: Query | None = None, body: Json | None = None) -> Json:
        from msgspec.json import decode, encode

        answer = bytearray()
        sent_body: Received = {
            "type": "http.request",
            "body": b"" if body is None else encode(body),
            "more_body": False,
        }

        async def receive() -> "Received":
            return sent_body

        async def send(message: "Sent") -> None:
            answer.extend(message.get("body", b""))

        await self._api(_scope(method, f"/api/v1/{path}", query or {}), receive, send)
        return decode(bytes(answer), type=dict[str, object]) if answer else {}


def _scope(method: str, path: str, query: Query) -> "Scope":
    from urllib.parse import unquote

    return {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": urlencode(query).encode(),
        "headers": [],
        "client": None,
        "state": {},
    }
