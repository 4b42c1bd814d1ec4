"""Whatever is sent, the answer says what was wrong, nothing is spent, and the next good call is served."""

import json
import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import pytest

from flow_house import Answer, Tree, chat, get, post, route, running, tree, use_case
from tollhouse.testing.house import TestHouse

MAX_BODY_BYTES = 100_000
TWO_KEY = "th-two-use-cases-0123456789"
EXPIRED_KEY = "th-expired-key-0123456789"
NARROW_KEY = "th-narrow-key-0123456789"
SLOW_KEY = "th-slow-key-0123456789"

SETTINGS = tree(
    server={
        "listen": "127.0.0.1:0",
        "admin_token": "<admin_token>",
        "drain_ms": 1000,
        "max_body_bytes": MAX_BODY_BYTES,
    },
    models={"*": route("*"), "only": route("sim-text")},
    use_cases={
        "tests": use_case(models=["*", "only"]),
        "second": use_case(),
        "locked": use_case(parameters={"locked": ["temperature"], "max": {"n": 1}}, max_output_tokens=50),
        "slow": use_case(rate={"requests_per_minute": 1}),
    },
    keys=[
        {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>"},
        {"name": "two", "team": "tests", "use_cases": ["tests", "second", "locked"], "secret": TWO_KEY},
        {"name": "narrow", "team": "tests", "use_cases": ["tests"], "models": ["only"], "secret": NARROW_KEY},
        {"name": "slow", "team": "tests", "use_cases": ["slow"], "secret": SLOW_KEY},
        {
            "name": "expired",
            "team": "tests",
            "use_cases": ["tests"],
            "secret": EXPIRED_KEY,
            "expires": "2020-01-01",
        },
    ],
)


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    """At the end the ledger holds the good calls and nothing else."""
    with running(SETTINGS) as house:
        yield house

        good = house.simulator.requests.arrived
        total = house.usage().total
        assert (total.attempts, total.unknown_attempts, total.cost_nanousd) == (good, 0, good * 2 * 2250)


@pytest.fixture(autouse=True)
def nothing_reaches_the_provider(house: TestHouse) -> Iterator[None]:
    """Around every test; and the next good call is served."""
    before = house.simulator.requests.arrived

    yield

    assert house.simulator.requests.arrived == before
    answer = post(house, chat("sim-echo"))
    assert answer.status == 200, answer.body


def refused(answer: Answer, status: int, code: str, param: str | None = None) -> Tree:
    """Check the whole shape of an error answer: RFC 9457 at the top, OpenAI's object beside it."""
    body = answer.json()
    assert (answer.status, body["code"]) == (status, code), answer.body
    assert answer.headers["content-type"] == "application/json"
    error = body["error"]
    assert isinstance(error, dict)
    assert list(body) == ["type", "title", "status", "detail", "instance", "code", "request_id", "error"]
    assert body["type"] == f"https://tollhouse.example/docs/errors#{code}"
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["instance"] == f"/requests/{body['request_id']}"
    assert list(error) == ["message", "type", "param", "code"]
    assert (error["message"], error["code"]) == (body["detail"], code)
    assert error["param"] == param
    assert "Traceback" not in answer.body.decode()
    return body


# --- who ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "wrong", "x" * 300, EXPIRED_KEY, "th-test-key-0123456789abcdeF"])
def test_a_wrong_or_missing_key(house: TestHouse, key: str) -> None:
    answer = post(house, chat("sim-echo"), key=key)

    refused(answer, 401, "invalid_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("value", ["Basic dGVzdA==", "Bearer", "Bearer ", "th-test-key-0123456789abcdef", "Bearer\tx"])
def test_a_credential_of_another_kind(house: TestHouse, value: str) -> None:
    refused(post(house, chat("sim-echo"), key="", headers={"authorization": value}), 401, "invalid_api_key")


def test_who_has_no_key_learns_nothing_about_the_body(house: TestHouse) -> None:
    refused(post(house, b"{", key=""), 401, "invalid_api_key")
    refused(post(house, b"x" * (MAX_BODY_BYTES + 1), key=""), 401, "invalid_api_key")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/sim-echo", "/v1/responses/resp_1"])
def test_reads_need_a_key_too(house: TestHouse, path: str) -> None:
    refused(get(house, path, key=""), 401, "invalid_api_key")


def test_a_use_case_that_is_not_the_keys_own(house: TestHouse) -> None:
    for name in ("second", "nobody", "Ünknown"):
        answer = post(house, chat("sim-echo"), headers={"x-tollhouse-use-case": name})

        refused(answer, 403, "use_case_not_allowed")


def test_a_key_with_several_use_cases_must_name_one(house: TestHouse) -> None:
    body = refused(post(house, chat("sim-echo"), key=TWO_KEY), 400, "use_case_required")

    assert "tests, second, locked" in str(body["detail"])


@pytest.mark.parametrize("model", ["sim echo", "*", "sim-*", "x" * 201, "é", "\u0000"])
def test_a_model_name_that_cannot_be_one(house: TestHouse, model: str) -> None:
    refused(post(house, chat(model)), 404, "model_not_found", "model")


def test_a_model_that_this_key_may_not_use(house: TestHouse) -> None:
    refused(post(house, chat("sim-echo"), key=NARROW_KEY), 404, "model_not_found", "model")


# --- bodies ---------------------------------------------------------------------------------------------------------

NOT_JSON: Mapping[str, bytes] = {
    "empty": b"",
    "spaces": b" \n\t ",
    "text": b"hello",
    "cut": b'{"model": "sim-echo", "messages": [',
    "trailing": b'{"model": "sim-echo", "messages": []} x',
    "two values": b'{"model": "sim-echo"}{"model": "sim-echo"}',
    "array": b"[1, 2]",
    "string": b'"hello"',
    "number": b"12",
    "null": b"null",
    "not utf-8": b'{"model": "sim-echo", "messages": [{"role": "user", "content": "\xff\xfe"}]}',
    "cut utf-8": b'{"model": "sim-echo", "messages": [{"role": "user", "content": "\xe2\x82"}]}',
    "utf-16": '{"model": "sim-echo", "messages": []}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"model": "sim-echo"}',
    "nan": b'{"model": "sim-echo", "messages": [{"role": "user", "content": "x"}], "temperature": NaN}',
    "infinity": b'{"model": "sim-echo", "messages": [{"role": "user", "content": "x"}], "temperature": -Infinity}',
    "nan deep inside": b'{"model": "sim-echo", "messages": [{"role": "user", "content": "x", "y": [NaN]}]}',
    "single quotes": b"{'model': 'sim-echo'}",
    "comment": b'{"model": "sim-echo" /* hello */}',
    "half a character": b'{"model": "sim-echo\\ud83d"}',
    "trailing comma": b'{"model": "sim-echo",}',
    "control character": b'{"model": "sim-echo", "messages": [{"role": "user", "content": "a\x01b"}]}',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "zeros": b"\x00" * 10,
    "deep array": b'{"model": "sim-echo", "messages": ' + b"[" * 40_000 + b"]" * 40_000 + b"}",
    "deep object": b'{"model": "sim-echo", "x": ' + b'{"a":' * 15_000 + b"1" + b"}" * 15_000 + b"}",
    "repeated": b'{"model": "sim-echo", "messages": [{"role": "user", "content": "x"}], "model": "sim-text"}',
    "repeated and escaped": b'{"n": 1, "messages": [{"role": "user", "content": "x"}], "\\u006e": 5}',
}


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings", "/v1/moderations"]
)
@pytest.mark.parametrize("name", NOT_JSON)
def test_a_body_that_is_not_one_json_object(house: TestHouse, name: str, path: str) -> None:
    refused(post(house, NOT_JSON[name], path=path), 400, "invalid_json")


def test_a_body_that_is_too_large(house: TestHouse) -> None:
    refused(post(house, b"x" * (MAX_BODY_BYTES + 1)), 413, "body_too_large")


def test_a_body_of_the_largest_size_is_taken(house: TestHouse) -> None:
    frame = json.dumps(chat("sim-echo", user="")).encode()

    answer = post(
        house, json.dumps(chat("sim-echo", user="x" * (MAX_BODY_BYTES - len(frame)))).encode(), key=NARROW_KEY
    )

    refused(answer, 404, "model_not_found", "model")


def test_a_large_body_without_a_length_is_cut_off(house: TestHouse) -> None:
    piece = b"%x\r\n%s\r\n" % (50_000, b" " * 50_000)

    status, body = exchange(house, request("transfer-encoding: chunked") + piece * 3 + b"0\r\n\r\n")

    assert (status, json.loads(body)["code"]) == (413, "body_too_large")


def test_a_caller_who_announces_more_than_it_sends_leaves_nothing_behind(house: TestHouse) -> None:
    with connected(house) as line:
        line.sendall(request("content-length: 500") + b'{"model": ')

    assert house.at_rest(lambda each: each.accounting.state().open_calls) == 0


@pytest.mark.parametrize("text", ["GET / HTTP/9.9\r\n\r\n", "\x00\x01\x02\r\n\r\n", "POST\r\n\r\n", "{}"])
def test_what_is_not_http_is_refused_by_the_server(house: TestHouse, text: str) -> None:
    with connected(house) as line:
        line.sendall(text.encode() + b"\r\n\r\n")

        assert line.recv(1000).startswith(b"HTTP/1.1 400") or text == "{}"


# --- members --------------------------------------------------------------------------------------------------------

HELLO = [{"role": "user", "content": "x"}]
WRONG: list[tuple[str, Tree, str]] = [
    ("/v1/chat/completions", {}, "messages"),
    ("/v1/chat/completions", {"messages": []}, "messages"),
    ("/v1/chat/completions", {"messages": "hello"}, "messages"),
    ("/v1/chat/completions", {"messages": None}, "messages"),
    ("/v1/chat/completions", {"messages": HELLO, "n": 0}, "n"),
    ("/v1/chat/completions", {"messages": HELLO, "n": -1}, "n"),
    ("/v1/chat/completions", {"messages": HELLO, "n": 129}, "n"),
    ("/v1/chat/completions", {"messages": HELLO, "n": 1.5}, "n"),
    ("/v1/chat/completions", {"messages": HELLO, "n": "2"}, "n"),
    ("/v1/chat/completions", {"messages": HELLO, "n": True}, "n"),
    ("/v1/chat/completions", {"messages": HELLO, "n": 10**30}, "n"),
    ("/v1/chat/completions", {"messages": HELLO, "max_tokens": 0}, "max_tokens"),
    ("/v1/chat/completions", {"messages": HELLO, "max_tokens": -5}, "max_tokens"),
    ("/v1/chat/completions", {"messages": HELLO, "max_completion_tokens": 2**31}, "max_completion_tokens"),
    ("/v1/chat/completions", {"messages": HELLO, "max_completion_tokens": 1e400}, "max_completion_tokens"),
    ("/v1/chat/completions", {"messages": HELLO, "max_completion_tokens": 10**40}, "max_completion_tokens"),
    ("/v1/chat/completions", {"messages": HELLO, "stream": "yes"}, "stream"),
    ("/v1/chat/completions", {"messages": HELLO, "stream": 1}, "stream"),
    ("/v1/chat/completions", {"messages": HELLO, "stream_options": []}, "stream_options"),
    ("/v1/chat/completions", {"messages": HELLO, "model": 5}, "model"),
    ("/v1/responses", {}, "input"),
    ("/v1/responses", {"input": 5}, "input"),
    ("/v1/responses", {"input": "x", "max_output_tokens": 0}, "max_output_tokens"),
    ("/v1/responses", {"input": "x", "previous_response_id": 5}, "previous_response_id"),
    ("/v1/completions", {}, "prompt"),
    ("/v1/completions", {"prompt": {}}, "prompt"),
    ("/v1/completions", {"prompt": "x", "max_tokens": -1}, "max_tokens"),
    ("/v1/completions", {"prompt": "x", "n": 0}, "n"),
    ("/v1/embeddings", {}, "input"),
    ("/v1/embeddings", {"input": 5}, "input"),
    ("/v1/moderations", {}, "input"),
]


@pytest.mark.parametrize(("path", "members", "param"), WRONG, ids=[f"{p}-{json.dumps(m)[:60]}" for p, m, _ in WRONG])
def test_a_member_that_is_missing_of_the_wrong_type_or_out_of_bounds(
    house: TestHouse, path: str, members: Tree, param: str
) -> None:
    body = json.dumps({"model": "sim-echo", **members}).replace("Infinity", "1e400").encode()

    refused(post(house, body, path=path), 400, "invalid_request", param)


def test_a_locked_parameter(house: TestHouse) -> None:
    answer = post(house, chat("sim-echo", temperature=1), key=TWO_KEY, headers={"x-tollhouse-use-case": "locked"})

    refused(answer, 400, "parameter_not_allowed", "temperature")


def test_a_previous_response_that_nobody_knows(house: TestHouse) -> None:
    asked: Tree = {"model": "sim-echo", "input": "x", "previous_response_id": "resp_unknown"}

    refused(post(house, asked, path="/v1/responses"), 404, "not_found", "previous_response_id")


def test_an_unpriced_model_is_refused_with_the_lines_to_paste() -> None:
    models = {"*": {"deployments": [{"provider": "simulator", "model": "*"}]}}
    with running(tree(models=models)) as house:
        body = refused(post(house, chat("sim-echo")), 400, "model_not_priced", "model")

        assert "input_per_million" in str(body["detail"])


# --- headers and addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-tollhouse-tags", "no-sign"),
        ("x-tollhouse-tags", "=v"),
        ("x-tollhouse-tags", "k="),
        ("x-tollhouse-tags", ",".join(f"k{n}=v" for n in range(21))),
        ("x-tollhouse-tags", "k=" + "v" * 200),
        ("x-tollhouse-subject", "s" * 257),
        ("x-tollhouse-subject", " "),
        ("x-tollhouse-use-case", "u" * 200),
        ("idempotency-key", "i" * 256),
        ("idempotency-key", "a\xa0b"),
        ("traceparent", "t" * 200),
        ("traceparent", "caf\xe9"),
    ],
)
def test_a_header_that_cannot_be_read_is_named(house: TestHouse, name: str, value: str) -> None:
    refused(post(house, chat("sim-echo"), headers={name: value}), 400, "invalid_request", name)


@pytest.mark.parametrize("value", ["a b", "x" * 129, '"><script>', "é"])
def test_a_request_id_that_cannot_be_repeated_is_replaced(house: TestHouse, value: str) -> None:
    answer = post(house, chat("sim-echo", n=0), headers={"x-request-id": value})

    body = refused(answer, 400, "invalid_request", "n")
    assert str(body["request_id"]).startswith("req_")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/chat", "/v2/models", "/v1/models/", "/v1/chat/completions/x", "/%00"]
)
def test_an_address_where_nothing_is(house: TestHouse, path: str) -> None:
    answer = get(house, path)

    assert answer.status == 404
    assert answer.code in ("not_found", "model_not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/responses/resp_1", "GET, HEAD"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("PUT", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_an_address_does_not_take(house: TestHouse, method: str, path: str, allow: str) -> None:
    answer = post(house, b"", path=path, method=method)

    refused(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allow


def test_a_rate_that_is_used_up() -> None:
    with running(SETTINGS) as house:
        first = post(house, chat("sim-echo"), key=SLOW_KEY)

        answer = post(house, chat("sim-echo"), key=SLOW_KEY)

        assert first.status == 200
        assert first.headers["x-ratelimit-remaining-requests"] == "0"
        refused(answer, 429, "rate_limit_exceeded")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert 1 <= int(answer.headers["retry-after-ms"]) <= 60_000


# --- helpers --------------------------------------------------------------------------------------------------------


def request(*headers: str) -> bytes:
    lines = [
        "POST /v1/chat/completions HTTP/1.1",
        "host: localhost",
        "authorization: Bearer th-test-key-0123456789abcdef",
        *headers,
    ]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def connected(house: TestHouse) -> socket.socket:
    parts = urlsplit(house.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def exchange(house: TestHouse, data: bytes) -> tuple[int, bytes]:
    from http.client import HTTPResponse

    with connected(house) as line:
        line.sendall(data)
        response = HTTPResponse(line)
        response.begin()
        with response:
            return response.status, response.read()
