"""The dialect `openai` against providers that behave, and that do not."""

import asyncio
import gzip
import json
from contextlib import aclosing

import pytest

from provider_scripts import (
    DONE,
    KEY,
    LAST_CHUNK,
    ROLE,
    STREAM_HEAD,
    USAGE,
    WHOLE,
    Script,
    SmallChat,
    Wire,
    a_transport,
    answers,
    chunked,
    collect,
    delta,
    exchange,
    finish,
    limits,
    outgoing,
    provider,
    respond,
    sse,
    streams,
    upstream,
)
from tollhouse.domain.errors import (
    ConfigError,
    InvalidRequest,
    NotSent,
    UpstreamCut,
    UpstreamReset,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnusable,
)
from tollhouse.domain.money import Usage
from tollhouse.domain.providers import ProviderSpec
from tollhouse.domain.wire import Facts
from tollhouse.ports.embedder import Embedder
from tollhouse.providers import DIALECTS, Tools
from tollhouse.providers.openai import OpenAIProvider

GOOD = [ROLE, delta("hel"), delta("lo"), finish(), USAGE, DONE]


pytest_plugins = ("each_client",)
pytestmark = [pytest.mark.usefixtures("client"), pytest.mark.every_loop]

# --- good answers ---------------------------------------------------------------------------------------------------


async def test_a_whole_answer_is_one_event_with_its_facts() -> None:
    events = await exchange(answers(respond(200, WHOLE)), outgoing())

    assert [event.data for event in events] == [WHOLE]
    assert events[0].facts.text == "hello"
    assert events[0].facts.usage == Usage(3, 2)


async def test_a_stream_is_relayed_byte_for_byte_with_the_facts_of_each_event() -> None:
    events = await exchange(streams(GOOD), outgoing(streamed=True))

    assert [event.data for event in events] == GOOD
    assert "".join(event.facts.text for event in events) == "hello"
    assert events[3].facts.finished == (0,)
    assert events[-1].facts.ended


async def test_the_request_goes_out_with_its_body_key_and_headers() -> None:
    async with upstream(answers(respond(200, WHOLE))) as up, provider(up.origin + "/v1/") as sender:
        await collect(sender, outgoing(body=b'{"model":"x"}', headers={"traceparent": "00-1-2-01"}))

    request = up.requests[0]
    assert (request.method, request.target, request.body) == ("POST", "/v1/chat/completions", b'{"model":"x"}')
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["traceparent"] == "00-1-2-01"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == up.origin.removeprefix("http://")


async def test_a_large_body_arrives_whole() -> None:
    body = b'{"x":"' + b"y" * 3_000_000 + b'"}'

    async with upstream(answers(respond(200, WHOLE))) as up, provider(up.origin) as sender:
        await collect(sender, outgoing(body=body))

    assert up.requests[0].body == body


async def test_nothing_leaves_before_the_first_iteration() -> None:
    async with upstream(answers(respond(200, WHOLE))) as up, provider(up.origin) as sender:
        answer = sender.send(outgoing())
        await asyncio.sleep(0)
        await answer.aclose()

    assert up.connections == 0


async def test_a_get_is_relayed_without_a_body() -> None:
    async with upstream(answers(respond(200, WHOLE))) as up, provider(up.origin + "/v1") as sender:
        await collect(sender, outgoing(method="GET", path="/responses/resp_1?include=a"))

    assert (up.requests[0].method, up.requests[0].target) == ("GET", "/v1/responses/resp_1?include=a")
    assert "content-length" not in up.requests[0].headers


async def test_a_compressed_answer_is_read() -> None:
    packed = respond(200, gzip.compress(WHOLE), headers={"content-encoding": "gzip"})

    events = await exchange(answers(packed), outgoing())

    assert events[0].data == WHOLE


async def test_a_stream_cut_into_single_bytes_is_the_same_stream() -> None:
    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD)
        for byte in b"".join([ROLE, delta("x"), finish(), DONE]):
            await wire.write(chunked(bytes([byte])))
        await wire.write(LAST_CHUNK)
        return True

    events = await exchange(script, outgoing(streamed=True))

    assert [event.data for event in events] == [ROLE, delta("x"), finish(), DONE]


async def test_comments_are_not_relayed() -> None:
    events = await exchange(
        streams([b": ping\n\n", delta("x"), b": ping\n\n", finish(), DONE]), outgoing(streamed=True)
    )

    assert [event.data for event in events] == [delta("x"), finish(), DONE]


async def test_a_missing_done_ends_a_finished_stream_normally() -> None:
    events = await exchange(streams([delta("x"), finish(), USAGE]), outgoing(streamed=True))

    assert events[-1].facts.usage == Usage(3, 2)


async def test_a_connection_lost_after_the_last_finish_reason_is_no_error() -> None:
    events = await exchange(streams([delta("x"), finish()], ended=False), outgoing(streamed=True))

    assert events[-1].data == finish()


async def test_the_end_of_a_finished_stream_is_awaited_only_for_a_moment() -> None:
    sent = outgoing(streamed=True, timeouts=limits(idle_ms=50_000, total_ms=100_000))

    events = await asyncio.wait_for(exchange(streams([delta("x"), finish()], then_waits=True), sent), 30)

    assert events[-1].data == finish()


async def test_an_event_that_says_that_it_ends_needs_no_done() -> None:
    completed = sse({"type": "response.completed"})

    events = await exchange(streams([delta("x"), completed], then_waits=True), outgoing(streamed=True))

    assert events[-1].data == completed


async def test_usage_that_comes_twice_is_passed_on_twice() -> None:
    events = await exchange(streams([delta("x"), finish(), USAGE, USAGE, DONE]), outgoing(streamed=True))

    assert [event.facts.usage for event in events].count(Usage(3, 2)) == 2


async def test_every_choice_may_finish_in_its_own_time() -> None:
    script = streams([delta("a", 0), finish(0), delta("b", 1), finish(1), DONE])

    events = await exchange(script, outgoing(streamed=True, choices=2))

    assert len(events) == 5


# --- connections ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_connection_is_used_again_after_a_complete_answer(streamed: bool) -> None:
    script = streams(GOOD) if streamed else answers(respond(200, WHOLE))

    async with upstream(script) as up, provider(up.origin) as sender:
        for _ in range(3):
            await collect(sender, outgoing(streamed=streamed))

    assert (len(up.requests), up.connections) == (3, 1)


async def test_a_connection_is_used_again_after_an_error_status() -> None:
    async with upstream(answers(respond(500, b"{}"))) as up, provider(up.origin) as sender:
        for _ in range(2):
            with pytest.raises(UpstreamStatus):
                await collect(sender, outgoing())

    assert up.connections == 1


async def test_closing_the_answer_hangs_up_on_the_provider() -> None:
    async with upstream(streams([delta("x")], then_waits=True)) as up, provider(up.origin) as sender:
        async with aclosing(sender.send(outgoing(streamed=True))) as events:
            await anext(events)
            assert not up.hung_up.is_set()

        await asyncio.wait_for(up.hung_up.wait(), 10)


async def test_a_cancelled_reader_hangs_up_on_the_provider() -> None:
    arrived = asyncio.Event()

    async def script(wire: Wire) -> bool:
        arrived.set()
        await wire.until_hung_up()
        return False

    async with upstream(script) as up, provider(up.origin) as sender:
        reading = asyncio.create_task(collect(sender, outgoing()))
        await arrived.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

        await asyncio.wait_for(up.hung_up.wait(), 10)


async def test_a_slow_reader_is_not_the_providers_silence() -> None:
    reader_is_back = asyncio.Event()

    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(delta("x")))
        await reader_is_back.wait()
        await wire.write(chunked(delta("y") + finish() + DONE) + LAST_CHUNK)
        return True

    async with upstream(script) as up, provider(up.origin) as sender:
        async with aclosing(sender.send(outgoing(streamed=True, timeouts=limits(idle_ms=400)))) as events:
            await anext(events)
            await asyncio.sleep(0.6)
            reader_is_back.set()
            rest = [event.data async for event in events]

    assert rest == [delta("y"), finish(), DONE]


async def test_a_slow_reader_does_not_stretch_the_total() -> None:
    sent = outgoing(streamed=True, timeouts=limits(total_ms=100))

    async with upstream(streams([delta("x")], then_waits=True)) as up, provider(up.origin) as sender:
        async with aclosing(sender.send(sent)) as events:
            await anext(events)
            await asyncio.wait_for(up.hung_up.wait(), 10)
            with pytest.raises(UpstreamTimeout) as caught:
                await anext(events)

    assert caught.value.phase == "total"


# --- time-outs ------------------------------------------------------------------------------------------------------


async def silent(wire: Wire) -> bool:
    await wire.until_hung_up()
    return False


async def head_only(wire: Wire) -> bool:
    await wire.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
    await wire.until_hung_up()
    return False


async def pinging(wire: Wire) -> bool:
    await wire.write(STREAM_HEAD + chunked(delta("x")))
    for _ in range(2_000):
        await wire.write(chunked(b": ping\n\n"))
        await asyncio.sleep(0.01)
    return False


async def dripping(wire: Wire) -> bool:
    await wire.write(STREAM_HEAD)
    for _ in range(2_000):
        await wire.write(chunked(delta("x")))
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("script", "streamed", "set_limits", "phase"),
    [
        (silent, False, {"first_token_ms": 60}, "first_token"),
        (silent, True, {"first_token_ms": 60}, "first_token"),
        (streams([ROLE], then_waits=True), True, {"first_token_ms": 60}, "first_token"),
        (silent, False, {"total_ms": 60}, "total"),
        (head_only, False, {"idle_ms": 60}, "idle"),
        (streams([delta("x")], then_waits=True), True, {"idle_ms": 60}, "idle"),
        (pinging, True, {"idle_ms": 100}, "idle"),
        (dripping, True, {"total_ms": 150}, "total"),
    ],
)
async def test_each_phase_has_its_limit(script: Script, streamed: bool, set_limits: dict[str, int], phase: str) -> None:
    async with upstream(script) as up, provider(up.origin) as sender:
        with pytest.raises(UpstreamTimeout) as caught:
            await collect(sender, outgoing(streamed=streamed, timeouts=limits(**set_limits)))

        await asyncio.wait_for(up.hung_up.wait(), 10)
    assert caught.value.phase == phase
    assert (caught.value.status, caught.value.code) == (504, "upstream_timeout")
    assert caught.value.billed is None


async def test_a_first_event_without_output_does_not_end_the_wait_for_the_first_token() -> None:
    sent = outgoing(streamed=True, timeouts=limits(first_token_ms=400, idle_ms=20))

    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(ROLE))
        await asyncio.sleep(0.1)
        await wire.write(chunked(delta("x") + finish() + DONE) + LAST_CHUNK)
        return True

    events = await exchange(script, sent)

    assert len(events) == 4


async def test_bytes_of_a_whole_answer_are_progress() -> None:
    async def script(wire: Wire) -> bool:
        head, _, body = respond(200, WHOLE).partition(b"\r\n\r\n")
        await wire.write(head + b"\r\n\r\n")
        for start in range(0, len(body), len(body) // 10):
            await asyncio.sleep(0.06)
            await wire.write(body[start : start + len(body) // 10])
        return True

    events = await exchange(script, outgoing(timeouts=limits(idle_ms=400)))

    assert events[0].data == WHOLE


async def test_an_error_status_is_believed_before_its_body_has_come() -> None:
    async def script(wire: Wire) -> bool:
        await wire.write(b"HTTP/1.1 503 Busy\r\ncontent-length: 100\r\nretry-after: 3\r\n\r\n{")
        await wire.until_hung_up()
        return False

    with pytest.raises(UpstreamStatus) as caught:
        await asyncio.wait_for(exchange(script, outgoing()), 30)

    assert (caught.value.upstream_status, caught.value.retry_after_ms) == (503, 3_000)


# --- broken answers -------------------------------------------------------------------------------------------------


async def hangs_up(wire: Wire) -> bool:
    return False


async def resets(wire: Wire) -> bool:
    wire.reset()
    return False


@pytest.mark.parametrize("script", [hangs_up, resets, answers(b"HTTP/1.1 200 OK\r\ncontent-le", stays_open=False)])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_connection_closed_before_the_headers_is_a_reset(script: Script, streamed: bool) -> None:
    with pytest.raises(UpstreamReset) as caught:
        await exchange(script, outgoing(streamed=streamed))

    assert caught.value.billed is None


async def resets_midway(wire: Wire) -> bool:
    await wire.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
    wire.reset()
    return False


@pytest.mark.parametrize(
    "script",
    [
        resets_midway,
        answers(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{}", stays_open=False
        ),
        answers(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
            stays_open=False,
        ),
    ],
)
async def test_a_body_that_ends_early_is_cut(script: Script) -> None:
    with pytest.raises(UpstreamCut):
        await exchange(script, outgoing())


@pytest.mark.parametrize(
    "script",
    [
        streams([ROLE, delta("x")]),
        streams([ROLE, delta("x"), DONE]),
        streams([ROLE, delta("x")], ended=False),
        streams([delta("x"), finish()[:-1]]),
        streams([]),
    ],
)
async def test_a_stream_without_a_finish_reason_is_cut(script: Script) -> None:
    with pytest.raises(UpstreamCut):
        await exchange(script, outgoing(streamed=True))


async def test_a_stream_is_cut_when_only_some_choices_finished() -> None:
    with pytest.raises(UpstreamCut):
        await exchange(streams([delta("a"), finish(0), DONE]), outgoing(streamed=True, choices=2))


async def test_what_arrived_before_a_cut_is_relayed_before_the_error() -> None:
    async with upstream(streams([ROLE, delta("x")], ended=False)) as up, provider(up.origin) as sender:
        async with aclosing(sender.send(outgoing(streamed=True))) as events:
            seen = [(await anext(events)).data, (await anext(events)).data]
            with pytest.raises(UpstreamCut):
                await anext(events)

    assert seen == [ROLE, delta("x")]


async def test_what_arrived_while_the_reader_was_away_outlives_the_cut() -> None:
    reader_is_away = asyncio.Event()

    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + chunked(delta("x")))
        await reader_is_away.wait()
        await wire.write(chunked(delta("y")))
        return False

    async with upstream(script) as up, provider(up.origin) as sender:
        async with aclosing(sender.send(outgoing(streamed=True))) as events:
            await anext(events)
            reader_is_away.set()
            await up.hung_up.wait()
            await asyncio.sleep(0.05)  # the hang-up is on its way to us

            second = await anext(events)
            with pytest.raises(UpstreamCut):
                await anext(events)

    assert second.data == delta("y")


@pytest.mark.parametrize(
    "data",
    [
        respond(200, b"<html>busy</html>", content_type="text/html"),
        respond(200, b"<html>busy</html>"),
        respond(200, WHOLE, content_type="text/html"),
        respond(200, WHOLE[:-5]),
        respond(200, b"[]"),
        respond(200, b""),
        respond(204, b"", content_type=""),
        respond(200, b'{"choices": "\xff\xfe"}'),
        respond(200, b"[" * 100_000),
        respond(200, b"not gzip", headers={"content-encoding": "gzip"}),
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_an_answer_that_is_not_this_endpoints_json_is_unusable(data: bytes) -> None:
    with pytest.raises(UpstreamUnusable):
        await exchange(answers(data, stays_open=False), outgoing())


async def test_a_malformed_chunk_is_unusable_at_once() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"

    async def script(wire: Wire) -> bool:
        await wire.write(head + b"2\r\n{}\r\nzz\r\n")
        await wire.until_hung_up()
        return False

    with pytest.raises((UpstreamUnusable, UpstreamCut)):
        await asyncio.wait_for(exchange(script, outgoing()), 10)


@pytest.mark.parametrize(
    "script",
    [
        streams([delta("x"), b"data: {oops\n\n", finish(), DONE]),
        streams([delta("x"), b"data: \xff\xfe\n\n", finish(), DONE]),
        streams([delta("x"), b"data: " + b"[" * 100_000 + b"\n\n", finish(), DONE]),
        answers(respond(200, WHOLE)),
        answers(respond(200, b"<html>", content_type="text/html")),
        answers(respond(200, b"", content_type="")),
    ],
)
async def test_a_stream_that_is_not_json_events_is_unusable(script: Script) -> None:
    with pytest.raises(UpstreamUnusable):
        await exchange(script, outgoing(streamed=True))


class IncuriousChat(SmallChat):
    """Looks into nothing that it has no use for."""

    def scan(self, data: bytes) -> Facts:
        return Facts(output=True)

    def scan_whole(self, body: bytes) -> Facts:
        return Facts(output=True)


async def test_bytes_that_are_not_utf_8_are_unusable_though_no_endpoint_looks_at_them() -> None:
    odd = b'{"nobody": "\xff"}'

    for script, sent in (
        (streams([b"data: " + odd + b"\n\n"]), outgoing(streamed=True)),
        (answers(respond(200, odd)), outgoing()),
    ):
        with pytest.raises(UpstreamUnusable):
            await exchange(script, sent._replace(endpoint=IncuriousChat()))


async def test_text_beyond_ascii_passes_unchanged() -> None:
    event = b'data: {"choices": [{"index": 0, "delta": {"content": "Z\xc3\xbcrich"}, "finish_reason": "stop"}]}\n\n'

    events = await exchange(streams([event]), outgoing(streamed=True))

    assert (events[0].data, events[0].facts.text) == (event, "Zürich")


async def test_an_answer_may_be_exactly_as_large_as_allowed_and_no_larger() -> None:
    events = await exchange(answers(respond(200, WHOLE)), outgoing(max_answer_bytes=len(WHOLE)))
    assert events[0].data == WHOLE

    with pytest.raises(UpstreamUnusable):
        await exchange(answers(respond(200, WHOLE)), outgoing(max_answer_bytes=len(WHOLE) - 1))


async def test_an_endless_stream_is_stopped_at_the_limit() -> None:
    with pytest.raises(UpstreamUnusable):
        await exchange(streams([delta("x")] * 100), outgoing(streamed=True, max_answer_bytes=1_000))


async def test_a_compressed_bomb_is_stopped_at_the_limit() -> None:
    bomb = respond(200, gzip.compress(b" " * 50_000_000), headers={"content-encoding": "gzip"})

    with pytest.raises(UpstreamUnusable):
        await exchange(answers(bomb), outgoing(max_answer_bytes=1_000_000))


# --- error statuses and errors inside answers -----------------------------------------------------------------------


def error_body(code: str | None, kind: str | None = "some_error", message: str = "No.") -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "param": "model", "code": code}}).encode()


@pytest.mark.parametrize(
    ("status", "code", "shown", "same_deployment", "fallback"),
    [
        (400, "bad", 400, False, False),
        (404, "model_not_found", 404, False, False),
        (409, "busy", 409, False, False),
        (413, "large", 413, False, False),
        (422, "odd", 422, False, False),
        (429, "rate_limit_exceeded", 429, True, True),
        (429, "insufficient_quota", 429, False, True),
        (400, "context_length_exceeded", 400, False, True),
        (400, "content_filter", 400, False, False),
        (429, "content_filter", 429, False, False),
        (401, "invalid_api_key", 502, False, True),
        (403, "denied", 502, False, True),
        (402, "no_money", 502, False, True),
        (408, "slow", 502, True, True),
        (418, "teapot", 502, False, False),
        (500, "oops", 502, True, True),
        (503, "overloaded", 502, True, True),
        (529, "overloaded", 502, True, True),
        (302, "moved", 502, False, True),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_each_status_says_what_may_follow(
    status: int, code: str, shown: int, same_deployment: bool, fallback: bool, streamed: bool
) -> None:
    with pytest.raises(UpstreamStatus) as caught:
        await exchange(
            answers(respond(status, error_body(code), headers={"location": "/x"})), outgoing(streamed=streamed)
        )

    error = caught.value
    assert (error.upstream_status, error.status) == (status, shown)
    assert (error.same_deployment, error.fallback) == (same_deployment, fallback)
    if shown == status:
        assert (error.code, error.type, error.param, error.message) == (code, "some_error", "model", "No.")
    else:
        assert (error.code, error.type, error.param) == ("upstream_error", "api_error", None)
        assert "No." not in error.message


async def test_a_redirect_is_never_followed() -> None:
    async with (
        upstream(answers(respond(307, b"", headers={"location": "/elsewhere"}))) as up,
        provider(up.origin) as sender,
    ):
        with pytest.raises(UpstreamStatus):
            await collect(sender, outgoing())

    assert len(up.requests) == 1


async def test_a_429_says_how_long_to_wait() -> None:
    with pytest.raises(UpstreamStatus) as caught:
        await exchange(answers(respond(429, error_body(None), headers={"Retry-After": "7"})), outgoing())

    assert caught.value.retry_after_ms == 7_000
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("code", "kind", "shown", "same_deployment", "fallback"),
    [
        (None, "server_error", 502, True, True),
        ("server_error", None, 502, True, True),
        ("rate_limit_exceeded", None, 429, True, True),
        (None, "rate_limit_error", 429, True, True),
        ("insufficient_quota", None, 429, False, True),
        ("context_length_exceeded", None, 400, False, True),
        ("content_filter", None, 400, False, False),
        ("429", None, 429, True, True),
        ("400", None, 400, False, False),
    ],
)
async def test_an_error_inside_a_stream_is_the_attempts_error(
    code: str | None, kind: str | None, shown: int, same_deployment: bool, fallback: bool
) -> None:
    fault = b"data: " + error_body(code, kind) + b"\n\n"

    for script in (streams([ROLE, fault, DONE]), answers(respond(200, error_body(code, kind)))):
        with pytest.raises(UpstreamStatus) as caught:
            await exchange(script, outgoing(streamed=True))

        error = caught.value
        assert (error.status, error.upstream_status) == (shown, 200)
        assert (error.same_deployment, error.fallback) == (same_deployment, fallback)


async def test_an_error_inside_a_good_whole_answer_is_the_attempts_error() -> None:
    with pytest.raises(UpstreamStatus) as caught:
        await exchange(answers(respond(200, error_body("server_error"))), outgoing())

    assert caught.value.status == 502


@pytest.mark.parametrize("status", [400, 401, 429, 500])
@pytest.mark.parametrize(
    "leak",
    [KEY, f"Bearer {KEY}", "sk-proj-abcDEF_123", "sk-ab***********yz", "ABCD********wxyz", "Bearer eyJhbGciOi.x"],
)
async def test_no_key_is_ever_shown(status: int, leak: str) -> None:
    body = json.dumps(
        {"error": {"message": f"Wrong key {leak}, sorry", "type": leak, "code": leak, "param": leak}}
    ).encode()

    with pytest.raises(UpstreamStatus) as caught:
        await exchange(answers(respond(status, body)), outgoing())

    error = caught.value
    shown = f"{error} {error.message} {error.code} {error.type} {error.param} {error!r}"
    assert leak not in shown
    assert leak.removeprefix("Bearer ") not in shown


async def test_a_providers_message_is_bounded() -> None:
    with pytest.raises(UpstreamStatus) as caught:
        await exchange(answers(respond(400, error_body("bad", message="x" * 60_000))), outgoing())

    assert len(caught.value.message) < 2_100


@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b"\xff\xfe", b"[]", b'{"error": {', b"x" * 200_000])
async def test_an_error_whose_body_says_nothing_is_judged_by_its_status(body: bytes) -> None:
    with pytest.raises(UpstreamStatus) as caught:
        await exchange(answers(respond(429, body)), outgoing())

    assert (caught.value.status, caught.value.code) == (429, "rate_limit_exceeded")


@pytest.mark.parametrize(
    "body",
    [
        b'{"object":"error","message":"Nope","type":"X","code":400}',
        b'{"error":"Nope"}',
        b"Nope",
        b'{"error":{"message":"Nope"}}',
    ],
)
async def test_imitators_errors_are_read_too(body: bytes) -> None:
    with pytest.raises(UpstreamStatus) as caught:
        await exchange(answers(respond(400, body)), outgoing())

    assert caught.value.message == "Nope"


async def test_azures_content_filter_is_recognised_by_its_inner_error() -> None:
    inner = {"message": "No.", "code": "content_policy", "innererror": {"code": "ResponsibleAIPolicyViolation"}}

    with pytest.raises(UpstreamStatus) as caught:
        await exchange(answers(respond(400, json.dumps({"error": inner}).encode())), outgoing())

    assert not caught.value.fallback


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "api_version", "path", "target"),
    [
        (
            "",
            "2024-10-21",
            "/chat/completions",
            "/openai/deployments/gpt-5%20mini/chat/completions?api-version=2024-10-21",
        ),
        ("/openai/", "2024-10-21", "/embeddings", "/openai/deployments/gpt-5%20mini/embeddings?api-version=2024-10-21"),
        ("", "2025-04-01-preview", "/responses", "/openai/responses?api-version=2025-04-01-preview"),
        ("/openai/v1", "preview", "/chat/completions", "/openai/v1/chat/completions?api-version=preview"),
        ("/openai/v1/", "preview", "/responses/r?include=a", "/openai/v1/responses/r?include=a&api-version=preview"),
    ],
)
async def test_azure_gets_its_own_address_and_key_header(base: str, api_version: str, path: str, target: str) -> None:
    async with (
        upstream(answers(respond(200, WHOLE))) as up,
        provider(up.origin + base, api_version=api_version) as sender,
    ):
        await collect(sender, outgoing(path=path))

    assert up.requests[0].target == target
    assert up.requests[0].headers["api-key"] == KEY
    assert "authorization" not in up.requests[0].headers


async def test_a_wrong_base_url_is_the_operators_error() -> None:
    for spec in (
        ProviderSpec("p", "openai", None),
        ProviderSpec("p", "openai", "ftp://host/v1"),
        ProviderSpec("p", "openai", "https://"),
        ProviderSpec("p", "openai", "https://name.openai.azure.com"),
    ):
        with pytest.raises(ConfigError, match="provider p"):
            OpenAIProvider(spec, a_transport())


async def test_a_path_that_would_smuggle_is_refused() -> None:
    async with upstream(answers(respond(200, WHOLE))) as up, provider(up.origin) as sender:
        for sent in (outgoing(path="/x HTTP/1.1\r\nx: y"), outgoing(headers={"traceparent": "a\r\nx: y"})):
            with pytest.raises(InvalidRequest):
                await collect(sender, sent)

    assert up.requests == []


async def test_the_table_connects_the_dialect_by_its_name() -> None:
    async with upstream(answers(respond(200, WHOLE))) as up:
        tools = Tools(a_transport(), _no_embedder, _AnySchema())
        sender = DIALECTS["openai"](ProviderSpec("mine", "openai", up.origin), tools)

        events = await collect(sender, outgoing())
        await tools.transport.close()

    assert (sender.name, sender.degraded, events[0].data) == ("mine", False, WHOLE)
    assert "authorization" not in up.requests[0].headers


async def test_an_unreachable_provider_was_not_sent_anything() -> None:
    async with upstream(hangs_up) as up:
        origin = up.origin

    async with provider(origin) as sender:
        with pytest.raises(NotSent) as caught:
            await collect(sender, outgoing())

    assert caught.value.billed is False


def _no_embedder() -> Embedder:
    raise AssertionError("nobody embeds here")


class _AnySchema:
    def problems(self, schema: object, value: object) -> list[str]:
        return []
