"""
From an error to HTTP: the only place that knows how.

One body serves both APIs: RFC 9457 members at the top, OpenAI's `error` object beside them. It is sent as
`application/json` and not as `application/problem+json`, because some clients of OpenAI's API read an error's body
only under that type (go-openai, for one).
"""

from http import HTTPStatus

from msgspec.json import encode

from tollhouse.domain.errors import BudgetExceeded, MethodNotAllowed, RateLimited, Source, TollhouseError, Unavailable

from .asgi import Headers
from .rates import rate_headers

DOCS_URL = "https://tollhouse.example/docs/errors"
"""`type` is this and `#code`: the paragraph of docs/errors.md."""
DEFAULT_RETRY_AFTER_MS = 1_000
"""What a caller is told to wait when nobody knows better; also the least that whole seconds can say."""
MAX_MESSAGE_CHARS = 4_000
"""A provider's message can be as long as its body; a caller needs its beginning."""

_RETRIED_BY_CLIENTS = frozenset({408, 409, 429})
"""With every status from 500 on: what OpenAI's clients retry unless told otherwise."""


def error_response(error: TollhouseError, request_id: str) -> tuple[int, Headers, bytes]:
    """Return status, headers and body. The request id's own header is added by the edge, to every answer."""
    body = encode(_members(error, request_id))
    return error.status, _headers(error, len(body)), body


def stream_error_event(error: TollhouseError) -> bytes:
    """Return the last event of a stream that failed after its headers had left."""
    return b"data: " + encode({"error": _openai(error)}) + b"\n\n"


def _members(error: TollhouseError, request_id: str) -> dict[str, object]:
    return {
        "type": f"{DOCS_URL}#{type(error).code}",
        "title": _title(type(error)),
        "status": error.status,
        "detail": _sendable(error.message),
        "instance": f"/requests/{request_id}",
        "code": _sendable(error.code),
        "request_id": request_id,
        "error": _openai(error),
    }


def _openai(error: TollhouseError) -> dict[str, object]:
    return {
        "message": _sendable(error.message),
        "type": _sendable(error.type),
        "param": None if error.param is None else _sendable(error.param),
        "code": _sendable(error.code),
    }


def _sendable(text: str) -> str:
    """Cut it, and replace what UTF-8 cannot say (half a surrogate pair that a request or a provider sent)."""
    return text[:MAX_MESSAGE_CHARS].encode("utf-8", "replace").decode()


def _title(kind: type[TollhouseError]) -> str:
    """The class's default message: the same for every occurrence, as RFC 9457 asks."""
    return (kind.__doc__ or kind.code).strip().splitlines()[0]


def _headers(error: TollhouseError, body_bytes: int) -> Headers:
    headers: Headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % body_bytes),
        (b"cache-control", b"no-store"),
    ]
    if (wait_ms := _wait_ms(error)) is not None:
        headers.append((b"retry-after", b"%d" % -(-wait_ms // 1000)))
        headers.append((b"retry-after-ms", b"%d" % wait_ms))
    if isinstance(error, RateLimited):
        headers += rate_headers(error.states)
    if not error.retryable and (
        error.status in _RETRIED_BY_CLIENTS or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    ):
        headers.append((b"x-should-retry", b"false"))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, MethodNotAllowed) and error.allow:
        headers.append((b"allow", ", ".join(error.allow).encode()))
    return headers


def _wait_ms(error: TollhouseError) -> int | None:
    """
    How long to wait before trying again; None where waiting is no help or nobody said so.

    A budget refills at the end of its period, which is not a wait. A provider's lasting 429 always names one.
    """
    if isinstance(error, BudgetExceeded):
        return None
    told_ms = error.retry_after_ms
    if told_ms is None and _always_names_a_wait(error):
        told_ms = DEFAULT_RETRY_AFTER_MS
    return None if told_ms is None else max(told_ms, 1)


def _always_names_a_wait(error: TollhouseError) -> bool:
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return error.retryable or error.source is Source.UPSTREAM
    return error.retryable and (isinstance(error, Unavailable) or error.status == HTTPStatus.CONFLICT)
