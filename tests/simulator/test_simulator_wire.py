"""Every behaviour does on the wire what its row says: read from a raw socket, byte by byte."""

import asyncio
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest

from tollhouse.simulator import Simulator
from tollhouse.simulator.catalogue import FIXED_TEXT, REFUSAL, TABLE
from tollhouse.simulator.failures import HINTS, HTML

TEXT = "hello wide world"
LONG_SILENCE_S = 30
"""No test waits so long; it only keeps a broken one from hanging."""


@dataclass
class Seen:
    """One answer as a client sees it: what came, and how it ended."""

    raw: bytes = b""
    ended: Literal["kept", "closed", "reset", "left"] = "left"
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False
    """The HTTP message came to its end."""
    framing_error: bool = False

    @property
    def events(self) -> list[str]:
        blocks = self.body.decode(errors="replace").replace("\r\n", "\n").split("\n\n")
        data = ["\n".join(line[6:] for line in block.split("\n") if line.startswith("data: ")) for block in blocks]
        return [entry for entry in data if entry]

    @property
    def chunks(self) -> list[dict[str, object]]:
        return [json.loads(event) for event in self.events if event != "[DONE]"]

    @property
    def text(self) -> str:
        """The content of a stream, or of a whole answer."""
        if self.headers.get("content-type", "").startswith("text/event-stream"):
            return "".join(delta.get("content") or "" for delta in self.deltas)
        return str(json.loads(self.body)["choices"][0]["message"]["content"])

    @property
    def deltas(self) -> list[dict[str, str]]:
        return [choice["delta"] for chunk in self.chunks for choice in _choices(chunk)]

    @property
    def finish(self) -> object:
        if self.headers.get("content-type", "").startswith("application/json"):
            return json.loads(self.body)["choices"][0]["finish_reason"]
        return next(
            (choice["finish_reason"] for c in self.chunks for choice in _choices(c) if choice["finish_reason"]), None
        )

    @property
    def usages(self) -> list[object]:
        return [chunk["usage"] for chunk in self.chunks if chunk.get("choices") == []]

    @property
    def done(self) -> bool:
        return bool(self.events) and self.events[-1] == "[DONE]"

    @property
    def outputs(self) -> int:
        return sum(1 for delta in self.deltas if delta.get("content"))


def _choices(chunk: dict[str, object]) -> list[dict]:  # type: ignore[type-arg]
    found = chunk.get("choices")
    return found if isinstance(found, list) else []


def a_request(model: str, *, stream: bool, **members: object) -> bytes:
    sent: dict[str, object] = {
        "model": model,
        "messages": [{"role": "user", "content": TEXT}],
        "stream": stream,
        **members,
    }
    if stream:
        sent["stream_options"] = {"include_usage": True}
    body = json.dumps(sent).encode()
    return b"POST /v1/chat/completions HTTP/1.1\r\nhost: sim\r\ncontent-length: %d\r\n\r\n" % len(body) + body


async def exchange(provider: Simulator, request: bytes, *, leave_after: Callable[[Seen], bool] | None = None) -> Seen:
    """Send a request and read the answer to its end, or until `leave_after` says that enough was seen."""
    async with asyncio.timeout(LONG_SILENCE_S):
        host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        seen = Seen()
        try:
            await _read(reader, seen, leave_after)
            if seen.complete:
                seen.ended = await _still_there(reader, writer)
        finally:
            writer.transport.abort()
        await provider.settled()
    return seen


async def _read(reader: asyncio.StreamReader, seen: Seen, leave_after: Callable[[Seen], bool] | None) -> None:
    try:
        while not seen.complete:
            if leave_after and leave_after(seen):
                return
            data = await reader.read(65_536)
            if not data:
                seen.ended = "closed"
                return
            seen.raw += data
            _parse(seen)
            if seen.framing_error:
                await reader.read(-1)
                seen.ended = "closed"
                return
    except ConnectionResetError:
        seen.ended = "reset"


async def _still_there(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Literal["kept", "closed"]:
    """Ask for something else on the same connection."""
    try:
        writer.write(b"GET /v1/models/sim-echo HTTP/1.1\r\nhost: sim\r\n\r\n")
        return "kept" if await reader.read(12) == b"HTTP/1.1 200" else "closed"
    except ConnectionError:
        return "closed"


def _parse(seen: Seen) -> None:
    head, blank, rest = seen.raw.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 1") and blank:
        head, blank, rest = rest.partition(b"\r\n\r\n")
    if not blank:
        return
    first, *lines = head.decode().split("\r\n")
    seen.status = int(first.split()[1])
    seen.headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "content-length" in seen.headers:
        seen.body = rest
        seen.complete = len(rest) == int(seen.headers["content-length"])
    else:
        seen.body, seen.complete, seen.framing_error = _dechunked(rest)


def _dechunked(rest: bytes) -> tuple[bytes, bool, bool]:
    body = b""
    while True:
        size, newline, rest = rest.partition(b"\r\n")
        if not newline:
            return body, False, False
        length = int(size, 16)
        if len(rest) < length + 2:
            return body + rest[:length], False, False
        if rest[length : length + 2] != b"\r\n":
            return body, False, True
        if length == 0:
            return body, True, False
        body, rest = body + rest[:length], rest[length + 2 :]


async def arrived(provider: Simulator) -> None:
    while not provider.requests:
        await asyncio.sleep(0)


# --- what each model looks like ------------------------------------------------------------------------------------

Check = Callable[[Seen], bool]


def is_ordinary(seen: Seen) -> bool:
    """A good stream: text, an end for the choice, usage once, [DONE], connection kept."""
    return is_said(TEXT)(seen)


def is_said(text: str, finish: str = "stop") -> Check:
    def check(seen: Seen) -> bool:
        assert seen.status == 200
        assert seen.text == text
        assert seen.finish == finish
        assert seen.ended == "kept"
        if seen.headers["content-type"].startswith("text/event-stream"):
            assert seen.done
            assert len(seen.usages) == 1
        return True

    return check


def fails_with(status: int, code: str | None, error_type: str | None = "invalid_request_error") -> Check:
    def check(seen: Seen) -> bool:
        error = json.loads(seen.body)["error"]
        assert (seen.status, error["code"], error["type"]) == (status, code, error_type)
        assert {"message", "type", "param", "code"} <= set(error)
        return seen.ended == "kept"

    return check


def is_broken_after(outputs: int, ended: str, *, complete: bool = False) -> Check:
    def check(seen: Seen) -> bool:
        assert seen.status == 200
        assert seen.outputs == outputs
        assert seen.finish is None
        assert not seen.done
        return seen.complete is complete and seen.ended == ended

    return check


def is_torn_after(outputs: int) -> Check:
    """The last event has only its first half."""

    def check(seen: Seen) -> bool:
        assert not _is_json(seen.events[-1])
        assert len(seen.events) == outputs + 2  # the role in front, the torn one behind
        return not seen.complete and seen.ended == "closed"

    return check


def is_half(ended: str) -> Check:
    def check(seen: Seen) -> bool:
        assert seen.status == 200
        assert 0 < len(seen.body) < int(seen.headers["content-length"])
        return not seen.complete and seen.ended == ended

    return check


def is_nothing(ended: str) -> Check:
    return lambda seen: seen.raw == b"" and seen.ended == ended


def both(first: Check, second: Check) -> Check:
    return lambda seen: first(seen) and second(seen)


def not_json_at(position: int) -> Check:
    def check(seen: Seen) -> bool:
        starts = [index for index, event in enumerate(seen.events) if not _is_json(event) and event != "[DONE]"]
        assert starts == [position]
        return seen.done and seen.ended == "kept"

    return check


def _is_json(text: str | bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def ticks(count: int) -> str:
    return "".join(f"{number % 1000:03d} " for number in range(count))


def has_usage(wanted: list[bool]) -> Check:
    """True stands for a usage, False for null."""
    return lambda seen: [usage is not None for usage in seen.usages] == wanted and seen.done and seen.text == TEXT


def unpacks_to(size: int) -> Check:
    return lambda seen: len(zlib.decompress(seen.body, wbits=31)) >= size > 100 * len(seen.body)


def error_event(seen: Seen) -> bool:
    assert json.loads(seen.events[-1])["error"]["type"] == "server_error"
    return len(seen.events) == 3 and seen.complete and seen.ended == "kept"


def huge_line(seen: Seen) -> bool:
    return max(map(len, seen.events)) > 20 * 1024 and seen.text == TEXT


def shows_key(status: int) -> Check:
    """The test sends no key, so there is nothing between the quotes."""
    return lambda seen: (seen.status, json.loads(seen.body)["error"]["param"]) == (status, "")


def is_at_its_length(seen: Seen) -> bool:
    return len(seen.body) == int(seen.headers["content-length"])


STATUSES = {
    400: ("invalid_value", "invalid_request_error"),
    401: ("invalid_api_key", "invalid_request_error"),
    403: ("model_not_allowed", "invalid_request_error"),
    404: ("model_not_found", "invalid_request_error"),
    408: ("request_timeout", "invalid_request_error"),
    409: ("conflict", "invalid_request_error"),
    413: ("request_too_large", "invalid_request_error"),
    422: ("unprocessable", "invalid_request_error"),
    429: ("rate_limit_exceeded", "requests"),
    500: (None, "server_error"),
    502: (None, "server_error"),
    503: ("overloaded", "server_error"),
    504: ("timeout", "server_error"),
    529: (None, "overloaded_error"),
}

FAILURES: dict[str, Check] = {
    **{f"sim-{status}": fails_with(status, code, kind) for status, (code, kind) in STATUSES.items()},
    "sim-content-filter": fails_with(400, "content_filter", None),
    "sim-context-length": fails_with(400, "context_length_exceeded"),
    "sim-quota": fails_with(429, "insufficient_quota", "insufficient_quota"),
    "sim-502-html": lambda seen: seen.status == 502 and seen.body == HTML,
    "sim-200-error": fails_with(200, None, "server_error"),
    "sim-200-html": lambda seen: (seen.status, seen.body, seen.headers["content-type"]) == (200, HTML, "text/html"),
    "sim-200-empty": lambda seen: seen.status == 200 and seen.body == b"" and seen.ended == "kept",
    "sim-reset": is_nothing("reset"),
    "sim-reset-billed": is_nothing("reset"),
    "sim-close": is_nothing("closed"),
    "sim-reset-headers": lambda seen: seen.status == 200 and seen.body == b"" and seen.ended == "reset",
    "sim-gzip-bomb:1": unpacks_to(2**20),
    "sim-204": lambda seen: (seen.status, seen.body, seen.ended) == (204, b"", "kept"),
    "sim-redirect": lambda seen: (seen.status, seen.headers["location"]) == (307, "/v1/elsewhere"),
    "sim-leak": shows_key(400),
    "sim-leak:200": shows_key(200),
    "sim-not-http": lambda seen: seen.raw == b"220 mail.example ESMTP ready\r\n" and seen.ended == "closed",
    "sim-two-lengths": lambda seen: seen.raw.count(b"content-length: ") == 2 and not is_at_its_length(seen),
}

SAME: dict[str, Check] = {
    **dict.fromkeys(
        ("sim-echo", "sim-cached", "sim-odd-price", "sim-reasoning:5", "sim-embed", "sim-moderate"), is_ordinary
    ),
    **dict.fromkeys(("sim-slow:1", "sim-slow-headers:1", "sim-drip:0", "sim-split:7"), is_ordinary),
    "sim-text": is_said(FIXED_TEXT),
    "sim-text:gr%C3%BCezi%3A%20ja": is_said("grüezi: ja"),
    "sim-labels": is_said("unknown"),
    "sim-json": is_said(json.dumps({"text": TEXT})),
    "sim-tool": is_ordinary,
    "sim-long:7": is_said(ticks(7)),
    "sim-empty": is_said(""),
    "sim-filtered": is_said(FIXED_TEXT[:12], "content_filter"),
    "sim-over-limit:9": is_said(ticks(9)),
    "sim-endless:30": is_said(ticks(30)),
    "sim-paced:0:6": is_said(ticks(6)),
    "sim-stale": lambda seen: seen.text == TEXT and seen.complete and seen.ended == "closed",
    "sim-no-prefill": is_ordinary,
    "sim-many-headers:300": both(is_ordinary, lambda seen: seen.headers["x-many-299"] == "x"),
    "sim-huge-header:8": both(is_ordinary, lambda seen: len(seen.headers["x-padding"]) == 8192),
}

STREAMED: dict[str, Check] = {
    **FAILURES,
    **SAME,
    "sim-refusal": lambda seen: (
        "".join(delta.get("refusal") or "" for delta in seen.deltas) == REFUSAL and not seen.text
    ),
    "sim-truncated:2": is_torn_after(2),
    "sim-cut:2": is_broken_after(2, "kept", complete=True),
    "sim-cut-close:2": is_broken_after(2, "closed"),
    "sim-cut-reset:2": is_broken_after(2, "reset"),
    "sim-bad-json:1": not_json_at(2),
    "sim-bad-utf8:1": lambda seen: seen.body.count(b"\xff\xfe\xf8") == 1 and seen.done,
    "sim-error-event:1": error_event,
    "sim-bad-chunk": lambda seen: seen.framing_error and seen.ended == "closed",
    "sim-no-done": lambda seen: seen.text == TEXT and seen.finish == "stop" and not seen.done and seen.complete,
    "sim-no-finish": lambda seen: seen.text == TEXT and seen.finish is None and seen.done,
    "sim-no-usage": has_usage([]),
    "sim-usage-null": has_usage([False]),
    "sim-usage-twice": has_usage([True, True]),
    "sim-huge-line:20": huge_line,
    "sim-wrong-type": lambda seen: seen.headers["content-type"] == "text/plain" and seen.done,
    "sim-pings": both(is_ordinary, lambda seen: seen.body.count(b": ping\n\n") == len(seen.events)),
    "sim-crlf": both(is_ordinary, lambda seen: seen.body.count(b"\n") == seen.body.count(b"\r\n") > 0),
    "sim-multiline": both(is_ordinary, lambda seen: seen.body.count(b"data: ") > 4 * len(seen.events)),
    "sim-hang-up": lambda seen: seen.text == TEXT and seen.done and seen.complete and seen.ended == "closed",
}


def member(name: str, value: object) -> Check:
    return lambda seen: json.loads(seen.body).get(name, "absent") == value and seen.ended == "kept"


WHOLE: dict[str, Check] = {
    **FAILURES,
    **SAME,
    "sim-refusal": lambda seen: json.loads(seen.body)["choices"][0]["message"]["refusal"] == REFUSAL,
    "sim-truncated": is_half("closed"),
    "sim-cut": lambda seen: seen.complete and seen.ended == "kept" and not _is_json(seen.body),
    "sim-cut-close": is_half("closed"),
    "sim-cut-reset": is_half("reset"),
    "sim-bad-json": lambda seen: seen.complete and not _is_json(seen.body),
    "sim-bad-utf8": lambda seen: seen.complete and b"\xff\xfe" in seen.body,
    "sim-error-event": fails_with(500, None, "server_error"),
    "sim-bad-chunk": lambda seen: seen.framing_error,
    "sim-no-done": is_ordinary,
    "sim-no-finish": lambda seen: seen.text == TEXT and seen.finish is None,
    "sim-no-usage": member("usage", "absent"),
    "sim-usage-null": member("usage", None),
    "sim-usage-twice": lambda seen: seen.body.count(b'"usage":') == 2 and _is_json(seen.body),
    "sim-huge-line:20": lambda seen: len(seen.body) > 20 * 1024 and seen.text == TEXT,
    "sim-wrong-type": lambda seen: seen.headers["content-type"] == "text/plain" and _is_json(seen.body),
    "sim-pings": is_ordinary,
    "sim-crlf": is_ordinary,
    "sim-multiline": is_ordinary,
    "sim-hang-up": lambda seen: seen.text == TEXT and seen.complete and seen.ended == "closed",
}

SEEN_APART = {
    *("sim-stall", "sim-stall-headers", "sim-stall-billed", "sim-stall-body", "sim-stall-end", "sim-pings-only"),
    *("sim-500-stall", "sim-short-length", "sim-trailing", "sim-interim", "sim-gzip", "sim-gzip-cut", "sim-not-packed"),
}
"""They go on, or are not what their headers say, so each has a test of its own below."""


@pytest.mark.parametrize("model", STREAMED)
async def test_a_streamed_answer_is_on_the_wire_what_the_table_says(provider: Simulator, model: str) -> None:
    seen = await exchange(provider, a_request(model, stream=True))

    assert STREAMED[model](seen), seen


@pytest.mark.parametrize("model", WHOLE)
async def test_a_whole_answer_is_on_the_wire_what_the_table_says(provider: Simulator, model: str) -> None:
    seen = await exchange(provider, a_request(model, stream=False))

    assert WHOLE[model](seen), seen


def test_every_model_of_the_table_is_looked_at() -> None:
    for looked_at in (STREAMED, WHOLE):
        assert {name.split(":")[0] for name in looked_at} | SEEN_APART == set(TABLE)


async def test_a_stalled_stream_is_silent_after_its_events(provider: Simulator) -> None:
    seen = await exchange(provider, a_request("sim-stall:4", stream=True), leave_after=lambda seen: seen.outputs == 4)

    assert not seen.complete
    assert seen.finish is None
    assert provider.requests[-1].outcome == "client closed"


async def test_a_stalled_whole_answer_stops_in_its_middle(provider: Simulator) -> None:
    seen = await exchange(provider, a_request("sim-stall", stream=False), leave_after=lambda seen: bool(seen.body))

    assert len(seen.body) == int(seen.headers["content-length"]) // 2
    assert provider.requests[-1].outcome == "client closed"


@pytest.mark.parametrize("model", ["sim-stall-headers", "sim-stall-billed"])
async def test_silence_before_headers_lasts_until_the_client_leaves(provider: Simulator, model: str) -> None:
    host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(a_request(model, stream=True))
    await arrived(provider)
    before = provider.requests[-1].outcome

    writer.transport.abort()
    await provider.settled()

    assert (before, provider.requests[-1].outcome) == ("open", "client closed")
    assert provider.requests[-1].sent_bytes == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_headers_may_be_followed_by_silence(provider: Simulator, stream: bool) -> None:
    seen = await exchange(
        provider, a_request("sim-stall-body", stream=stream), leave_after=lambda seen: seen.status == 200
    )

    assert (seen.body, seen.complete, provider.requests[-1].outcome) == (b"", False, "client closed")


def all_but_one_byte(seen: Seen) -> bool:
    return bool(seen.body) and len(seen.body) == int(seen.headers["content-length"]) - 1


async def test_a_stream_may_fall_silent_once_all_is_said(provider: Simulator) -> None:
    seen = await exchange(
        provider, a_request("sim-stall-end", stream=True), leave_after=lambda seen: seen.finish == "stop"
    )

    assert (seen.text, seen.usages, seen.done, seen.complete) == (TEXT, [], False, False)


async def test_a_whole_answer_may_fall_silent_before_its_last_byte(provider: Simulator) -> None:
    seen = await exchange(provider, a_request("sim-stall-end", stream=False), leave_after=all_but_one_byte)

    assert _is_json(seen.body + b"}")


@pytest.mark.parametrize(("stream", "ping"), [(True, b": still processing\n\n"), (False, b" ")])
async def test_there_may_be_signs_of_life_and_never_an_answer(provider: Simulator, stream: bool, ping: bytes) -> None:
    seen = await exchange(
        provider, a_request("sim-pings-only:1", stream=stream), leave_after=lambda seen: seen.body.count(ping) >= 5
    )

    assert not seen.body.replace(ping, b"")
    assert provider.bill[-1].tokens_out == 0


async def test_an_errors_body_may_stop_half_way(provider: Simulator) -> None:
    seen = await exchange(provider, a_request("sim-500-stall", stream=False), leave_after=lambda seen: bool(seen.body))

    assert (seen.status, len(seen.body)) == (500, int(seen.headers["content-length"]) // 2)


@pytest.mark.parametrize("stream", [False, True])
async def test_more_may_come_than_the_length_says(provider: Simulator, stream: bool) -> None:
    short = await exchange(
        provider,
        a_request("sim-short-length", stream=stream),
        leave_after=lambda seen: len(seen.body) > int(seen.headers.get("content-length", "0")) > 0,
    )
    trailing = await exchange(
        provider, a_request("sim-trailing:3", stream=stream), leave_after=lambda seen: seen.raw.endswith(b"-->\r\n")
    )

    assert len(short.body) // 2 == int(short.headers["content-length"])
    assert trailing.body[int(trailing.headers["content-length"]) :].count(b"overeager proxy") == 3


@pytest.mark.parametrize("stream", [False, True])
async def test_many_interim_answers_may_come_before_a_good_one(provider: Simulator, stream: bool) -> None:
    seen = await exchange(
        provider, a_request("sim-interim:40", stream=stream), leave_after=lambda seen: b"HTTP/1.1 200" in seen.raw
    )

    assert seen.raw.count(b"HTTP/1.1 103 ") == 40


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_may_be_packed_half_packed_or_only_said_to_be(provider: Simulator, stream: bool) -> None:
    whole, half, plain = [
        await exchange(provider, a_request(model, stream=stream))
        for model in ("sim-gzip", "sim-gzip-cut", "sim-not-packed:br")
    ]

    assert [seen.headers["content-encoding"] for seen in (whole, half, plain)] == ["gzip", "gzip", "br"]
    assert b"hello" in zlib.decompress(whole.body, wbits=31)
    cut = zlib.decompressobj(wbits=31)
    assert cut.decompress(half.body)
    assert not cut.eof
    assert b"hello" in plain.body


async def test_a_key_that_is_shown_is_the_requests(provider: Simulator) -> None:
    request = a_request("sim-leak", stream=False).replace(b"host: sim", b"host: sim\r\nauthorization: Bearer sk-mine-1")

    seen = await exchange(provider, request)

    assert seen.body.count(b"sk-mine-1") == 4


@pytest.mark.parametrize(("last", "status"), [("user", 200), ("assistant", 400)])
async def test_a_model_may_refuse_to_continue_an_answer(provider: Simulator, last: str, status: int) -> None:
    seen = await exchange(
        provider,
        a_request(
            "sim-no-prefill",
            stream=False,
            messages=[{"role": "user", "content": TEXT}, {"role": last, "content": "so"}],
        ),
    )

    assert seen.status == status


@pytest.mark.parametrize("form", HINTS)
async def test_a_refusal_says_when_to_come_back_in_the_form_asked_for(provider: Simulator, form: str) -> None:
    seen = await exchange(provider, a_request(f"sim-429:3:{form}", stream=False))

    assert seen.status == 429
    assert any(name.startswith(("retry-after", "x-ratelimit-reset")) for name in seen.headers)


async def test_the_usual_form_is_whole_seconds_and_none_without_parameters(provider: Simulator) -> None:
    with_one = await exchange(provider, a_request("sim-503:3", stream=False))
    without = await exchange(provider, a_request("sim-503", stream=False))

    assert with_one.headers["retry-after"] == "3"
    assert "retry-after" not in without.headers


async def test_a_stream_has_usage_only_if_asked_for(provider: Simulator) -> None:
    request = a_request("sim-echo", stream=True).replace(b'"include_usage": true', b'"include_usage":false')

    seen = await exchange(provider, request)

    assert seen.usages == []
    assert not any("usage" in chunk for chunk in seen.chunks)


async def test_split_events_arrive_whatever_the_pieces(provider: Simulator) -> None:
    plain = await exchange(provider, a_request("sim-echo", stream=True))
    for size in (3, 11):
        cut = await exchange(provider, a_request(f"sim-split:{size}", stream=True))

        assert cut.text == plain.text


# --- HTTP itself ----------------------------------------------------------------------------------------------------


async def test_http_1_0_gets_no_chunks_and_a_closed_connection(provider: Simulator) -> None:
    request = a_request("sim-echo", stream=True).replace(b"HTTP/1.1", b"HTTP/1.0")

    seen = await exchange_raw(provider, request)

    assert b"transfer-encoding" not in seen
    assert seen.endswith(b"data: [DONE]\n\n")


async def test_connection_close_is_honoured(provider: Simulator) -> None:
    request = a_request("sim-echo", stream=False).replace(b"host: sim", b"host: sim\r\nconnection: close")

    seen = await exchange_raw(provider, request)

    assert b"connection: close" in seen
    assert seen.endswith(b"}")


async def test_pipelined_requests_are_answered_in_order(provider: Simulator) -> None:
    last = a_request("sim-text:third", stream=False).replace(b"host: sim", b"host: sim\r\nconnection: close")
    requests = a_request("sim-slow:5", stream=False) + a_request("sim-text:second", stream=False) + last

    seen = await exchange_raw(provider, requests)

    positions = [seen.index(text) for text in (TEXT.encode(), b"second", b"third")]
    assert positions == sorted(positions)


async def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(provider: Simulator) -> None:
    request = a_request("sim-echo", stream=False).replace(
        b"host: sim", b"host: sim\r\nExpect: 100-continue\r\nconnection: close"
    )

    seen = await exchange_raw(provider, request)

    assert seen.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET /v1/models HTTP/1.1\r\n" + b"x-a: " + b"a" * 300_000 + b"\r\n\r\n", 431),
        (b"GET /v1/" + b"a" * 300_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /v1/nothing HTTP/1.1\r\nconnection: close\r\n\r\n", 404),
        (b"GET /v1/chat/completions HTTP/1.1\r\nconnection: close\r\n\r\n", 405),
        (b"POST /v1/models HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", 404),
    ],
)
async def test_what_is_not_a_good_request_is_refused(provider: Simulator, sent: bytes, status: int) -> None:
    seen = await exchange_raw(provider, sent)

    assert seen.startswith(b"HTTP/1.1 %d " % status)
    assert len(provider.bill) == 0


async def exchange_raw(provider: Simulator, request: bytes) -> bytes:
    """Send, and return everything until the other side closes."""
    async with asyncio.timeout(LONG_SILENCE_S):
        host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        seen = b""
        try:
            while data := await reader.read(65_536):
                seen += data
        except ConnectionResetError:  # what was not read of a refused request makes the close a reset
            pass
        writer.transport.abort()
    return seen
