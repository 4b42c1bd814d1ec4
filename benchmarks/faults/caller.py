"""A caller without any client's manners: one connection a call, every byte kept, every moment noted."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

Body = dict[str, object]

SILENCE_S = 60.0
"""No good verdict takes so long; it keeps a hang from holding up the rest."""


@dataclass(slots=True)
class Answer:
    """
    What a caller got. `status` 0: nothing.

    Args:
        is_whole: the HTTP message came to its end.
        first_s, took_s: until the first byte, and until the end.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False
    first_s: float = 0.0
    took_s: float = 0.0

    @property
    def raw(self) -> bytes:
        """Everything that arrived, to look for what must not be in it."""
        return repr(self.headers).encode() + self.body

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def events(self) -> list[bytes]:
        return [block[6:] for block in self.body.split(b"\n\n") if block.startswith(b"data: ")]

    @property
    def chunks(self) -> list[Body]:
        return [json.loads(event) for event in self.events if event != b"[DONE]"]

    @property
    def whole(self) -> Body:
        found: Body = json.loads(self.body or b"{}")
        return found

    @property
    def is_done(self) -> bool:
        return self.events[-1:] == [b"[DONE]"]

    @property
    def error(self) -> Body:
        """The error object: of the body, or of the stream's last event; empty if there is none."""
        last: Body = self.chunks[-1] if self.is_stream and self.chunks else {}
        found = last if self.is_stream else self.whole
        error = found.get("error", {})
        return error if isinstance(error, dict) else {}

    @property
    def text(self) -> str:
        if not self.is_stream:
            return str(_choices(self.whole)[0]["message"]["content"])
        return "".join(choice["delta"].get("content") or "" for chunk in self.chunks for choice in _choices(chunk))

    @property
    def finishes(self) -> list[str]:
        """Every `finish_reason` there is."""
        found = [self.whole] if not self.is_stream else self.chunks
        reasons = [choice.get("finish_reason") for one in found for choice in _choices(one)]
        return [reason for reason in reasons if reason]

    @property
    def usage(self) -> Body | None:
        found = [self.whole] if not self.is_stream else self.chunks
        told = [one["usage"] for one in found if one.get("usage")]
        last = told[-1] if told else None
        return last if isinstance(last, dict) else None


def _choices(body: Body) -> list[dict]:  # type: ignore[type-arg]
    found = body.get("choices") or []
    return found if isinstance(found, list) else []


async def ask(url: str, key: str, body: Body) -> Answer:
    """Send one chat request and read its answer to the end, however it ends."""
    host, port = url.removeprefix("http://").split(":")
    answer, begun = Answer(), time.monotonic()
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(SILENCE_S):
            writer.write(_request(host, key, json.dumps(body).encode()))
            await _read(reader, answer, begun)
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        answer.took_s = time.monotonic() - begun
        writer.close()
    return answer


def _request(host: str, key: str, body: bytes) -> bytes:
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _read(reader: asyncio.StreamReader, answer: Answer, begun: float) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    answer.first_s = time.monotonic() - begun
    first, *lines = head.decode().rstrip().split("\r\n")
    answer.status = int(first.split()[1])
    answer.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "content-length" in answer.headers:
        answer.body = await reader.readexactly(int(answer.headers["content-length"]))
        answer.is_whole = True
        return
    while size := int(await reader.readline() or b"0", 16):
        answer.body += await reader.readexactly(size)
        await reader.readexactly(2)
    answer.is_whole = await reader.readline() == b"\r\n"
