"""A real server on a free port, and a watch that remembers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from tollhouse.web.asgi import App, Headers, Received, Reply, Sent
from tollhouse.web.serve import Server, bind


@dataclass
class Seen:
    """What the edge reported."""

    refusals: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def refused(self, code: str) -> None:
        self.refusals.append(code)

    def fault(self, error: BaseException, *, request_id: str) -> None:
        self.faults.append((type(error).__name__, request_id))


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[str]:
    """Serve on a free port while open; gives the base URL."""
    server = Server(app, bind("127.0.0.1", 0), drain_ms=2_000, on_stop=lambda: None)
    ready = asyncio.Event()
    running = asyncio.create_task(server.run(lambda _port: ready.set()))
    await ready.wait()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        await running


async def asked(app: App, target: str, *, method: str = "GET", headers: Headers | None = None) -> Reply:
    """Ask the application without a server: for tests of what it answers, not of how that travels."""
    path, _, query = target.partition("?")
    status, sent_headers, body = 0, [], b""

    async def receive() -> Received:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Sent) -> None:
        nonlocal status, sent_headers, body
        if message["type"] == "http.response.start":
            status, sent_headers = message["status"], message["headers"]
        else:
            body += message["body"]

    await app(
        {
            "type": "http",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers or [],
            "client": None,
            "state": {},
        },
        receive,
        send,
    )
    return Reply(status, sent_headers, body)
