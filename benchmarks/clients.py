"""
What the client towards providers costs alone: our own and aiohttp's, in turns, in one process after another.

`python -m benchmarks.clients` starts the upstream on one core and each client on the other, so often as asked, and
prints CPU a call at 1 and 32 requests in flight, and CPU a chunk of 64 paced streams. A client's loop does nothing else:
request, answer read to its end, next.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

from .processes import GATEWAY_CORE, LOAD_CORE, python
from .upstream import ANSWER

CLIENTS = ("own", "aiohttp")
BODY = json.dumps({"model": "fast", "messages": [{"role": "user", "content": "word " * 220}]}).encode()
PACED = json.dumps({"model": "paced-200-5", "stream": True}, separators=(",", ":")).encode()
HEADERS = {
    "content-type": "application/json",
    "accept": "application/json",
    "accept-encoding": "identity",
    "user-agent": "bench",
    "authorization": "Bearer sk-bench-0123456789abcdef",
}
LIMITS_MS = {"connect_ms": 5_000, "pool_ms": 5_000}


def measure(name: str, port: int, seconds: float) -> dict[str, float]:
    """In a process of its own: figures of one client."""
    import uvloop

    return uvloop.run(_measure(name, port, seconds))


async def _measure(name: str, port: int, seconds: float) -> dict[str, float]:
    from tollhouse.providers import UPSTREAM_CLIENTS, Proxies
    from tollhouse.providers.transport import header_block

    transport = UPSTREAM_CLIENTS[name](Proxies({}))
    await transport.open()
    block, origin = header_block(HEADERS), f"http://127.0.0.1:{port}"

    async def relay(body: bytes) -> tuple[int, int]:
        exchange = await transport.request("POST", origin, "/v1/chat/completions", block, body, **LIMITS_MS)
        pieces = received = 0
        try:
            await exchange.answered()
            while chunk := await exchange.read():
                pieces += 1
                received += len(chunk)
        finally:
            exchange.close()
        return pieces, received

    async def call() -> int:
        _, received = await relay(BODY)
        assert received == len(ANSWER)
        return 1

    async def stream() -> int:
        pieces, _ = await relay(PACED)
        return pieces

    await _spent(call, 32, 0.3)
    figures = {
        "call_c1": await _spent(call, 1, seconds),
        "call_c32": await _spent(call, 32, seconds),
        "chunk_64": await _spent(stream, 64, seconds),
    }
    await transport.close()
    return figures


async def _spent(work: Callable[[], Awaitable[int]], width: int, seconds: float) -> float:
    """Return the CPU per unit of work, in microseconds, with so many at a time."""
    until = time.perf_counter() + seconds
    began, done = time.process_time(), 0

    async def go_on() -> None:
        nonlocal done
        while time.perf_counter() < until:
            units = await work()  # apart: others count while this one waits
            done += units

    await asyncio.gather(*[go_on() for _ in range(width)])
    return (time.process_time() - began) * 1e6 / done


def run(seconds: float, rounds: int) -> dict[str, dict[str, list[float]]]:
    upstream = python("benchmarks.upstream", core=LOAD_CORE)
    results: dict[str, dict[str, list[float]]] = {name: {} for name in CLIENTS}
    try:
        port = upstream.line()
        for _ in range(rounds):
            for name in CLIENTS:
                client = python("benchmarks.clients", "--client", name, port, str(seconds), core=GATEWAY_CORE)
                try:
                    for figure, value in json.loads(client.line()).items():
                        results[name].setdefault(figure, []).append(value)
                finally:
                    client.stop()
    finally:
        upstream.stop()
    return results


def show(results: dict[str, dict[str, list[float]]]) -> None:
    print(f"{'CPU us, median (all)':<12}")
    for figure in results[CLIENTS[0]]:
        middle = {name: statistics.median(results[name][figure]) for name in CLIENTS}
        row = "  ".join(
            f"{name} {middle[name]:6.1f} ({' '.join(f'{value:.1f}' for value in results[name][figure])})"
            for name in CLIENTS
        )
        print(f"{figure:<10} {row}  ratio {middle['own'] / middle['aiohttp']:.2f}")


def main() -> None:
    if sys.argv[1:2] == ["--client"]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))), flush=True)
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = run(options.seconds, options.rounds)
    if options.json:
        print(json.dumps(results))
    else:
        show(results)


if __name__ == "__main__":
    main()
