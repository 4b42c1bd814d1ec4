"""A provider made of bytes: a raw server whose script writes whatever the test wants, and a small endpoint to read it."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from tollhouse.domain.governance import Deployment, Parameters, Timeouts
from tollhouse.domain.money import Usage
from tollhouse.domain.providers import ProviderSpec, Secret
from tollhouse.domain.wire import Answer, Asked, Event, Facts, Prompt, ProviderFault, Shaped
from tollhouse.ports.provider import Outgoing, Provider
from tollhouse.providers.by_aiohttp import AiohttpTransport
from tollhouse.providers.client import PooledTransport
from tollhouse.providers.openai import OpenAIProvider
from tollhouse.providers.transport import CONNECTIONS_MAX, Exchange, Transport

CLIENTS: dict[str, Callable[..., Transport]] = {"own": PooledTransport, "aiohttp": AiohttpTransport}

KEY = "very-secret-provider-key-0123456789"


class _Seam:
    client: Callable[..., Transport] = PooledTransport


@contextmanager
def behind_the_seam(name: str) -> Iterator[None]:
    """Make transports of this kind from here on."""
    before, _Seam.client = _Seam.client, CLIENTS[name]
    try:
        yield
    finally:
        _Seam.client = before


def a_transport(*, connections_max: int = CONNECTIONS_MAX, tls: ssl.SSLContext | None = None) -> Transport:
    return _Seam.client(connections_max=connections_max, tls=tls)


@dataclass
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Wire:
    """One request at the raw server, and the connection to answer on."""

    request: Received
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        self.writer.transport.abort()

    async def until_hung_up(self) -> None:
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            return


Script = Callable[[Wire], Awaitable[bool]]
"""Answers one request; returns whether the connection stays open."""


@dataclass
class Upstream:
    origin: str
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def upstream(
    script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Upstream]:
    running: set[asyncio.Task[None]] = set()
    state = Upstream("")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        state.connections += 1
        try:
            while (request := await _read_request(reader)) is not None:
                state.requests.append(request)
                if not await script(Wire(request, reader, writer)):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            state.hung_up.set()
            writer.close()
            running.discard(task)

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    state.origin = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    try:
        yield state
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.sleep(0)


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode().rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


def respond(
    status: int, body: bytes = b"", *, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> bytes:
    lines = [f"HTTP/1.1 {status} Because", f"content-length: {len(body)}"]
    lines += [f"content-type: {content_type}"] if content_type else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def sse(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def delta(text: str, index: int = 0) -> bytes:
    return sse({"choices": [{"index": index, "delta": {"content": text}, "finish_reason": None}]})


ROLE = sse({"choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]})
USAGE = sse({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
DONE = b"data: [DONE]\n\n"


def finish(index: int = 0) -> bytes:
    return sse({"choices": [{"index": index, "delta": {}, "finish_reason": "stop"}]})


WHOLE = json.dumps(
    {
        "choices": [{"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
).encode()


def answers(data: bytes, *, stays_open: bool = True) -> Script:
    async def script(wire: Wire) -> bool:
        await wire.write(data)
        return stays_open

    return script


def streams(events: Iterable[bytes], *, ended: bool = True, then_waits: bool = False) -> Script:
    """Stream these events, end the body or not, and keep the connection or hang up."""

    async def script(wire: Wire) -> bool:
        await wire.write(STREAM_HEAD + b"".join(chunked(event) for event in events))
        if then_waits:
            await wire.until_hung_up()
            return False
        if ended:
            await wire.write(LAST_CHUNK)
        return ended

    return script


class SmallChat:
    """Reads chat answers, as far as these tests go."""

    name = "chat.completions"
    path = "/chat/completions"
    ends_with_done = True

    def read(self, body: bytes) -> Asked:
        raise NotImplementedError

    def shape(
        self, asked: Asked, deployment: Deployment, *, parameters: Parameters, output_tokens_max: int | None
    ) -> Shaped:
        raise NotImplementedError

    def scan(self, data: bytes) -> Facts:
        chunk = json.loads(data)
        if "error" in chunk:
            error = chunk["error"]
            return Facts(fault=ProviderFault(error["message"], error.get("type"), error.get("code")))
        if chunk.get("type") == "response.completed":
            return Facts(finished=(0,), ended=True)
        choices = chunk["choices"]
        text = "".join(choice["delta"].get("content") or "" for choice in choices)
        finished = tuple(choice["index"] for choice in choices if choice["finish_reason"])
        return Facts(output=bool(text), text=text, finished=finished, usage=self._usage(chunk), usage_only=not choices)

    def scan_whole(self, body: bytes) -> Facts:
        whole = json.loads(body)
        if not isinstance(whole, dict):
            raise ValueError("not an object")  # noqa: TRY004 -- as the port says
        if "error" in whole:
            error = whole["error"]
            return Facts(fault=ProviderFault(error["message"], error.get("type"), error.get("code")))
        return Facts(output=True, text=whole["choices"][0]["message"]["content"], usage=self._usage(whole))

    def _usage(self, value: Mapping[str, Mapping[str, int]]) -> Usage | None:
        usage = value.get("usage")
        return Usage(usage["prompt_tokens"], usage["completion_tokens"]) if usage else None

    def prompt(self, asked: Asked) -> Prompt:
        raise NotImplementedError

    def render(
        self, answer: Answer, asked: Asked, *, model: str, id_suffix: str, created: int
    ) -> Iterable[tuple[bytes, Facts]]:
        raise NotImplementedError

    def with_usage(self, body: bytes, usage: Usage, extra: Mapping[str, object]) -> bytes:
        raise NotImplementedError

    def usage_event(self, event: bytes | None, usage: Usage, extra: Mapping[str, object]) -> bytes:
        raise NotImplementedError


def outgoing(
    *,
    streamed: bool = False,
    choices: int = 1,
    timeouts: Timeouts | None = None,
    max_answer_bytes: int = 33_554_432,
    path: str = "/chat/completions",
    method: str = "POST",
    body: bytes = b'{"model":"m"}',
    headers: Mapping[str, str] | None = None,
) -> Outgoing:
    asked = Asked(model="fast", streamed=streamed, members={}, body_bytes=len(body), choices=choices)
    deployment = Deployment(provider="up", model="gpt-5 mini", dialect="openai", timeouts=timeouts or Timeouts())
    return Outgoing(
        endpoint=SmallChat(),
        deployment=deployment,
        asked=asked,
        body=b"" if method == "GET" else body,
        path=path,
        max_answer_bytes=max_answer_bytes,
        method=method,
        headers=headers or {},
    )


@asynccontextmanager
async def provider(
    base_url: str, *, api_version: str | None = None, transport: Transport | None = None
) -> AsyncIterator[Provider]:
    spec = ProviderSpec("up", "openai", base_url, Secret(KEY), api_version=api_version)
    own = transport or a_transport()
    try:
        yield OpenAIProvider(spec, own)
    finally:
        await own.close()


async def begin(
    transport: Transport, origin: str, *, method: str = "POST", body: bytes = b"{}", target: str = "/v1/x"
) -> Exchange:
    """Send a request below every dialect."""
    return await transport.request(method, origin, target, b"", body, connect_ms=10_000, pool_ms=10_000)


async def fetch(
    transport: Transport, origin: str, *, method: str = "POST", body: bytes = b"{}", target: str = "/v1/x"
) -> tuple[int, bytes]:
    """Send a request below every dialect, and read its whole answer."""
    exchange = await begin(transport, origin, method=method, body=body, target=target)
    try:
        await exchange.answered()
        pieces = []
        while piece := await exchange.read():
            pieces.append(piece)
        return exchange.status, b"".join(pieces)
    finally:
        exchange.close()


@asynccontextmanager
async def closing(transport: Transport) -> AsyncIterator[Transport]:
    try:
        yield transport
    finally:
        await transport.close()


async def collect(sender: Provider, sent: Outgoing) -> list[Event]:
    async with aclosing(sender.send(sent)) as events:
        return [event async for event in events]


async def exchange(script: Script, sent: Outgoing) -> list[Event]:
    """One request to a provider that follows the script."""
    async with upstream(script) as up, provider(up.origin + "/v1") as sender:
        return await collect(sender, sent)


def limits(**milliseconds: int) -> Timeouts:
    return replace(Timeouts(), **milliseconds)
