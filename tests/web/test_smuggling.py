"""
Requests that two readers may read in two ways: each is refused and its connection ended, or is one request and no more.

A proxy before us and we must never disagree about where a request ends, whom it is for, or how many there are.
"""

import pytest

from raw_wire import statuses, wired

HOST = b"host: gateway.example\r\n"
POST = b"POST /v1/x HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
INNER = b"POST /v1/smuggled HTTP/1.1\r\n" + HOST + b"content-length: 0\r\n\r\n"
"""What an attacker wants to be taken for a request of its own."""
END = b"0\r\n\r\n"


def post(*headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    head = b"".join(header + b"\r\n" for header in headers)
    return b"POST /v1/x HTTP/" + version + b"\r\n" + HOST + head + b"\r\n" + body


def line(first: bytes, headers: bytes = HOST) -> bytes:
    return first + b"\r\n" + headers + b"\r\n"


def te(value: bytes) -> bytes:
    return post(b"transfer-encoding:" + value, body=END + INNER)


def length(value: bytes) -> bytes:
    return post(b"content-length:" + value, body=b"abcde" + INNER)


REFUSED = {
    "two equal lengths": post(b"content-length: 5", b"content-length: 5", body=b"abcde" + INNER),
    "two other lengths": post(b"content-length: 5", b"content-length: 0", body=INNER),
    "a list of lengths": length(b" 5, 5"),
    "a length before chunks": post(b"content-length: 5", b"transfer-encoding: chunked", body=END + INNER),
    "a length behind chunks": post(b"transfer-encoding: chunked", b"content-length: 5", body=END + INNER),
    "a length with a plus": length(b" +5"),
    "a length with a minus": length(b" -5"),
    "a hexadecimal length": length(b" 0x5"),
    "a length with a point": length(b" 5.0"),
    "a length with an exponent": length(b" 1e1"),
    "a length in two words": length(b" 5 5"),
    "a length with a parameter": length(b" 5;q=1"),
    "an empty length": length(b""),
    "a length beyond 64 bits": length(b" 99999999999999999999"),
    "an unknown encoding": te(b" xchunked"),
    "identity": te(b" identity"),
    "chunked and then identity": te(b" chunked, identity"),
    "identity and then chunked": te(b" identity, chunked"),
    "gzip and then chunked": te(b" gzip, chunked"),
    "chunked twice": te(b" chunked, chunked"),
    "an empty encoding": te(b""),
    "chunked with a comma": te(b" chunked,"),
    "chunked in quotes": te(b' "chunked"'),
    "chunked with a parameter": te(b" chunked;q=1"),
    "chunked with a tab behind": te(b" chunked\t"),
    "chunked behind a vertical tab": te(b"\x0bchunked"),
    "two encodings": post(b"transfer-encoding: chunked", b"transfer-encoding: identity", body=END + INNER),
    "two encodings, the last one chunked": post(
        b"transfer-encoding: identity", b"transfer-encoding: chunked", body=END + INNER
    ),
    "a space before the colon": post(b"transfer-encoding : chunked", body=END + INNER),
    "an encoding on a folded line": te(b"\r\n chunked"),
    "a folded header": post(b"x-a: b\r\n c", body=INNER),
    "a length in a fold": post(b"x-a: b\r\n\tcontent-length: 5", body=INNER),
    "a fold behind a length": post(b"content-length: 5\r\n 0", body=b"abcde"),
    "a space before the first header": line(b"POST /v1/x HTTP/1.1", b" " + HOST),
    "bare line feeds": b"POST /v1/x HTTP/1.1\nhost: gateway.example\n\n" + INNER,
    "a bare line feed behind a header": line(b"POST /v1/x HTTP/1.1", b"host: x\ncontent-length: 0\r\n") + INNER,
    "a bare line feed at the end": POST + b"content-length: 0\r\n\n" + INNER,
    "a bare carriage return": line(b"POST /v1/x HTTP/1.1", b"host: x\rcontent-length: 5\r\n") + b"abcde",
    "a carriage return in a value": post(b"x-a: b\rc"),
    "a NUL in a value": post(b"x-a: b\0c"),
    "a NUL in a name": post(b"x-a\0: b"),
    "a space in a name": post(b"x a: b"),
    "a header without a colon": post(b"x-a"),
    "a header without a name": post(b": b"),
    "chunks of version 1.0": post(b"transfer-encoding: chunked", body=END + INNER, version=b"1.0"),
    "a chunk's size with a plus": CHUNKED + b"+5\r\nabcde\r\n" + END + INNER,
    "a chunk's size with 0x": CHUNKED + b"0x5\r\nabcde\r\n" + END + INNER,
    "a chunk's size behind a space": CHUNKED + b" 5\r\nabcde\r\n" + END + INNER,
    "a chunk's size before a space": CHUNKED + b"5 \r\nabcde\r\n" + END + INNER,
    "a chunk's size with an underscore": CHUNKED + b"5_0\r\nabcde\r\n" + END + INNER,
    "a negative chunk": CHUNKED + b"-5\r\nabcde\r\n" + END + INNER,
    "a chunk's size beyond 64 bits": CHUNKED + b"FFFFFFFFFFFFFFFFF\r\nabcde\r\n" + END + INNER,
    "chunks with bare line feeds": CHUNKED + b"5\nabcde\n0\n\n" + INNER,
    "a chunk longer than it says": CHUNKED + b"5\r\nabcdef\r\n" + END + INNER,
    "a chunk without an end": CHUNKED + b"5\r\nabcde" + END + INNER,
    "an extension ended by a line feed": CHUNKED + b"5;a\nabcde\r\n" + END + INNER,
    "an extension with a carriage return": CHUNKED + b"5;a\rb\r\nabcde\r\n" + END + INNER,
    "a line end in a quoted extension": CHUNKED + b'5;a="\r\n"\r\nabcde\r\n' + END + INNER,
    "an endless extension": CHUNKED + b"5;" + b"a" * 200_000,
    "a length as a trailer": CHUNKED + b"0\r\ncontent-length: 5\r\n\r\nabcde" + INNER,
    "a bare line feed behind the last chunk": CHUNKED + b"0\r\n\n" + INNER,
    "no host": line(b"POST /v1/x HTTP/1.1", b"content-length: 0\r\n") + INNER,
    "two hosts": post(b"host: elsewhere.example", b"content-length: 0", body=INNER),
    "two equal hosts": post(b"Host: gateway.example", b"content-length: 0", body=INNER),
    "an empty host": line(b"POST /v1/x HTTP/1.1", b"host:\r\ncontent-length: 0\r\n") + INNER,
    "a host with a path": line(b"POST /v1/x HTTP/1.1", b"host: gateway.example/v1\r\ncontent-length: 0\r\n") + INNER,
    "a host with a user": line(b"POST /v1/x HTTP/1.1", b"host: a@gateway.example\r\ncontent-length: 0\r\n") + INNER,
    "a host with a space": line(b"POST /v1/x HTTP/1.1", b"host: a b\r\ncontent-length: 0\r\n") + INNER,
    "a host in other letters": line(b"POST /v1/x HTTP/1.1", b"host: g\xc3\xa4te\r\ncontent-length: 0\r\n") + INNER,
    "the absolute form": line(b"POST http://gateway.example/v1/x HTTP/1.1", HOST + b"content-length: 0\r\n") + INNER,
    "the absolute form of another host": line(b"GET http://evil.example/v1/x HTTP/1.1"),
    "the authority form": line(b"CONNECT gateway.example:443 HTTP/1.1") + INNER,
    "the asterisk form": line(b"OPTIONS * HTTP/1.1") + INNER,
    "a fragment": line(b"GET /v1/x#/v1/y HTTP/1.1") + INNER,
    "a target without a slash": line(b"GET v1/x HTTP/1.1"),
    "a space in the target": line(b"GET /v1/x y HTTP/1.1"),
    "no version": line(b"GET /v1/x") + INNER,
    "version 0.9": line(b"GET /v1/x HTTP/0.9") + INNER,
    "version 2.0": line(b"GET /v1/x HTTP/2.0") + INNER,
    "HTTP/2's opening": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method in small letters": line(b"post /v1/x HTTP/1.1"),
    "a tab behind the method": line(b"GET\t/v1/x HTTP/1.1"),
    "two keys": post(b"authorization: Bearer a", b"authorization: Bearer b", b"content-length: 0", body=INNER),
    "two use cases": post(b"x-tollhouse-use-case: a", b"X-Tollhouse-Use-Case: b", b"content-length: 0", body=INNER),
}

X, NOTHING = "/v1/x", b""
TWICE = post(b"content-length: 0")

ONE_REQUEST = {
    "a length with leading zeros": (post(b"content-length: 05", body=b"abcde"), X, b"abcde"),
    "a length with spaces around": (post(b"content-length:\t5 ", body=b"abcde"), X, b"abcde"),
    "chunked in capitals": (post(b"Transfer-Encoding: CHUNKED", body=b"5\r\nabcde\r\n" + END), X, b"abcde"),
    "chunks with an extension": (CHUNKED + b"5;a=b\r\nabcde\r\n" + END, X, b"abcde"),
    "chunks with zeros": (CHUNKED + b"0005\r\nabcde\r\n000\r\n\r\n", X, b"abcde"),
    "a path with two slashes": (
        line(b"POST //evil.example/v1/x HTTP/1.1", HOST + b"content-length: 0\r\n"),
        None,
        NOTHING,
    ),
    "a path with dots": (line(b"POST /v1/../api/x HTTP/1.1", HOST + b"content-length: 0\r\n"), "/v1/../api/x", NOTHING),
    "a path with a coded slash": (
        line(b"POST /v1/a%2fb HTTP/1.1", HOST + b"content-length: 0\r\n"),
        "/v1/a/b",
        NOTHING,
    ),
    "empty lines before": (b"\r\n\r\n" + TWICE, X, NOTHING),
    "another header twice": (post(b"x-a: 1", b"x-a: 2", b"content-length: 0"), X, NOTHING),
    "IPv6 and a port": (line(b"POST /v1/x HTTP/1.1", b"host: [::1]:8088\r\ncontent-length: 0\r\n"), X, NOTHING),
}
"""Odd, but there is one way only to read it: what is seen upstream, None for nothing (it is refused as not found)."""


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
async def test_it_is_refused_its_connection_ends_and_nothing_is_seen_upstream(sent: bytes) -> None:
    async with wired() as wire:
        said = await wire.say(sent)

    assert statuses(said) == [400], said
    assert b"\r\nconnection: close\r\n" in said
    assert b"\r\nx-request-id: req_" in said
    assert b"can be read in one way only" in said
    assert wire.upstream.seen == []
    assert wire.watch.refusals == ["invalid_request"]
    assert wire.watch.faults == []


@pytest.mark.parametrize(("sent", "path", "body"), ONE_REQUEST.values(), ids=ONE_REQUEST)
async def test_it_is_one_request_for_the_path_that_is_authorised(sent: bytes, path: str | None, body: bytes) -> None:
    async with wired() as wire:
        said = await wire.say(sent, then_ends=True)

    assert statuses(said) == [404 if path is None else 200], said
    assert [(each[1], each[3]) for each in wire.upstream.seen] == ([] if path is None else [(path, body)])


@pytest.mark.parametrize("pieces", [1, 7, 60])
@pytest.mark.parametrize("sent", [REFUSED["a folded header"], REFUSED["a length behind chunks"], te(b" xchunked")])
async def test_it_is_refused_in_pieces_too(sent: bytes, pieces: int) -> None:
    size = -(-len(sent) // pieces)
    async with wired() as wire:
        said = await wire.say(*[sent[at : at + size] for at in range(0, len(sent), size)])

    assert statuses(said) == [400]
    assert wire.upstream.seen == []


# --- what follows a good request ------------------------------------------------------------------------------------


async def test_two_good_requests_behind_each_other_are_answered_in_their_order() -> None:
    second = line(b"POST /v1/y HTTP/1.1", HOST + b"connection: close\r\ncontent-length: 1\r\n") + b"b"
    async with wired() as wire:
        said = await wire.say(post(b"content-length: 1", body=b"a") + second)

    assert said.replace(b"\r\n\r\na", b"").count(b"HTTP/1.1 200") == 2
    assert [each[1] for each in wire.upstream.seen] == ["/v1/x", "/v1/y"]


@pytest.mark.parametrize(
    "behind", [b"\0\0\0\0", te(b" xchunked"), REFUSED["two hosts"], b"hello hello hello\r\n\r\n", b"x" * 100_000]
)
async def test_what_is_wrong_behind_a_good_request_lets_that_one_be_answered_and_is_not_read(behind: bytes) -> None:
    async with wired() as wire:
        said = await wire.say(post(b"content-length: 1", body=b"a") + behind + INNER)

    assert said.count(b"HTTP/1.1 ") == 1, "nothing is written into the answer of a good request"
    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"\r\n\r\na")
    assert len(wire.upstream.seen) == 1


@pytest.mark.parametrize(("version", "connection"), [(b"1.1", b"close"), (b"1.0", b"close"), (b"1.0", b"keep-alive")])
async def test_nothing_is_read_behind_the_last_request_of_a_connection(version: bytes, connection: bytes) -> None:
    last = post(b"connection: " + connection, b"content-length: 1", body=b"a", version=version)
    async with wired() as wire:
        said = await wire.say(last + INNER)

    assert statuses(said) == [200]
    assert len(wire.upstream.seen) == 1


async def test_after_a_refusal_nothing_more_is_read_on_the_connection() -> None:
    async with wired() as wire:
        said = await wire.say(REFUSED["two hosts"], INNER, INNER, pause_s=0.05)

    assert statuses(said) == [400]
    assert wire.upstream.seen == []


async def test_a_request_for_another_protocol_is_answered_in_this_one_and_is_the_last() -> None:
    asked = post(b"connection: upgrade", b"upgrade: h2c", b"content-length: 1", body=b"a")
    async with wired() as wire:
        said = await wire.say(asked + INNER)

    assert statuses(said) == [200]
    assert len(wire.upstream.seen) == 1


async def test_a_bad_body_behind_a_running_answer_ends_with_that_answer() -> None:
    asked = post(b"content-length: 1", body=b"a")
    async with wired() as wire:
        said = await wire.say(asked + CHUNKED + b"5\r\nab", b"cdeXX\r\n" + INNER, pause_s=0.05)

    assert statuses(said)[0] == 200
    assert [each[3] for each in wire.upstream.seen] == [b"a"]


async def test_trailers_are_nobodys_headers() -> None:
    trailers = b"0\r\nx-tollhouse-use-case: other\r\nauthorization: Bearer other\r\n\r\n"
    async with wired() as wire:
        said = await wire.say(CHUNKED + b"1\r\na\r\n", trailers, pause_s=0.05, then_ends=True)

    assert statuses(said) == [200]
    assert {name for name, _ in wire.upstream.headers[0]} == {b"host", b"transfer-encoding"}
