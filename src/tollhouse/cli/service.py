"""A running service's API over HTTP, for commands that are given `--url`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from .exit import Unreachable, WrongUsage

if TYPE_CHECKING:
    from urllib.request import Request

ANSWER_S = 60
"""How long a service may take for one answer: a back-test reads a month of calls."""
ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""A page of 1,000 calls is about 1 MB."""

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """What the options `--config`, `--url` and `--key` say."""

    config: Path
    url: str | None
    key: str | None


class Service:
    """Raises WrongUsage if it cannot be asked with these options."""

    def __init__(self, url: str, key: str | None) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise WrongUsage(f"--url {url!r} must start with http:// or https://")
        if not key:
            raise WrongUsage("--url needs an access token: give --key or set TOLLHOUSE_ADMIN_TOKEN")
        self.url = url.rstrip("/")
        self._key = key

    async def ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Json | None = None
    ) -> tuple[int, Json]:
        """Ask `/api/v1/PATH`; return the status and the answer's members. Raises Unreachable."""
        from urllib.request import Request

        from msgspec.json import encode

        address = f"{self.url}/api/v1/{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        data = None if body is None else encode(body)
        request = Request(address, data, headers, method=method)  # noqa: S310 - the scheme is checked above
        status, answer = await asyncio.to_thread(_fetch, request, self.url)
        return status, _read(answer, self.url) if answer else {}


def _fetch(request: "Request", url: str) -> tuple[int, bytes]:
    """Send it. A redirect is not followed: the token must not travel to where an answer points."""
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
