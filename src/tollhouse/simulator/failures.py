"""How errors look: the provider's error bodies, and every way it may say when to come back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate

import msgspec

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Hint:
    """When to come back, in one of the forms of `HINTS`."""

    seconds: str
    form: str

    def headers(self, now: float) -> list[Header]:
        return HINTS[self.form](self.seconds, now)


@dataclass(frozen=True, slots=True)
class Failure:
    """
    An answer with an error status. `body` and `content_type` stand in for the usual JSON body.

    `is_stalled`: its body stops half-way, and nothing follows. `shows_key`: the message repeats the caller's key.
    """

    status: int
    message: str
    type: str | None = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    hint: Hint | None = None
    body: bytes | None = None
    content_type: bytes = b"application/json"
    headers: tuple[Header, ...] = ()
    is_stalled: bool = False
    shows_key: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)

    def encoded(self) -> bytes:
        return self.body if self.body is not None else msgspec.json.encode({"error": self.error()})

    def error(self) -> dict[str, object]:
        return {"message": self.message, "type": self.type, "param": self.param, "code": self.code, **self.extra}


def invalid(message: str, *, param: str | None = None, code: str | None = "invalid_value") -> Failure:
    return Failure(400, message, param=param, code=code)


NO_KEY = Failure(401, "You didn't provide an API key.")
WRONG_KEY = Failure(401, "Incorrect API key provided.", code="invalid_api_key")
SERVER_ERROR = "The server had an error while processing your request. Sorry about that!"

STATUSES: Mapping[int, Failure] = {
    400: invalid("Invalid value: this model refuses every request."),
    401: WRONG_KEY,
    403: Failure(403, "You are not allowed to use this model.", code="model_not_allowed"),
    404: Failure(404, "The model does not exist or you do not have access to it.", code="model_not_found"),
    408: Failure(408, "The request took too long to arrive.", code="request_timeout"),
    409: Failure(409, "The resource is being changed by another request.", code="conflict"),
    413: Failure(413, "The request is too large.", code="request_too_large"),
    422: Failure(422, "The request is well formed but cannot be processed.", code="unprocessable"),
    429: Failure(429, "Rate limit reached for requests per minute.", type="requests", code="rate_limit_exceeded"),
    500: Failure(500, SERVER_ERROR, type="server_error"),
    502: Failure(502, "Bad gateway.", type="server_error"),
    503: Failure(
        503, "The engine is currently overloaded, please try again later.", type="server_error", code="overloaded"
    ),
    504: Failure(504, "The engine did not answer in time.", type="server_error", code="timeout"),
    529: Failure(529, "Overloaded.", type="overloaded_error"),
}

CONTENT_FILTER = Failure(
    400,
    "The response was filtered due to the prompt triggering the content management policy.",
    type=None,
    code="content_filter",
    param="prompt",
    extra={
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"violence": {"filtered": True}},
        }
    },
)
CONTEXT_LENGTH = invalid(
    "This model's maximum context length is 16 tokens. Please reduce the length of the messages.",
    param="messages",
    code="context_length_exceeded",
)
QUOTA = Failure(
    429,
    "You exceeded your current quota, please check your plan and billing details.",
    type="insufficient_quota",
    code="insufficient_quota",
)
PREFILL = invalid("This model does not support assistant message prefill.", param="messages", code=None)
ELSEWHERE = "/v1/elsewhere"
HTML = b"<html><head><title>Gateway</title></head><body><center><h1>We will be right back</h1></center></body></html>\n"


def showing_key(failure: Failure, key: str) -> Failure:
    """Return the failure as a provider writes it that repeats what it was sent: in its message, code and param."""
    return replace(failure, message=f"Incorrect API key provided: {key}. Check {key!r}.", code=f"key-{key}", param=key)


def unknown_model(model: str) -> Failure:
    return Failure(404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found")


def not_found(method: str, path: str) -> Failure:
    return Failure(404, f"Invalid URL ({method} {path})")


def of_status(status: int, hint: Hint | None = None) -> Failure:
    usual = STATUSES[status]
    return Failure(status, usual.message, type=usual.type, code=usual.code, param=usual.param, hint=hint)


def _retry_after(value: str) -> list[Header]:
    return [(b"retry-after", value.encode())]


def _milliseconds(seconds: str) -> str:
    return str(round(float(seconds) * 1000))


HINTS: Mapping[str, Callable[[str, float], list[Header]]] = {
    "seconds": lambda seconds, now: _retry_after(str(round(float(seconds)))),
    "float": lambda seconds, now: _retry_after(str(float(seconds))),
    "date": lambda seconds, now: _retry_after(formatdate(now + float(seconds), usegmt=True)),
    "past-date": lambda seconds, now: _retry_after(formatdate(now - float(seconds), usegmt=True)),
    "retry-after-ms": lambda seconds, now: [(b"retry-after-ms", _milliseconds(seconds).encode())],
    "both": lambda seconds, now: [
        (b"retry-after-ms", _milliseconds(seconds).encode()),
        (b"retry-after", str(round(float(seconds))).encode()),
    ],
    "reset-requests": lambda seconds, now: [
        (b"x-ratelimit-remaining-requests", b"0"),
        (b"x-ratelimit-reset-requests", f"{seconds}s".encode()),
    ],
    "reset-tokens-ms": lambda seconds, now: [
        (b"x-ratelimit-remaining-tokens", b"0"),
        (b"x-ratelimit-reset-tokens", f"{_milliseconds(seconds)}ms".encode()),
    ],
    "reset-tokens-minutes": lambda seconds, now: [
        (b"x-ratelimit-remaining-tokens", b"0"),
        (b"x-ratelimit-reset-tokens", f"{int(float(seconds)) // 60}m{float(seconds) % 60:g}s".encode()),
    ],
    "reset-epoch": lambda seconds, now: [(b"x-ratelimit-reset-requests", str(round(now + float(seconds))).encode())],
    "negative": lambda seconds, now: _retry_after(str(-round(float(seconds)))),
    "garbage": lambda seconds, now: _retry_after("soon"),
    "empty": lambda seconds, now: _retry_after(""),
    "nan": lambda seconds, now: _retry_after("nan"),
    "huge": lambda seconds, now: _retry_after("9" * 30),
}
"""Forms of "come back later" by name. The bare number of seconds is the usual one; real providers send all of these."""
