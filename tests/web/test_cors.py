"""What browsers are told about pages of other origins."""

import pytest

from tollhouse.domain.errors import InvalidApiKey
from tollhouse.web.asgi import Headers, Receive, Reply, Scope, Send, send_reply
from tollhouse.web.cors import HEADERS_IN, HEADERS_OUT, let_in
from tollhouse.web.edge import Edge
from web_serving import Seen, asked

SHOP, EVIL = b"https://shop.example", b"https://evil.example"
ASKING: Headers = [(b"access-control-request-method", b"POST")]


async def lets_in(scope: Scope, _receive: Receive, send: Send) -> None:
    let_in(scope, SHOP)
    await send_reply(send, Reply(200, [(b"content-type", b"text/event-stream")], b"data: x\n\n"))


async def plain(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send_reply(send, Reply(200, [], b"{}"))


async def refuses(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise InvalidApiKey


async def nobody(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("a preflight is answered at the edge")


async def ask(
    origin: bytes | None,
    path: str = "/v1/models",
    *,
    method: str = "GET",
    headers: Headers | None = None,
    v1: object = plain,
) -> tuple[int, dict[bytes, bytes]]:
    edge = Edge(v1=v1, api=refuses, pages={}, watch=Seen(), origins=lambda given: given == SHOP)  # type: ignore[arg-type]
    sent = [*(headers or []), *([] if origin is None else [(b"origin", origin)])]
    reply = await asked(edge, path, method=method, headers=sent)
    return reply.status, dict(reply.headers)


async def preflight(
    origin: bytes, *headers: tuple[bytes, bytes], path: str = "/v1/chat/completions"
) -> tuple[int, dict[bytes, bytes]]:
    return await ask(origin, path, method="OPTIONS", headers=[*ASKING, *headers], v1=nobody)


async def test_a_preflight_of_a_named_origin_is_answered_without_asking_who_calls() -> None:
    status, headers = await preflight(SHOP)

    assert status == 204
    assert headers[b"access-control-allow-origin"] == SHOP
    assert headers[b"access-control-allow-methods"] == b"GET, POST"
    assert set(HEADERS_IN) == set(headers[b"access-control-allow-headers"].split(b", "))
    assert int(headers[b"access-control-max-age"]) == 600
    assert headers[b"vary"] == b"Origin"
    assert b"content-length" not in headers
    assert b"access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    "origin", [EVIL, b"null", b"", b"https://shop.example.evil.example", b"https://SHOP.example", b"*"]
)
async def test_a_preflight_of_any_other_origin_gets_nothing(origin: bytes) -> None:
    status, headers = await preflight(origin)

    assert status == 403
    assert not any(name.startswith(b"access-control") for name in headers)


async def test_a_preflight_may_ask_for_our_headers_and_those_of_openais_client_only() -> None:
    wanted = b"authorization,x-tollhouse-new,X-Stainless-Lang,x-evil,x-stainless-bad\xff,cookie"

    _, headers = await preflight(SHOP, (b"access-control-request-headers", wanted))

    more = set(headers[b"access-control-allow-headers"].split(b", ")) - set(HEADERS_IN)
    assert more == {b"x-tollhouse-new", b"x-stainless-lang"}


@pytest.mark.parametrize("headers", [[], ASKING])
async def test_other_options_requests_are_no_preflights(headers: Headers) -> None:
    origin = None if headers else SHOP

    status, _ = await ask(origin, method="OPTIONS", headers=headers, v1=refuses)

    assert status == 401


async def test_an_answer_is_readable_for_the_origin_that_was_let_in_and_no_other() -> None:
    _, let = await ask(SHOP, v1=lets_in)
    _, not_let = await ask(SHOP, v1=plain)

    assert let[b"access-control-allow-origin"] == SHOP
    assert let[b"access-control-expose-headers"].split(b", ") == list(HEADERS_OUT)
    assert let[b"vary"] == b"Origin"
    assert b"access-control-allow-origin" not in not_let


async def test_a_refusal_is_readable_for_pages_that_might_call() -> None:
    status, headers = await ask(SHOP, v1=refuses)

    assert (status, headers[b"access-control-allow-origin"]) == (401, SHOP)


@pytest.mark.parametrize(
    ("origin", "path"), [(EVIL, "/v1/models"), (b"null", "/v1/models"), (SHOP, "/api/v1/me"), (SHOP, "/x")]
)
async def test_no_other_refusal_is_readable(origin: bytes, path: str) -> None:
    status, headers = await ask(origin, path, v1=refuses)

    assert status in (401, 404)
    assert not any(name.startswith(b"access-control") for name in headers)


async def test_there_is_no_preflight_for_our_own_api() -> None:
    status, headers = await preflight(SHOP, path="/api/v1/me")

    assert status == 401
    assert b"access-control-allow-origin" not in headers


async def test_without_origins_cors_is_off() -> None:
    edge = Edge(v1=refuses, api=refuses, pages={}, watch=Seen())

    reply = await asked(edge, "/v1/models", method="OPTIONS", headers=[*ASKING, (b"origin", SHOP)])

    assert reply.status == 403
    assert b"access-control-allow-origin" not in dict(reply.headers)
