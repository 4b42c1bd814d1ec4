"""
`make bench`: CPU of the gateway's process per call and per chunk, added latency, memory and start-up, as one table.

Upstream and load share one core, the gateway has the other. CPU is user and system time from /proc, so it hardly
depends on what else the machine does; requests per second would.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from .processes import LOAD_CORE, python
from .subjects import KEY, Subject, subjects

SCENARIOS = {
    "whole_c32": {"connections": 32, "stream": False, "model": "fast"},
    "whole_c1": {"connections": 1, "stream": False, "model": "fast"},
    "paced_64": {"connections": 64, "stream": True, "model": "paced-200-5"},
    "paced_512": {"connections": 512, "stream": True, "model": "paced-40-50"},
}
LIMITS = {
    "call_c32_by_nginx": 6.7,  # 80 us where nginx costs 12
    "chunk_by_nginx": 2.9,  # 20 us where nginx costs 7
    "cpu_us_per_call_c32": 150,
    "cpu_us_per_chunk": 25,
    "added_p50_ms_c1": 0.6,
    "idle_mib": 120,
    "ready_s": 2.5,
    "help_s": 0.4,
}


def load(port: int, scenario: str, seconds: float) -> dict[str, float]:
    order = {**SCENARIOS[scenario], "seconds": seconds, "key": KEY}
    loader = python("benchmarks.load", str(port), json.dumps(order), core=LOAD_CORE)
    try:
        answered: dict[str, float] = json.loads(loader.line())
    finally:
        loader.stop()
    return answered


def measure(subject: Subject, scenario: str, seconds: float) -> dict[str, float]:
    load(subject.port, scenario, min(seconds, 1))
    before = subject.process.cpu_us()
    result = load(subject.port, scenario, seconds)
    used = subject.process.cpu_us() - before
    return {
        **result,
        "cpu_us_per_call": used / max(result["calls"], 1),
        "cpu_us_per_chunk": used / max(result["chunks"], 1),
    }


def help_seconds() -> float:
    command = [str(Path(sys.executable).with_name("tollhouse")), "--help"]
    took = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def run(seconds: float) -> dict[str, object]:
    upstream = python("benchmarks.upstream", core=LOAD_CORE)
    started: list[Subject] = []
    try:
        port = int(upstream.line())
        direct = {name: load(port, name, seconds) for name in ("whole_c1",)}
        started = subjects(port)
        idle = {subject.name: subject.process.rss_mib() for subject in started}
        table = {s.name: {name: measure(s, name, seconds) for name in SCENARIOS} for s in started}
        after = {subject.name: subject.process.rss_mib() for subject in started}
        ready = started[0].ready_s
    finally:
        for subject in started:
            subject.stop()
        upstream.stop()
    ours = table["tollhouse"]
    figures = {
        "cpu_us_per_call_c32": ours["whole_c32"]["cpu_us_per_call"],
        "cpu_us_per_chunk": ours["paced_64"]["cpu_us_per_chunk"],
        "added_p50_ms_c1": (ours["whole_c1"]["p50_us"] - direct["whole_c1"]["p50_us"]) / 1000,
        "idle_mib": idle["tollhouse"],
        "ready_s": ready,
        "help_s": help_seconds(),
        "errors_of_512_streams": ours["paced_512"]["errors"],
    }
    if beside := table.get("nginx"):
        figures["call_c32_by_nginx"] = figures["cpu_us_per_call_c32"] / beside["whole_c32"]["cpu_us_per_call"]
        figures["chunk_by_nginx"] = figures["cpu_us_per_chunk"] / beside["paced_64"]["cpu_us_per_chunk"]
    return {"figures": figures, "limits": LIMITS, "scenarios": table, "rss_idle_mib": idle, "rss_after_mib": after}


def show(report: dict[str, object]) -> None:
    scenarios = report["scenarios"]
    assert isinstance(scenarios, dict)
    print(
        f"{'scenario':<12}{'subject':<12}{'calls':>8}{'errors':>8}{'CPU us/call':>13}{'CPU us/chunk':>14}{'p50 us':>9}{'p99 us':>9}"
    )
    for name in SCENARIOS:
        for subject, results in scenarios.items():
            row = results[name]
            print(
                f"{name:<12}{subject:<12}{row['calls']:>8}{row['errors']:>8}{row['cpu_us_per_call']:>13.1f}"
                f"{row['cpu_us_per_chunk']:>14.1f}{row['p50_us']:>9}{row['p99_us']:>9}"
            )
    figures, limits = report["figures"], report["limits"]
    assert isinstance(figures, dict)
    assert isinstance(limits, dict)
    print()
    for name, value in figures.items():
        limit = limits.get(name, 0)
        print(f"{name:<24}{value:>10.2f}   limit {limit:<6} {'ok' if value <= limit else 'MISSED'}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = run(options.seconds)
    if options.json:
        print(json.dumps(report))
    else:
        show(report)


if __name__ == "__main__":
    main()
