"""
What a call costs inside the process alone: the whole house with journal, ledger and log lines, without any network.

`python -m benchmarks.inside` calls the ASGI application as the server would, in front of a provider that answers from
memory, and prints CPU a call and a chunk: the least of many rounds, so that it can be told from noise. Compare two
versions in turns, each in a process of its own (`PYTHONPATH=…/src`).
"""

import argparse
import asyncio
import gc
import io
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import uvloop

from .load import PROMPT
from .subjects import CONFIG, KEY
from .upstream import ANSWER, CHUNK, LAST

if TYPE_CHECKING:
    from tollhouse.domain.errors import UpstreamError
    from tollhouse.web.asgi import Received, Scope, Sent
    from tollhouse.web.edge import Edge

CALLS_A_ROUND = 50
CHUNKS = 200
ASKED = {"model": "fast", "messages": [{"role": "user", "content": PROMPT}], "max_completion_tokens": 200}
WHOLE = json.dumps(ASKED, separators=(",", ":"))  # as OpenAI's clients write it
STREAM = json.dumps({**ASKED, "model": "paced-1", "stream": True}, separators=(",", ":"))


def _unchunked(chunk: bytes) -> bytes:
    return chunk.partition(b"\r\n")[2][:-2]


PIECES = {
    False: ("application/json", [ANSWER]),
    True: ("text/event-stream", [_unchunked(CHUNK)] * CHUNKS + [_unchunked(LAST)]),
}


class FromMemory:
    """A transport whose provider has answered before it was asked."""

    async def request(
        self, method: str, origin: str, target: str, headers: bytes, body: bytes, *, connect_ms: int, pool_ms: int
    ) -> "Answered":
        return Answered(*PIECES[b'"stream":true' in body])

    async def open(self) -> None: ...

    def leave(self, origin: str) -> None: ...

    async def close(self) -> None: ...


class Answered:
    status = 200

    def __init__(self, kind: str, pieces: list[bytes]) -> None:
        self.headers: Mapping[str, str] = {"content-type": kind}
        self._pieces = iter(pieces)

    async def answered(self) -> None: ...

    async def read(self) -> bytes:
        return next(self._pieces, b"")

    def abort(self, error: "UpstreamError") -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


class Caller:
    """Speaks to the application as the server does, and counts the pieces of its answers."""

    def __init__(self, edge: "Edge", body: str) -> None:
        self._edge = edge
        self._body = body.encode()
        self._headers = [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/json"),
            (b"authorization", b"Bearer " + KEY.encode()),
            (b"content-length", b"%d" % len(self._body)),
        ]
        self._asked = False
        self.status = 0

    async def call(self) -> None:
        self._asked = False
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/chat/completions",
            "raw_path": b"/v1/chat/completions",
            "query_string": b"",
            "headers": list(self._headers),
            "client": ("127.0.0.1", 1),
            "state": {},
        }
        await self._edge(cast("Scope", scope), self._receive, self._send)

    async def _receive(self) -> "Received":
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody hangs up here")

    async def _send(self, message: "Sent") -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]


async def measure(folder: Path, rounds: int) -> dict[str, float]:
    from tollhouse.bootstrap import build_edge, open_house
    from tollhouse.config.govern import provider_specs
    from tollhouse.providers.openai import OpenAIProvider
    from tollhouse.web.log import Log

    config = folder / "config"
    config.write_text(CONFIG.format(port=1, folder=folder, upstream=1, key=KEY))
    log = Log("info", io.BytesIO())
    async with open_house(config, environ={}, on_posted=log.calls) as house:
        edge = build_edge(house, log)
        (spec,) = (spec for spec in provider_specs(house.loaded.settings) if spec.name == "bench")
        cast("dict[str, object]", house.gateway._tools.providers)["bench"] = OpenAIProvider(spec, FromMemory())
        whole = await least(Caller(edge, WHOLE), rounds, CALLS_A_ROUND)
        stream = await least(Caller(edge, STREAM), rounds, 2)
    return {"call": whole, "chunk": (stream - whole) / CHUNKS}


async def least(caller: Caller, rounds: int, calls: int) -> float:
    """Return the CPU of this thread a call, in microseconds, in the best round."""
    took = []
    for _ in range(rounds):
        gc.collect()
        began = time.thread_time()
        for _ in range(calls):
            await caller.call()
            assert caller.status == 200
        took.append((time.thread_time() - began) / calls)
        await asyncio.sleep(0.02)  # posting goes on beside
    return min(took) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inside", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tollhouse-bench-") as folder:
        figures = uvloop.run(measure(Path(folder), options.rounds))
    print(json.dumps({name: round(value, 1) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
