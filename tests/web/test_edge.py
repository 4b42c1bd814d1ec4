import asyncio
import json
import re
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from tollhouse.domain.errors import InvalidRequest, ModelNotFound
from tollhouse.web.asgi import Receive, Reply, Scope, Send, send_reply
from tollhouse.web.edge import Edge, read_body, request_id
from web_serving import Seen, asked, serving

LIMIT_BYTES = 200_000

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await read_body(receive, scope, LIMIT_BYTES)
    await send_reply(send, Reply(200, [(b"x-seen-id", request_id(scope).encode())], b"%d" % len(body)))


async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("not for this application")


async def alive() -> Reply:
    return Reply(200, [(b"content-type", b"text/plain")], b"alive")


def an_edge(seen: Seen, *, v1: Handler = echo, api: Handler = nothing) -> Edge:
    return Edge(v1=v1, api=api, pages={"/healthz": alive}, watch=seen)


async def test_every_answer_carries_a_request_id_of_its_own() -> None:
    seen = Seen()

    async with serving(an_edge(seen)) as url, aiohttp.ClientSession() as http:
        answers = [await http.get(f"{url}{path}") for path in ("/healthz", "/nowhere", "/v1/echo")]

    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(re.fullmatch(r"req_[0-9a-f]{20}", each) for each in ids)
    assert len(set(ids)) == 3


async def test_a_callers_request_id_is_kept() -> None:
    seen = Seen()

    async with serving(an_edge(seen)) as url, aiohttp.ClientSession() as http:
        answer = await http.post(f"{url}/v1/echo", headers={"x-request-id": "trace/17:a"})

    assert answer.headers["x-request-id"] == answer.headers["x-seen-id"] == "trace/17:a"


@pytest.mark.parametrize("given", ["", "has space", 'quo"te', "x" * 129, "ümlaut", "line\nfeed"])
async def test_an_unsafe_request_id_is_replaced(given: str) -> None:
    answer = await asked(an_edge(Seen()), "/v1/echo", headers=[(b"x-request-id", given.encode())])

    assert dict(answer.headers)[b"x-request-id"].startswith(b"req_")


async def test_a_body_at_the_limit_passes_and_one_byte_more_is_refused() -> None:
    seen = Seen()

    async with serving(an_edge(seen)) as url, aiohttp.ClientSession() as http:
        at = await http.post(f"{url}/v1/echo", data=b"x" * LIMIT_BYTES)
        above = await http.post(f"{url}/v1/echo", data=b"x" * (LIMIT_BYTES + 1))

        assert (at.status, await at.text()) == (200, str(LIMIT_BYTES))
        assert (above.status, (await above.json())["code"]) == (413, "body_too_large")
    assert seen.refusals == ["body_too_large"]


async def test_a_chunked_body_is_counted() -> None:
    seen = Seen()

    async def chunks(total: int):  # type: ignore[no-untyped-def]
        for _ in range(total // 10_000):
            yield b"x" * 10_000

    async with serving(an_edge(seen)) as url, aiohttp.ClientSession() as http:
        at = await http.post(f"{url}/v1/echo", data=chunks(LIMIT_BYTES))
        above = await http.post(f"{url}/v1/echo", data=chunks(LIMIT_BYTES + 10_000))

        assert (at.status, await at.text()) == (200, str(LIMIT_BYTES))
        assert above.status == 413


async def test_a_declared_length_is_refused_before_anything_is_read() -> None:
    seen = Seen()

    async with serving(an_edge(seen)) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
        writer.write(b"POST /v1/echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 999999999\r\n\r\n")
        first_line = await reader.readline()
        writer.close()
        await writer.wait_closed()

    assert first_line.startswith(b"HTTP/1.1 413 ")  # and not `100 Continue`


async def test_a_caller_who_leaves_during_the_upload_is_no_fault() -> None:
    seen = Seen()
    edge = an_edge(seen)
    async with serving(edge) as url:
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
        writer.write(b"POST /v1/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf")
        await writer.drain()
        while not edge.active:
            await asyncio.sleep(0.01)
        writer.close()
        while edge.active:
            await asyncio.sleep(0.01)

    assert (seen.refusals, seen.faults) == ([], [])


async def test_an_unknown_path_is_not_found() -> None:
    seen = Seen()

    async with serving(an_edge(seen)) as url, aiohttp.ClientSession() as http:
        answers = [await http.get(url + path) for path in ("/", "/v1", "/v2/x", "/apifoo")]

    assert [answer.status for answer in answers] == [404] * 4


async def test_api_paths_go_to_the_api() -> None:
    seen = Seen()

    async with serving(an_edge(seen, v1=nothing, api=echo)) as url, aiohttp.ClientSession() as http:
        answer = await http.get(f"{url}/api/v1/calls")

    assert answer.status == 200


async def test_our_own_pages_take_get_head_and_options_only() -> None:
    seen = Seen()

    async with serving(an_edge(seen)) as url, aiohttp.ClientSession() as http:
        head = await http.head(f"{url}/healthz")
        options = await http.options(f"{url}/healthz")
        post = await http.post(f"{url}/healthz")

        assert (head.status, head.headers["content-length"], await head.read()) == (200, "5", b"")
        assert (options.status, options.headers["allow"]) == (200, "GET, HEAD, OPTIONS")
        assert (post.status, post.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_an_error_of_ours_becomes_its_answer() -> None:
    seen = Seen()

    async def refuse(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ModelNotFound("There is no model `gpt-9`.", param="model")

    async with serving(an_edge(seen, v1=refuse)) as url, aiohttp.ClientSession() as http:
        answer = await http.post(f"{url}/v1/chat/completions")
        body = await answer.json()

    assert answer.status == 404
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["error"] == {
        "message": "There is no model `gpt-9`.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }
    assert seen.refusals == ["model_not_found"]


async def test_a_fault_is_told_without_any_detail() -> None:
    seen = Seen()

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError("a prompt that must not be shown")

    async with serving(an_edge(seen, v1=broken)) as url, aiohttp.ClientSession() as http:
        answer = await http.post(f"{url}/v1/chat/completions")
        body = await answer.text()

    assert answer.status == 500
    assert "prompt" not in body
    assert json.loads(body)["code"] == "internal_error"
    assert seen.faults == [("ValueError", answer.headers["x-request-id"])]


async def test_a_stream_that_fails_ends_with_an_error_event_and_no_done() -> None:
    seen = Seen()

    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        raise InvalidRequest("bad luck")

    async with serving(an_edge(seen, v1=half)) as url, aiohttp.ClientSession() as http:
        answer = await http.post(f"{url}/v1/chat/completions")
        events = (await answer.read()).split(b"\n\n")

    assert events[0] == b"data: 1"
    assert json.loads(events[1].removeprefix(b"data: "))["error"]["message"] == "bad luck"
    assert events[2:] == [b""]


@pytest.mark.filterwarnings("ignore")
async def test_a_whole_answer_that_fails_halfway_is_never_taken_for_complete() -> None:
    seen = Seen()

    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"half":', "more_body": True})
        raise ValueError("broken")

    async with serving(an_edge(seen, v1=half)) as url, aiohttp.ClientSession() as http:
        answer = await http.post(f"{url}/v1/chat/completions")
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_while_draining_only_the_first_request_of_a_connection_and_pages_are_answered() -> None:
    seen = Seen()
    edge = an_edge(seen)

    async with serving(edge) as url, aiohttp.ClientSession() as http:
        await (await http.post(f"{url}/v1/echo")).read()
        edge.drain()
        refused = await http.post(f"{url}/v1/echo")
        first = await http.post(f"{url}/v1/echo")
        page = await http.get(f"{url}/healthz")

    assert refused.status == 503
    assert refused.headers["retry-after"] == "1"
    assert {answer.headers["connection"] for answer in (refused, first, page)} == {"close"}
    assert (first.status, page.status) == (200, 200), "whoever had connected already has nobody else to go to"


async def test_the_active_requests_are_counted() -> None:
    seen = Seen()
    inside, leave = asyncio.Event(), asyncio.Event()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        inside.set()
        await leave.wait()
        await echo(scope, receive, send)

    edge = an_edge(seen, v1=wait)
    async with serving(edge) as url, aiohttp.ClientSession() as http:
        call = asyncio.create_task(http.post(f"{url}/v1/echo"))
        await inside.wait()
        during = edge.active
        leave.set()
        await call

    assert (during, edge.active) == (1, 0)
