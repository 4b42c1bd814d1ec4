"""A gate before a provider: requests wait in front of it, counted, until it is opened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Gate:
    """Passes bytes on to a server, requests only while it is open. `waiting` counts those that have arrived at it closed."""

    def __init__(self, server_url: str) -> None:
        self.waiting = 0
        self.port = 0
        self._behind = urlsplit(server_url).port
        self._open = asyncio.Event()
        self._open.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def close(self) -> None:
        self.waiting = 0
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        except OSError:
            writer.close()  # there is nobody behind
            return
        requests = asyncio.create_task(self._pass_on(reader, far_writer))
        answers = asyncio.create_task(_copy(far_reader, writer))
        self._tasks |= {requests, answers}
        await asyncio.wait({requests, answers})
        self._tasks -= {requests, answers}

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                if not self._open.is_set():
                    self.waiting += data.startswith(b"POST ")
                    await self._open.wait()
                writer.write(data)
        except OSError:
            pass  # one end has gone
        finally:
            writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def gate_before(server_url: str) -> AsyncIterator[Gate]:
    gate = Gate(server_url)
    server = await asyncio.start_server(gate.connected, "127.0.0.1", 0, backlog=1000)
    gate.port = server.sockets[0].getsockname()[1]
    async with server:
        yield gate
        await gate.end()
