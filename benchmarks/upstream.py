"""
A provider that costs next to nothing: a fixed answer, or a stream of chunks at a fixed pace.

`python -m benchmarks.upstream` prints its port. A model named `paced-N-MS` streams N chunks, MS milliseconds apart.
"""

import asyncio
import json
import re
from typing import cast

import uvloop

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "word " * 60},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 250, "completion_tokens": 60, "total_tokens": 310},
    }
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PACED = re.compile(rb"paced-(\d+)-(\d+)")


def _event(**members: object) -> bytes:
    data = (
        b"data: "
        + json.dumps(
            {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "bench", **members}
        ).encode()
    )
    return data + b"\n\n"


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNK = _chunked(_event(choices=[{"index": 0, "delta": {"content": "word and "}, "finish_reason": None}]))
LAST = _chunked(
    _event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    + _event(choices=[], usage={"prompt_tokens": 250, "completion_tokens": 60, "total_tokens": 310})
    + b"data: [DONE]\n\n"
)
END = b"0\r\n\r\n"


class Upstream(asyncio.Protocol):
    """Reads just enough HTTP/1.1: heads end with an empty line, bodies have a content-length."""

    def __init__(self) -> None:
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (request := self._next()) is not None:
            paced = PACED.search(request)
            if paced and b'"stream":true' in request.replace(b" ", b""):
                asyncio.get_running_loop().create_task(self._stream(int(paced[1]), int(paced[2]) / 1000))
            else:
                self._transport.write(WHOLE)

    def _next(self) -> bytes | None:
        end = self._waiting.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self._waiting[:end].lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) if b"content-length:" in head else 0
        if len(self._waiting) < end + 4 + length:
            return None
        request, self._waiting = self._waiting[: end + 4 + length], self._waiting[end + 4 + length :]
        return request

    async def _stream(self, chunks: int, pause_s: float) -> None:
        self._transport.write(HEAD)
        for _ in range(chunks):
            self._transport.write(CHUNK)
            await asyncio.sleep(pause_s)
        self._transport.write(LAST + END)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
