"""
Web pages of other origins (CORS), on `/v1` only: what a browser may ask, and which answers its page may read.

Off unless a live use case names `origins`. A preflight is answered for those origins without asking who calls. An
answer is readable for the origin that its session token is for; a refusal also for any origin that a live use case
names, so that a page can see what is wrong. Never `*`, and never with credentials: there are no cookies on `/v1`.
"""

import re
from collections.abc import Callable

from tollhouse.domain.errors import OriginNotAllowed

from .asgi import Headers, Reply, Scope, header

PREFLIGHT_S = 600
"""How long a browser may remember a preflight: ten minutes save round trips. Every request itself is checked anyway."""
MAX_ASKED_BYTES = 4_096
"""Of the list of headers that a preflight asks for; a longer one is cut."""

METHODS = b"GET, POST"
HEADERS_IN = (
    b"authorization",
    b"content-type",
    b"idempotency-key",
    b"x-request-id",
    b"traceparent",
    b"x-tollhouse-use-case",
    b"x-tollhouse-tags",
    b"x-tollhouse-subject",
)
FAMILIES = (b"x-tollhouse-", b"x-stainless-")
"""Headers that are allowed by the beginning of their names: ours, and those that OpenAI's JavaScript client always sends."""

HEADERS_OUT = (
    b"age",
    b"x-request-id",
    b"x-tollhouse-call",
    b"x-tollhouse-model",
    b"x-tollhouse-provider",
    b"x-tollhouse-cache",
    b"x-tollhouse-attempts",
    b"x-tollhouse-overhead-ms",
    b"x-tollhouse-cost-usd",
    b"x-tollhouse-estimated",
    b"x-tollhouse-degraded",
    b"x-tollhouse-clamped",
    b"x-ratelimit-limit-requests",
    b"x-ratelimit-remaining-requests",
    b"x-ratelimit-reset-requests",
    b"x-ratelimit-limit-tokens",
    b"x-ratelimit-remaining-tokens",
    b"x-ratelimit-reset-tokens",
    b"idempotency-replayed",
    b"retry-after",
    b"retry-after-ms",
    b"x-should-retry",
)
"""What a page may read besides the few headers that every page may."""

ORIGIN = "origin"
"""Where whoever let a page in leaves its origin, in the request's state, so that the page may read the answer."""

_NAME = re.compile(rb"[a-z0-9-]{1,64}")

Names = Callable[[bytes], bool]
"""Does any live use case let this origin's pages in?"""


def no_origins(_origin: bytes) -> bool:
    """CORS is off."""
    return False


def is_preflight(scope: Scope) -> bool:
    return (
        scope["method"] == "OPTIONS"
        and header(scope, b"origin") is not None
        and header(scope, b"access-control-request-method") is not None
    )


def preflight(scope: Scope, names: Names) -> Reply:
    """Answer what a browser asks before it lets a page call. Raises OriginNotAllowed."""
    origin = header(scope, b"origin") or b""
    if not names(origin):
        raise OriginNotAllowed("No live use case names this origin, so its pages may not call.")
    headers: Headers = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", METHODS),
        (b"access-control-allow-headers", b", ".join(_allowed(scope))),
        (b"access-control-max-age", b"%d" % PREFLIGHT_S),
        (b"vary", b"Origin"),
    ]
    return Reply(204, headers, b"")


def let_in(scope: Scope, origin: bytes) -> None:
    """The page of this origin may read the answer."""
    scope["state"][ORIGIN] = origin


def let_read_refusal(scope: Scope, names: Names) -> None:
    """A refusal says nothing that is only for whoever is known, so any page that might call here may read it."""
    origin = header(scope, b"origin")
    if origin is not None and scope["path"].startswith("/v1/") and names(origin):
        scope["state"][ORIGIN] = origin


def readable(origin: object) -> Headers:
    """Return the headers by which a browser gives an answer to its page."""
    assert isinstance(origin, bytes)
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b", ".join(HEADERS_OUT)),
        (b"vary", b"Origin"),
    ]


def _allowed(scope: Scope) -> list[bytes]:
    """Return our headers and, of those asked for, the ones of our families."""
    asked = (header(scope, b"access-control-request-headers") or b"")[:MAX_ASKED_BYTES].lower()
    more = {name for each in asked.split(b",") if (name := each.strip()).startswith(FAMILIES) and _NAME.fullmatch(name)}
    return [*HEADERS_IN, *sorted(more - set(HEADERS_IN))]
