"""The stage: simulated providers in this process, one gateway as a process of its own, and what its ledger says."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import tollhouse
from tollhouse.simulator import BillLine, Simulator, start

from .caller import Answer, Body, ask
from .cases import CASES, HURRIED, WAYS, Case, Way

KEY = "th-faults-key-0123456789abcdef"
ADMIN = "faults-admin-token-0123456789"
CANARY = "canary-0123456789abcdef"
"""In every provider's key, so that it can be looked for in everything that is said."""

QUESTION = "one two three four five six seven"
SAVED = "saved"
PRICE = {"input_per_million": "0.25", "cached_input_per_million": "0.025", "output_per_million": "2.00"}
"""The simulator's own, so that the ledger can be held against its bill."""

MAX_ANSWER_BYTES = 262_144
PLACES = ("sim", "stale", "hang-up")
WARM_CALLS = 32
READY_S = 60.0
POSTED_S = 20.0
PEAK_OF_MEMORY = "5"
"""What /proc/PID/clear_refs takes to measure the peak anew."""

SOURCE = Path(tollhouse.__file__).parents[1]
"""The gateway is the one that this process imports, wherever it is started."""

Tree = dict[str, object]
Rows = Mapping[str, Mapping[str, object]]


@dataclass(slots=True)
class Stage:
    """Ask with `asks`, then see `ledger` and `bill`."""

    url: str
    pid: int
    said: Path
    simulators: Mapping[str, Simulator]
    calls: dict[str, Body] = field(default_factory=dict)

    async def asks(self, model: str, *, streamed: bool, text: str = QUESTION, **more: object) -> Answer:
        body: Body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": streamed, **more}
        if streamed:
            body["stream_options"] = {"include_usage": True}
        return await ask(self.url, KEY, body)

    async def warm_up(self) -> None:
        """Let it load what it loads at first use (the tokeniser is 66 MiB, and takes its time on a busy machine)."""
        await self.asks("uncounted", streamed=False)
        for streamed in (False, True):
            await asyncio.gather(*(self.asks("echo", streamed=streamed) for _ in range(WARM_CALLS)))

    async def ledger(self, ids: Sequence[str]) -> Mapping[str, Body]:
        """Return the calls with these ids, once all of them are in the ledger."""
        until = time.monotonic() + POSTED_S
        while missing := [call for call in ids if call not in self.calls]:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(missing)} calls did not reach the ledger, among them {missing[0]}")
            await asyncio.to_thread(self._read_calls, set(ids))
        return self.calls

    async def bill(self) -> Mapping[str, list[BillLine]]:
        """Return what each model's requests were billed, once all are booked."""
        found: dict[str, list[BillLine]] = {}
        for simulator in self.simulators.values():
            await simulator.settled()
            for line in simulator.bill:
                found.setdefault(line.model, []).append(line)
        return found

    def told(self) -> bytes:
        """Everything it has said anywhere but to its callers: its log, its metrics, its ledger."""
        pages = [self._get("/metrics"), self._get("/api/v1/calls?limit=1000"), self._get("/api/v1/usage?by=provider")]
        return b"".join([self.said.read_bytes(), *pages])

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text(PEAK_OF_MEMORY)

    def memory_kib(self) -> tuple[int, int]:
        """Return what it holds now, and the most it held since `forget_peak`."""
        lines = dict(line.split(":") for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        return int(lines["VmRSS"].split()[0]), int(lines["VmHWM"].split()[0])

    def _read_calls(self, wanted: set[str]) -> None:
        cursor = ""
        while True:
            page = json.loads(self._get(f"/api/v1/calls?limit=1000{cursor}"))
            for call in page["items"]:
                self.calls[call["id"]] = call
            if page["next_cursor"] is None or wanted <= self.calls.keys():
                return
            cursor = f"&cursor={page['next_cursor']}"

    def _get(self, path: str) -> bytes:
        request = urllib.request.Request(self.url + path, headers={"authorization": f"Bearer {ADMIN}"})
        with urllib.request.urlopen(request, timeout=READY_S) as answer:
            found: bytes = answer.read()
        return found


def route(provider: str, model: str, **more: object) -> Tree:
    deployments = [{"provider": provider, "model": model}]
    return {"deployments": deployments, "price": PRICE, "max_answer_bytes": MAX_ANSWER_BYTES, "breaker": "off", **more}


def deployment_of(case: Case, way: Way, turn: int) -> str:
    """The model's name at its provider: the behaviour, and behind the `@` whose it is."""
    return f"{case.model}@{case.name}.{way.name}" + (f".{turn}" if case.is_fresh else "")


def route_of(case: Case, way: Way, turn: int) -> str:
    return f"{case.name}.{way.name}" + (f".{turn}" if case.is_fresh else "")


def routes(turns: int) -> Tree:
    """A route for every case and way, and for every turn where a deployment remembers the one before."""
    found: Tree = {"saved": route("good", f"sim-text:{SAVED}")}
    for case in CASES:
        for way in WAYS:
            for turn in range(turns if case.is_fresh else 1):
                found[route_of(case, way, turn)] = route(
                    f"p-{case.name}",
                    deployment_of(case, way, turn),
                    retries=1,
                    retry_wait_max_ms=200,
                    release=way.release,
                    timeouts=dict(HURRIED) if case.is_hurried else {},
                    fallbacks=["saved"] if way.has_fallback else [],
                )
    return found


def places() -> dict[str, str]:
    """Where every case's provider is: each case has one of its own, and with it a key and a retry budget."""
    return {f"p-{case.name}": case.place for case in CASES}


def tree(models: Tree, addresses: Mapping[str, str], *, client: str) -> Tree:
    """A whole configuration; `addresses` by provider."""
    return {
        "server": {"listen": "127.0.0.1:0", "admin_token": ADMIN, "upstream_client": client},
        "storage": {"path": "data"},
        "privacy": {"master_key": "A" * 43 + "="},
        "providers": {
            name: {"dialect": "openai", "base_url": address, "api_key": f"sk-{name}-{CANARY}"}
            for name, address in addresses.items()
        },
        "models": models,
        "teams": {"faults": {}},
        "use_cases": {
            "faults": {
                "team": "faults",
                "owner": "faults@example.com",
                "models": list(models),
                "privacy": {"mode": "off"},
            }
        },
        "keys": [{"name": "faults", "team": "faults", "use_cases": ["faults"], "secret": KEY}],
    }


@asynccontextmanager
async def staged(models: Tree, providers: Mapping[str, str], *, client: str = "own") -> AsyncIterator[Stage]:
    """
    Yield a running stage with these routes.

    Args:
        models: `echo` and `uncounted`, both well, are always there.
        providers: their places (one of PLACES, or `nobody`) by name; `good` is always there.
    """
    simulators = {place: await start() for place in PLACES}
    at = {name: simulator.base_url for name, simulator in simulators.items()}
    at["nobody"] = "http://127.0.0.1:1/v1"  # below the ports that anybody may take
    addresses = {name: at[place] for name, place in {**providers, "good": "sim"}.items()}
    models = {"echo": route("good", "sim-echo"), "uncounted": route("good", "sim-no-usage"), **models}
    try:
        with tempfile.TemporaryDirectory(prefix="tollhouse-faults-") as name:
            folder = Path(name)
            (folder / "tollhouse.yaml").write_text(json.dumps(tree(models, addresses, client=client)))
            async with _serving(folder) as (process, url):
                yield Stage(url, process.pid, folder / "said", simulators)
    finally:
        for simulator in simulators.values():
            await simulator.close()


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[tuple[subprocess.Popen[bytes], str]]:
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tollhouse", "serve", "--config", "tollhouse.yaml"],
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(SOURCE)},
        )
    try:
        yield process, await _ready(process, folder / "said")
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, READY_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _ready(process: "subprocess.Popen[bytes]", said: Path) -> str:
    until = time.monotonic() + READY_S
    while (at := (text := said.read_text()).find("is ready at ")) < 0:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the gateway did not start: {text}")
        await asyncio.sleep(0.02)
    return text[at:].split()[3]
