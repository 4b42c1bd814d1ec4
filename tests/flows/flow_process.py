"""The real command as a process of its own, in front of a simulator that outlives it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from flow_house import WAIT_S, Tree
from tollhouse.domain.calls import Call
from tollhouse.ports.ledger import BudgetState
from tollhouse.ports.usage import MAX_PAGE, CallFilter
from tollhouse.simulator import BillLine, Request, Simulator
from tollhouse.simulator import start as start_simulator
from tollhouse.stores import Stores, open_stores

T = TypeVar("T")

KEY = "th-process-key-0123456789"
ADMIN = "process-admin-token-0123456789"
NO_VARIABLES: Mapping[str, str] = {}


class RunningSimulator:
    """A simulator in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True)
        self._thread.start()
        self.simulator: Simulator = self._run(start_simulator())

    @property
    def base_url(self) -> str:
        return self.simulator.base_url

    def bill(self) -> list[BillLine]:
        """The lines, once every request that has arrived is booked."""
        return self._run(self._settled())

    def script(self, model: str, behaviours: Sequence[str]) -> None:
        """Let successive requests to the model behave so; see `Simulator.script`."""
        self._loop.call_soon_threadsafe(self.simulator.script, model, behaviours)

    def requests(self) -> list[Request]:
        return list(self.simulator.requests)

    def close(self) -> None:
        self._run(self.simulator.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _settled(self) -> list[BillLine]:
        await self.simulator.settled()
        return list(self.simulator.bill)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)


@contextmanager
def simulating() -> Iterator[RunningSimulator]:
    simulator = RunningSimulator()
    try:
        yield simulator
    finally:
        simulator.close()


def write_config(folder: Path, simulator: RunningSimulator, settings: Tree) -> Path:
    """Write the settings with their placeholders filled in."""
    text = json.dumps(settings, indent=1)
    values = {"folder": folder, "simulator": simulator.base_url, "api_key": KEY, "admin_token": ADMIN}
    for name, value in values.items():
        text = text.replace(f"<{name}>", str(value))
    path = folder / "tollhouse.yaml"
    path.write_text(text)
    return path


class Service:
    """One `tollhouse serve`. What it says goes to files, so that it never waits for a reader."""

    def __init__(self, config: Path, variables: Mapping[str, str] = NO_VARIABLES) -> None:
        self._said = config.with_name(f"said-{time.monotonic_ns()}")
        with self._said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tollhouse", "serve", "--config", str(config)],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, "NO_COLOR": "1", **variables},
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    @property
    def url(self) -> str:
        """Wait until it is ready."""
        until = time.monotonic() + WAIT_S
        while (at := self.said.find("is ready at ")) < 0:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(0.01)
        return self.said[at:].split()[3]

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        return self.process.wait(WAIT_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(WAIT_S)


@contextmanager
def serving(config: Path, variables: Mapping[str, str] = NO_VARIABLES) -> Iterator[Service]:
    service = Service(config, variables)
    try:
        yield service
    finally:
        service.kill()


def refused(config: Path) -> str:
    """Let it start in vain; return what it says."""
    service = Service(config)
    try:
        assert service.wait() == 1, service.said
    finally:
        service.kill()
    assert "Traceback" not in service.said
    return service.said


def command(
    config: Path, *arguments: str, variables: Mapping[str, str] = NO_VARIABLES
) -> subprocess.CompletedProcess[str]:
    """Run one command of ours beside the server."""
    return subprocess.run(
        [sys.executable, "-m", "tollhouse", *arguments, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        env={**os.environ, "NO_COLOR": "1", **variables},
    )


# --- the books, read by another process's eyes ----------------------------------------------------------------------


def books(database: str | None, folder: Path) -> tuple[list[Call], list[BudgetState]]:
    """Every finished call, and every budget as committed."""

    async def reading(stores: Stores) -> tuple[list[Call], list[BudgetState]]:
        calls: list[Call] = []
        cursor: str | None = None
        while True:
            page = await stores.usage.calls(CallFilter(), limit=MAX_PAGE, cursor=cursor)
            calls += page.items
            cursor = page.next_cursor
            if cursor is None:
                return calls, await stores.ledger.budgets()

    async def opened() -> tuple[list[Call], list[BudgetState]]:
        stores = await open_stores(database, folder)
        try:
            return await reading(stores)
        finally:
            await stores.close()

    return asyncio.run(opened())
