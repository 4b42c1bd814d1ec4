"""Many callers at once: each has its connection before any of them asks."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    code: str | None
    detail: str | None = None


class Crowd:
    """Connections to services, taken in turn. Several processes behind one of them share what comes to it."""

    def __init__(self, lines: Sequence[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> None:
        self._lines = lines

    @classmethod
    async def at(cls, urls: Sequence[str], size: int) -> "Crowd":
        ports = [urlsplit(url).port for url in urls]
        opening = (asyncio.open_connection("127.0.0.1", ports[n % len(ports)]) for n in range(size))
        return cls(await asyncio.gather(*opening))

    def ask(self, body: Mapping[str, object], headers: Mapping[str, str]) -> list["asyncio.Task[Answered]"]:
        """Let all of them ask the same thing at the same moment."""
        request = _written(body, headers)
        for _, writer in self._lines:
            writer.write(request)
        return [asyncio.create_task(_read(reader)) for reader, _ in self._lines]

    async def ask_one(self, number: int, body: Mapping[str, object], headers: Mapping[str, str]) -> Answered:
        reader, writer = self._lines[number % len(self._lines)]
        writer.write(_written(body, headers))
        return await _read(reader)

    async def close(self) -> None:
        for _, writer in self._lines:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in self._lines), return_exceptions=True)


async def streamed(
    url: str, body: Mapping[str, object], headers: Mapping[str, str], on_first: Callable[[], None]
) -> bytes:
    """Ask over a connection of its own, and return what came, once the server has closed it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    writer.write(_written(body, {**headers, "connection": "close"}))
    pieces = [await reader.readuntil(b"data: ")]
    on_first()
    pieces.append(await reader.read())
    writer.close()
    await writer.wait_closed()
    return _without_chunks(b"".join(pieces))


def _without_chunks(answer: bytes) -> bytes:
    """Take the sizes of chunks out of a body."""
    body, whole = answer.partition(b"\r\n\r\n")[2], b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return whole


def _written(body: Mapping[str, object], headers: Mapping[str, str]) -> bytes:
    text = json.dumps(body).encode()
    fields = {"host": "localhost", "content-length": str(len(text)), "content-type": "application/json", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n".encode() + text


async def _read(reader: asyncio.StreamReader) -> Answered:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split()[1])
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    body = json.loads(await reader.readexactly(length))
    return Answered(status, body.get("code"), body.get("detail"))
