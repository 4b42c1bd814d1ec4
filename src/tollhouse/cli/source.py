"""Where `usage` and `calls` read: the configured store in this process, or a service over HTTP. Both give the API's JSON."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import quote, urlencode, urlsplit

from tollhouse.domain.errors import OperatorError
from tollhouse.ports.usage import CallFilter, UsageQueries
from tollhouse.web.moments import rfc3339
from tollhouse.web.render import call_json, usage_json

from .exit import Unreachable, WrongUsage

if TYPE_CHECKING:
    from urllib.request import Request

ANSWER_S = 30
"""How long a service may take for one answer."""
ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""A page of 1,000 calls is about 1 MB."""

Json = dict[str, object]


class Source(Protocol):
    async def calls(self, where: CallFilter, *, limit: int) -> list[Json]:
        """The newest calls, newest first."""
        ...

    async def call(self, call_id: str) -> Json | None: ...

    async def usage(self, by: tuple[str, ...], where: CallFilter) -> tuple[list[Json], Json]:
        """Rows, dearest first, and their total."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """What the options `--config`, `--url` and `--key` say."""

    config: Path
    url: str | None
    key: str | None


@asynccontextmanager
async def open_source(place: Place) -> AsyncIterator[Source]:
    """Open the service if a URL is given, else the configured store."""
    if place.url is not None:
        yield ServiceSource(place.url, place.key)
        return
    from .house import load_house, opened_stores  # they load the configuration and a database library

    async with opened_stores(load_house(place.config)) as stores:
        yield StoreSource(stores.usage)


class StoreSource:
    def __init__(self, queries: UsageQueries) -> None:
        self._queries = queries

    async def calls(self, where: CallFilter, *, limit: int) -> list[Json]:
        page = await self._queries.calls(where, limit=limit)
        return [call_json(call) for call in page.items]

    async def call(self, call_id: str) -> Json | None:
        call = await self._queries.call(call_id)
        return None if call is None else call_json(call)

    async def usage(self, by: tuple[str, ...], where: CallFilter) -> tuple[list[Json], Json]:
        report = usage_json(await self._queries.usage(by, where))
        return cast("list[Json]", report["items"]), cast("Json", report["total"])


class ServiceSource:
    """The API of a running service. Raises Unreachable if it does not answer, OperatorError if it refuses."""

    def __init__(self, url: str, key: str | None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise WrongUsage(f"--url {url!r} must start with http:// or https://")
        if not key:
            raise WrongUsage("--url needs the admin token: give --key or set TOLLHOUSE_ADMIN_TOKEN")
        self._url = url.rstrip("/")
        self._key = key

    async def calls(self, where: CallFilter, *, limit: int) -> list[Json]:
        found = await self._get("calls", {**_query(where), "limit": str(limit)})
        return cast("list[Json]", _member(found, "items"))

    async def call(self, call_id: str) -> Json | None:
        return await self._get(f"calls/{quote(call_id, safe='')}", {})

    async def usage(self, by: tuple[str, ...], where: CallFilter) -> tuple[list[Json], Json]:
        found = await self._get("usage", {**({"by": ",".join(by)} if by else {}), **_query(where)})
        return cast("list[Json]", _member(found, "items")), cast("Json", _member(found, "total"))

    async def _get(self, what: str, query: Mapping[str, str]) -> Json | None:
        """None if the service says that there is no such thing."""
        import asyncio
        from urllib.request import Request

        address = f"{self._url}/api/v1/{what}" + (f"?{urlencode(query)}" if query else "")
        request = Request(address, headers={"authorization": f"Bearer {self._key}"})  # noqa: S310 - the scheme is checked above
        status, body = await asyncio.to_thread(_fetch, request, self._url)
        answer = _read(body, self._url)
        if status == 404 and answer.get("code") == "not_found":
            return None
        if status != 200:
            raise OperatorError(f"{self._url} answered {status}: {answer.get('detail', 'no reason given')}")
        return answer


def _fetch(request: "Request", url: str) -> tuple[int, bytes]:
    """Send it. A redirect is not followed: the admin token must not travel to where an answer points."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_args: object, **_kwargs: object) -> None:
            return None

    proxies = [ProxyHandler({})] if urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1") else []
    try:
        with build_opener(Stay, *proxies).open(request, timeout=ANSWER_S) as answer:
            return answer.status, answer.read(ANSWER_BYTES_MAX)
    except HTTPError as error:
        with error:
            return error.code, error.read(ANSWER_BYTES_MAX)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise Unreachable(
            f"{url} does not answer ({reason}). Is the service running there? Try {url}/healthz"
        ) from None


def _read(body: bytes, url: str) -> Json:
    from msgspec import DecodeError
    from msgspec.json import decode

    try:
        return decode(body, type=dict[str, object])
    except DecodeError:
        raise Unreachable(f"{url} is not a tollhouse: its answer is not the API's JSON") from None


def _member(found: Json | None, name: str) -> object:
    if found is None or name not in found:
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
