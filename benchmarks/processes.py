"""Processes under measurement: started, pinned to a core, their CPU and memory read from /proc, stopped by their id."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
GATEWAY_CORE, LOAD_CORE = CORES[0], CORES[-1]


class Started:
    """A process of ours, on one core."""

    def __init__(
        self, command: Sequence[str], *, core: int, env: dict[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )
        os.sched_setaffinity(self._process.pid, {core})

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def cpu_us(self) -> float:
        return sum(_cpu_us(pid) for pid in self._pids())

    def rss_mib(self) -> float:
        return sum(_kib(pid, "VmRSS") for pid in self._pids()) / 1024

    def anonymous_mib(self) -> float:
        """Memory that is the process's own: a leak shows here also where pages were swapped or shared."""
        return sum(_kib(pid, "RssAnon") + _kib(pid, "VmSwap") for pid in self._pids()) / 1024

    def open_files(self) -> int:
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self._pids())

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def ends(self) -> dict[str, Any]:
        """SIGTERM; return the one line of JSON that it prints last."""
        self._process.terminate()
        said: dict[str, Any] = json.loads(self.line())
        return said

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [self._process.pid, *(int(pid) for pid in children.read_text().split())]


def _cpu_us(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def _kib(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1])


def python(module: str, *arguments: str, core: int) -> Started:
    return Started([sys.executable, "-m", module, *arguments], core=core)


def await_http(url: str, limit_s: float = 30) -> float:
    """Wait until an address answers 200; return how long it took."""
    started = time.perf_counter()
    while time.perf_counter() - started < limit_s:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return time.perf_counter() - started
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"{url} did not answer within {limit_s} s")
