"""`/healthz`: the process answers. `/readyz`: it can take calls, and if not, why not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from msgspec.json import encode

from .asgi import Headers, Reply
from .edge import Page

CHECKS_MS = 2_000
"""All checks together; a probe that waits longer than this has given up (Kubernetes: after 1 s unless told otherwise)."""

_HEADERS: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


@dataclass(frozen=True, slots=True)
class Check:
    """
    One thing looked at.

    Args:
        name: `configuration`, `database`, `journal`, `adoption`, `draining`, `provider NAME`…
        detail: for people; anybody may read it, so it holds no address and no secret.
        needed: False for what is shown but never makes the process unready, as the state of a provider.
    """

    name: str
    ok: bool
    detail: str = ""
    needed: bool = True


async def healthz() -> Reply:
    return Reply(200, _HEADERS, encode({"status": "alive"}))


def readyz(checks: Callable[[], Awaitable[Sequence[Check]]], *, limit_ms: int = CHECKS_MS) -> Page:
    """Return the page that runs the checks each time: 200 if every needed one holds, else 503."""

    async def page() -> Reply:
        try:
            async with asyncio.timeout(limit_ms / 1000):
                made = await checks()
        except TimeoutError:
            made = [Check("checks", ok=False, detail=f"not finished within {limit_ms} ms")]
        return _told(made)

    return page


def _told(checks: Sequence[Check]) -> Reply:
    ready = all(check.ok for check in checks if check.needed)
    members = {
        "status": "ready" if ready else "unready",
        "checks": [{"name": c.name, "ok": c.ok, "needed": c.needed, "detail": c.detail} for c in checks],
    }
    return Reply(200 if ready else 503, _HEADERS, encode(members))
