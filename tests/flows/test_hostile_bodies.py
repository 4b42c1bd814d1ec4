"""Bodies made to cost much: refused before they do, whatever their size, and never a fault of ours."""

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from flow_house import chat, post, running, tree
from tollhouse.config.tree import Server
from tollhouse.gateway.endpoints.members import BRACKETS_MAX, MEMBERS_MAX, NAME_CHARS_MAX, TEXTS_MAX
from tollhouse.testing.house import TestHouse

HEAD = b'{"model":"sim-echo","messages":[{"role":"user","content":"x"}]'
MILLION = 1_000_000
LARGEST = Server().max_body_bytes


def said(content: bytes) -> bytes:
    return b'{"model":"sim-echo","messages":[{"role":"user","content":"%b"}]}' % content


REFUSED = {
    "lists 100,000 deep": (HEAD + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "invalid_json"),
    "objects 100,000 deep": (HEAD + b',"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}", "invalid_request"),
    "a million members": (
        b"{" + b",".join(b'"k%d":1' % n for n in range(MILLION)) + b',"model":"sim-echo"}',
        "invalid_request",
    ),
    "a million members inside": (
        HEAD + b',"metadata":{' + b",".join(b'"k%d":1' % n for n in range(MILLION)) + b"}}",
        "invalid_request",
    ),
    "a member a million times": (b'{"model":"sim-echo",' + b",".join([b'"n":1'] * MILLION) + b"}", "invalid_request"),
    "a million messages": (
        b'{"model":"sim-echo","messages":[' + b",".join([b"{}"] * MILLION) + b"]}",
        "invalid_request",
    ),
    "800,000 longer messages": (
        b'{"model":"sim-echo","messages":[' + b",".join([b'{"role":"user","content":""}'] * 800_000) + b"]}",
        "invalid_request",
    ),
    "a name of five million backslashes": (
        b'{"' + b"\\\\" * 5 * MILLION + b'" :1,' + HEAD[1:] + b"}",
        "invalid_request",
    ),
    "a limit with 400 zeros": (HEAD + b',"max_tokens":1' + b"0" * 400 + b"}", "invalid_request"),
    "a limit with a million digits": (HEAD + b',"max_tokens":1' + b"0" * MILLION + b"}", "invalid_request"),
    "an exponent without end": (HEAD + b',"n":1e999999999}', "invalid_request"),
    "half a character": (said(b"\\ud800"), "invalid_json"),
    "a NUL": (said(b"\x00"), "invalid_json"),
    "a wrong byte at the end of many": (said(b"x" * 10 * MILLION + b"\xff"), "invalid_json"),
}


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    with running(tree()) as house:
        yield house


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_and_nothing_reaches_the_provider(house: TestHouse, name: str) -> None:
    body, code = REFUSED[name]
    before = house.simulator.requests.arrived

    answer = post(house, body)

    assert (answer.status, answer.code) == (400, code), answer.body[:500]
    assert house.simulator.requests.arrived == before
    assert post(house, chat("sim-echo")).status == 200


@pytest.mark.parametrize("name", ["a million members", "a million messages", "a name of five million backslashes"])
def test_refusing_costs_the_loop_less_than_taking_a_plain_body_of_that_size(house: TestHouse, name: str) -> None:
    body, _ = REFUSED[name]
    plain = said(b"x" * (len(body) - len(said(b""))))

    spent = [min(loop_cpu_s(house, each) for _ in range(2)) for each in (body, plain)]

    assert spent[0] < 2 * spent[1] + 0.02, spent


def loop_cpu_s(house: TestHouse, body: bytes) -> float:
    """The processor time that the server's event loop takes for one request."""
    ident = house._thread.ident
    assert ident is not None
    clock = time.pthread_getcpuclockid(ident)
    before = time.clock_gettime(clock)
    assert post(house, body).status in (200, 400)
    return time.clock_gettime(clock) - before


def test_a_body_just_within_the_limits_is_taken(house: TestHouse) -> None:
    long_name = {"n" * NAME_CHARS_MAX: 1}
    members = {f"k{n}": 1 for n in range(MEMBERS_MAX - 3)}
    texts = ["x"] * (TEXTS_MAX - 100)

    assert post(house, chat("sim-echo", **long_name, **members)).status == 200
    assert post(house, {**chat("sim-echo", **members), "one": 1, "two": 2}).status == 400
    assert post(house, chat("sim-echo", metadata=texts)).status == 200
    assert post(house, chat("sim-echo", metadata=[*texts, *texts])).status == 400
    assert post(house, chat("sim-echo", user="{" * (BRACKETS_MAX - 100))).status == 200
    assert post(house, chat("sim-echo", user="{" * (BRACKETS_MAX + 1))).status == 400


def test_quotes_inside_a_text_are_no_texts(house: TestHouse) -> None:
    quoted = json.dumps({f"k{n}": "v" for n in range(TEXTS_MAX)})

    assert post(house, chat("sim-echo", user=quoted)).status == 200


def test_a_body_beyond_the_limit_is_refused_by_its_length(house: TestHouse) -> None:
    parts = urlsplit(house.url)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {house.api_key}\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as line:
        line.sendall(head.encode() + b"content-length: %d\r\n\r\n" % (LARGEST + 1) + said(b"A" * 100_000))

        answer = line.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body_too_large"' in answer
