"""
`python -m benchmarks.endurance [storm|peak|streams|soak …]`: a provider's bad day, seen from both sides.

    storm    200 calls a second; for 60 s the provider answers 503 to everything
    peak     a provider that takes 60 calls a second, an in-house fallback; five times the usual arrivals for 60 s
    streams  1,000 paced streams at once, ten chunks a second each
    soak     half an hour of streams of which a fifth is hung up on; anonymous memory against calls

Upstream and callers share one core, the gateway has the other. `--seconds` shortens the long part, `--json` prints all.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .processes import GATEWAY_CORE, LOAD_CORE, Started, await_http, python
from .subjects import KEY, free_port

CONFIG = """\
server: {{listen: "127.0.0.1:{port}"}}
storage: {{path: {folder}/data}}
providers:
  bench: {{dialect: openai, base_url: "http://127.0.0.1:{upstream}/v1", api_key: sk-bench-0123456789abcdef}}
  local: {{dialect: inhouse}}
models:
  fast:
    deployments: [{{provider: bench, model: fast{limits}}}]
    fallbacks: {fallbacks}
    price: {{input_per_million: "0.25", output_per_million: "2.00"}}
  "paced-*":
    deployments: [{{provider: bench, model: "*"}}]
    price: {{input_per_million: "0.25", output_per_million: "2.00"}}
  inhouse: {{deployments: [{{provider: local, model: auto}}]}}
teams: {{bench: {{budget: {{limit_usd: "50000", period: month}}}}}}
use_cases:
  bench:
    team: bench
    owner: bench@example.com
    models: [fast, "paced-*", inhouse]
    privacy: {{mode: off}}
    queue: {{max_wait_ms: 1000, max_length: 200}}
keys: [{{name: bench, team: bench, use_cases: [bench], secret: "{key}"}}]
"""
STORM = {"per_s": 200, "before_s": 15, "seconds": 60, "after_s": 30}
RECOVERY_S = 10
SUMMARISE = (
    "Summarise: "
    + "A car hit a fence in the rain. Nobody was hurt. The owner called us at noon and sent two pictures. " * 5
)
"""A task that the in-house engine can do."""
PEAK = {"provider_per_s": 60, "usual_per_s": 40, "times": 5, "seconds": 60}
STREAMS = {"at_once": 1000, "chunks": 200, "pace_ms": 100, "ramp_s": 10}
SOAK = {"per_s": 150, "seconds": 1800, "leave": 0.2}
SAMPLE_S = 5.0
WARM_SHARE = 0.2
"""Of the soak, before its slope counts: pools, caches and arenas fill up first."""

Figures = dict[str, Any]


@dataclass
class Stage:
    """The provider and the gateway, running."""

    upstream: Started
    gateway: Started
    upstream_port: int
    port: int
    folder: Path

    def callers(self, phases: list[tuple[float, float]], model: str = "fast", **more: object) -> Started:
        order = {"key": KEY, "model": model, "stream": model != "fast", "phases": phases, **more}
        return python("benchmarks.arrivals", str(self.port), json.dumps(order), core=LOAD_CORE)

    def close(self) -> None:
        self.gateway.stop()
        self.upstream.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def stage(order: dict[str, int], *, fallbacks: str = "[]", limits: str = "") -> Stage:
    upstream = python("benchmarks.weather", json.dumps(order), core=LOAD_CORE)
    upstream_port, port, folder = int(upstream.line()), free_port(), Path(tempfile.mkdtemp(prefix="tollhouse-bench-"))
    config = folder / "tollhouse.yaml"
    config.write_text(
        CONFIG.format(port=port, folder=folder, upstream=upstream_port, key=KEY, fallbacks=fallbacks, limits=limits)
    )
    command = [str(Path(sys.executable).with_name("tollhouse")), "serve", "--config", str(config)]
    gateway = Started(command, core=GATEWAY_CORE)
    await_http(f"http://127.0.0.1:{port}/readyz")
    return Stage(upstream, gateway, upstream_port, port, folder)


def storm(seconds: float | None) -> Figures:
    lasts = seconds or STORM["seconds"]
    on = stage({"latency_ms": 20})
    try:
        callers = on.callers([(STORM["per_s"], STORM["before_s"] + lasts + STORM["after_s"])])
        time.sleep(STORM["before_s"])
        on.upstream.send_signal(signal.SIGUSR1)
        time.sleep(lasts)
        on.upstream.send_signal(signal.SIGUSR1)
        said = json.loads(callers.line())
        callers.stop()
        seen = on.upstream.ends()
    finally:
        on.close()
    first_well = STORM["before_s"] + lasts + RECOVERY_S + 1
    after = _statuses(said["seconds"][round(first_well) :])
    moments = [at - seen["stormy"][0] for at in seen["stormy"]]
    buckets = Counter(int(at * 10) for at in moments)
    calls = STORM["per_s"] * lasts
    return {
        "calls_in_storm": calls,
        "upstream_in_storm": len(moments),
        "upstream_limit": 1.2 * calls + 10 * lasts,
        "most_in_100_ms": max(buckets.values()),
        "mean_in_100_ms": len(moments) / (lasts * 10),
        "storm_statuses": _statuses(said["seconds"][STORM["before_s"] + 1 : round(STORM["before_s"] + lasts)]),
        "seconds_until_well": _until_well(said["seconds"], round(STORM["before_s"] + lasts)),
        "well_after_10_s": after.get("200", 0) / max(sum(after.values()), 1),
        "n_after": sum(after.values()),
    }


def peak(seconds: float | None) -> Figures:
    lasts = seconds or PEAK["seconds"]
    on = stage(
        {"per_s": PEAK["provider_per_s"], "latency_ms": 100},
        fallbacks="[inhouse]",
        limits=", limits: {concurrency: 50}",
    )
    usual = PEAK["usual_per_s"]
    try:
        callers = on.callers([(usual, 10), (usual * PEAK["times"], lasts), (usual, 10)], prompt=SUMMARISE)
        said = json.loads(callers.line())
        callers.stop()
        seen = on.upstream.ends()
    finally:
        on.close()
    statuses = _statuses(said["seconds"])
    return {
        "calls": sum(statuses.values()),
        "statuses": statuses,
        "slowest_ms": max(second["slowest_ms"] for second in said["seconds"]),
        "asked_provider": seen["seen"],
        "provider_said_429": seen["refused"],
    }


def streams(seconds: float | None) -> Figures:
    count, chunks = STREAMS["at_once"], round((seconds or 20) * 1000 / STREAMS["pace_ms"])
    model, phases = f"paced-{chunks}-{STREAMS['pace_ms']}", [(count / STREAMS["ramp_s"], STREAMS["ramp_s"])]
    on = stage({})
    try:
        warm = on.callers([(50, 2)], model="paced-5-20")
        warm.line()
        warm.stop()
        before = on.gateway.anonymous_mib()
        samples: list[float] = []
        used = on.gateway.cpu_us()
        callers = on.callers(phases, model=model)
        with _sampling(lambda: samples.append(on.gateway.anonymous_mib()), 0.5):
            through = json.loads(callers.line())
        used = on.gateway.cpu_us() - used
        callers.stop()
        on.port = on.upstream_port
        callers = on.callers(phases, model=model)
        direct = json.loads(callers.line())
        callers.stop()
    finally:
        on.close()
    return {
        "streams": count,
        "statuses": _statuses(through["seconds"]),
        "most_at_once": through["most_at_once"],
        "chunks": through["chunks"],
        "chunk_ms": through["chunk_ms"],
        "direct_chunk_ms": direct["chunk_ms"],
        "added_p99_ms": round(through["chunk_ms"]["p99"] - direct["chunk_ms"]["p99"], 2),
        "kb_a_stream": round((max(samples) - before) * 1024 / through["most_at_once"], 1),
        "cpu_us_per_chunk": round(used / through["chunks"], 1),
    }


def soak(seconds: float | None) -> Figures:
    lasts = seconds or SOAK["seconds"]
    on = stage({})
    samples: list[tuple[float, float]] = []
    began = time.monotonic()
    try:
        callers = on.callers([(SOAK["per_s"], lasts)], model="paced-4-10", leave=SOAK["leave"])
        with _sampling(
            lambda: samples.append(((time.monotonic() - began) * SOAK["per_s"], on.gateway.anonymous_mib())), SAMPLE_S
        ):
            said = json.loads(callers.line())
        callers.stop()
        files = on.gateway.open_files()
        seen = on.upstream.ends()
    finally:
        on.close()
    warm = [sample for sample in samples if sample[0] > WARM_SHARE * lasts * SOAK["per_s"]]
    return {
        "calls": sum(_statuses(said["seconds"]).values()),
        "statuses": _statuses(said["seconds"]),
        "upstream_hung_up": seen["hung_up"],
        "mib_first": round(warm[0][1], 1),
        "mib_last": round(warm[-1][1], 1),
        "mib_per_10000_calls": round(_slope(warm) * 10_000, 3),
        "open_files_at_the_end": files,
    }


def _statuses(seconds: list[Figures]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for second in seconds:
        found.update(second["statuses"])
    return dict(found)


def _until_well(seconds: list[Figures], ended: int) -> int | None:
    """Return how many seconds after the storm the first one came in which 99 % of calls were answered."""
    for number, second in enumerate(seconds[ended:]):
        if second["statuses"].get("200", 0) >= 0.99 * sum(second["statuses"].values()):
            return number
    return None


def _slope(samples: list[tuple[float, float]]) -> float:
    """Least squares: MiB a call."""
    mean_x, mean_y = (sum(sample[axis] for sample in samples) / len(samples) for axis in (0, 1))
    above = sum((x - mean_x) * (y - mean_y) for x, y in samples)
    return above / sum((x - mean_x) ** 2 for x, _ in samples)


class _sampling:
    """While open, take a sample every so often, in a thread of its own."""

    def __init__(self, take: Any, every_s: float) -> None:
        self._take, self._every_s = take, every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            self._take()


SCENARIOS = {"storm": storm, "peak": peak, "streams": streams, "soak": soak}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endurance", description=__doc__)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], default=["storm", "peak", "streams"])
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    for name in options.scenarios:
        figures = SCENARIOS[name](options.seconds)
        if options.json:
            print(json.dumps({name: figures}), flush=True)
        else:
            print(name, *(f"  {key:<24}{value}" for key, value in figures.items()), sep="\n", flush=True)


if __name__ == "__main__":
    main()
