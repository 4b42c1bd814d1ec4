import json
from collections.abc import Iterator

import pytest

from tollhouse.domain.errors import (
    BudgetExceeded,
    Draining,
    IdempotencyInFlight,
    InhouseCannot,
    InvalidApiKey,
    InvalidRequest,
    MethodNotAllowed,
    OperatorError,
    PoolTimeout,
    RateLimited,
    TollhouseError,
    Unavailable,
    UpstreamError,
    UpstreamStatus,
    UpstreamTimeout,
)
from tollhouse.web.errors import DOCS_URL, MAX_MESSAGE_CHARS, error_response, stream_error_event


def headers_of(error: TollhouseError) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in error_response(error, "req_1")[1]}


def test_one_body_serves_both_apis() -> None:
    error = InvalidRequest("`temperature` must be a number.", param="temperature")

    status, _, body = error_response(error, "req_1")

    assert status == 400
    assert json.loads(body) == {
        "type": f"{DOCS_URL}#invalid_request",
        "title": "A member of the request is missing, of the wrong type or out of bounds.",
        "status": 400,
        "detail": "`temperature` must be a number.",
        "instance": "/requests/req_1",
        "code": "invalid_request",
        "request_id": "req_1",
        "error": {
            "message": "`temperature` must be a number.",
            "type": "invalid_request_error",
            "param": "temperature",
            "code": "invalid_request",
        },
    }


def test_the_body_is_json_of_the_declared_length() -> None:
    _, _, body = error_response(InvalidApiKey(), "req_1")

    headers = headers_of(InvalidApiKey())

    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    ("told_ms", "seconds", "milliseconds"),
    [(None, "1", "1000"), (0, "1", "1"), (1, "1", "1"), (999, "1", "999"), (1000, "1", "1000"), (1001, "2", "1001")],
)
def test_a_rate_limit_tells_the_wait_in_whole_seconds_and_exactly(
    told_ms: int | None, seconds: str, milliseconds: str
) -> None:
    headers = headers_of(RateLimited(retry_after_ms=told_ms))

    assert (headers["retry-after"], headers["retry-after-ms"]) == (seconds, milliseconds)
    assert "x-should-retry" not in headers


def test_an_exhausted_budget_is_not_worth_a_retry() -> None:
    headers = headers_of(BudgetExceeded("budget of team claims", budget="team claims"))

    assert headers["x-should-retry"] == "false"
    assert "retry-after" not in headers


def test_a_lasting_429_of_a_provider_always_names_a_wait() -> None:
    busy = UpstreamStatus("slow down", upstream_status=429, status=429, code="rate_limit_exceeded")
    no_quota = UpstreamStatus(
        "no money", upstream_status=429, status=429, code="insufficient_quota", same_deployment=False
    )

    assert headers_of(busy)["retry-after"] == "1"
    assert "x-should-retry" not in headers_of(busy)
    assert headers_of(no_quota)["retry-after"] == "1"
    assert headers_of(no_quota)["x-should-retry"] == "false"


@pytest.mark.parametrize("error", [Unavailable(), Draining(), IdempotencyInFlight()])
def test_what_passes_by_itself_names_a_wait(error: TollhouseError) -> None:
    assert headers_of(error)["retry-after"] == "1"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TollhouseError(), "false"),  # 500
        (InhouseCannot(), "false"),  # 503
        (UpstreamStatus("conflict", upstream_status=409, status=409), "false"),
        (UpstreamError(), None),  # 502, may be tried again
        (UpstreamTimeout("connect", 3000), None),  # 504, may be tried again
        (InvalidRequest(), None),  # 400: no client retries it
    ],
)
def test_clients_are_told_not_to_retry_only_what_they_would(error: TollhouseError, told: str | None) -> None:
    assert headers_of(error).get("x-should-retry") == told


def test_a_missing_key_is_told_which_scheme_to_use() -> None:
    assert headers_of(InvalidApiKey())["www-authenticate"] == "Bearer"


def test_a_wrong_method_is_told_the_right_ones() -> None:
    assert headers_of(MethodNotAllowed(allow=("GET", "HEAD")))["allow"] == "GET, HEAD"


def test_a_providers_own_code_is_kept_and_explained_by_our_paragraph() -> None:
    error = UpstreamStatus(
        "too long", upstream_status=400, status=400, code="context_length_exceeded", error_type="invalid_request_error"
    )

    body = json.loads(error_response(error, "req_1")[2])

    assert body["error"]["code"] == "context_length_exceeded"
    assert body["type"] == f"{DOCS_URL}#upstream_error"


def test_text_that_utf8_cannot_say_does_not_break_the_answer() -> None:
    body = json.loads(error_response(InvalidRequest("half a pair: \ud83d", param="\udc00"), "req_1")[2])

    assert body["detail"] == "half a pair: ?"
    assert body["error"]["param"] == "?"


def test_an_endless_message_is_cut() -> None:
    body = json.loads(error_response(InvalidRequest("x" * 100_000), "req_1")[2])

    assert len(body["detail"]) == MAX_MESSAGE_CHARS


def test_a_stream_ends_with_one_error_event() -> None:
    event = stream_error_event(UpstreamTimeout("idle", 60_000))

    assert event.startswith(b"data: {")
    assert event.endswith(b"}\n\n")
    assert json.loads(event.removeprefix(b"data: "))["error"]["code"] == "upstream_timeout"


def every_error(kind: type[TollhouseError] = TollhouseError) -> Iterator[type[TollhouseError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == TollhouseError.__module__:
            yield from every_error(child)


def made(kind: type[TollhouseError]) -> TollhouseError:
    if issubclass(kind, PoolTimeout):
        return kind(3000)
    if issubclass(kind, UpstreamTimeout):
        return kind("connect", 3000)
    if issubclass(kind, UpstreamStatus):
        return kind("no", upstream_status=500)
    return kind()


@pytest.mark.parametrize("kind", [kind for kind in every_error() if not issubclass(kind, OperatorError)])
def test_every_error_has_a_title_and_a_status_that_is_an_error(kind: type[TollhouseError]) -> None:
    status, _, body = error_response(made(kind), "req_1")

    assert 400 <= status <= 599
    assert json.loads(body)["title"].endswith(".")
