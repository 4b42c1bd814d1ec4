"""A whole tollhouse for tests: the real gateway on a free port, in front of a simulator, in a thread of its own."""

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from tollhouse.bootstrap import House, build_edge, keep_up, limits_of, open_house
from tollhouse.domain.calls import Call
from tollhouse.ports.usage import MAX_PAGE, CallFilter, UsageReport
from tollhouse.simulator import BillLine, Reply, Simulator
from tollhouse.simulator import start as start_simulator
from tollhouse.web.log import Log
from tollhouse.web.serve import Server, bind

T = TypeVar("T")

API_KEY = "th-test-key-0123456789abcdef"
ADMIN_TOKEN = "test-admin-token-0123456789"  # noqa: S105 - it opens nothing but a test's own gateway
START_S = 30.0
POSTED_S = 10.0
"""How long `calls` and `usage` wait for finished calls to reach the ledger."""

CONFIG = """\
server: {{listen: "127.0.0.1:0", admin_token: {admin_token}, drain_ms: 1000}}
storage: {{path: {folder}/data}}
privacy: {{master_key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}}
providers:
  simulator: {{dialect: openai, base_url: "{simulator}", api_key: sk-simulator-0123456789}}
models:
  "*":
    deployments: [{{provider: simulator, model: "*"}}]
    price: {{input_per_million: "0.25", output_per_million: "2.00"}}
teams: {{tests: {{}}}}
use_cases:
  tests: {{team: tests, owner: tests@example.com, models: ["*"], privacy: {{mode: off}}}}
keys:
  - {{name: tests, team: tests, use_cases: [tests], secret: {api_key}}}
"""
"""Any model name is served, as the simulator's catalogue or a script says. Nothing leaves the machine."""


class TestHouse:
    """
    Point an OpenAI client at `base_url` with `api_key`; say what a model answers with `answer` or `script`.

    Args:
        config: a configuration with the placeholders of `CONFIG`; that one if left out.
    """

    __test__ = False  # its name starts like a test's, and pytest would collect it

    def __init__(self, config: str = CONFIG) -> None:
        self.api_key = API_KEY
        self.admin_token = ADMIN_TOKEN
        self.folder = Path(tempfile.mkdtemp(prefix="tollhouse-test-"))
        self._config = config
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="tollhouse", daemon=True)

    def start(self) -> "TestHouse":
        """Raises whatever kept it from starting."""
        self._thread.start()
        if not self._ready.wait(START_S):
            raise TimeoutError(f"the gateway did not start within {START_S} s")
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def close(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.server.stop)
        self._thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what a test asks for ---------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def bill(self) -> Sequence[BillLine]:
        """What the provider says it is owed, by its own arithmetic."""
        return self._in_loop(self._bill())

    def answer(self, model: str, *texts: str) -> None:
        """Let successive requests to the model be answered with these texts; the last one repeats."""
        self.script(model, *(Reply(text) for text in texts))

    def script(self, model: str, *behaviours: str | Reply) -> None:
        """Let successive requests behave so: `script("gpt-5", "sim-503", "sim-echo")`. docs/simulator.md has the names."""
        self._loop.call_soon_threadsafe(self.simulator.script, model, behaviours)

    def calls(self, **where: Any) -> list[Call]:
        """Return the ledger's finished calls, newest first. `where` as in `CallFilter`."""
        return self._in_loop(self._calls(CallFilter(**where)))

    def usage(self, *by: str) -> UsageReport:
        return self._in_loop(self._usage(by))

    # --- inside the thread ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to whoever called `start`
            self._failure = error
        finally:
            self._ready.set()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _serve(self) -> None:
        async with AsyncExitStack() as exits:
            self.simulator: Simulator = await start_simulator()
            exits.push_async_callback(self.simulator.close)
            self.house: House = await exits.enter_async_context(open_house(self._write_config(), environ={}))
            log = Log("error")
            edge = build_edge(self.house, log)
            self.server = Server(
                edge,
                bind("127.0.0.1", 0),
                drain_ms=1000,
                on_stop=edge.drain,
                limits=limits_of(self.house),
                on_refused=edge.refused,
            )
            self.url = f"http://127.0.0.1:{self.server.port}"
            upkeep = asyncio.create_task(keep_up(self.house, log))
            await self.server.run(lambda port: self._ready.set())
            upkeep.cancel()

    def _write_config(self) -> Path:
        path = self.folder / "tollhouse.yaml"
        values: Mapping[str, object] = {
            "folder": self.folder,
            "simulator": self.simulator.base_url,
            "api_key": API_KEY,
            "admin_token": ADMIN_TOKEN,
        }
        path.write_text(self._config.format(**values))
        return path

    async def _bill(self) -> Sequence[BillLine]:
        await self.simulator.settled()
        return list(self.simulator.bill)

    async def _posted(self) -> None:
        async with asyncio.timeout(POSTED_S):
            while (state := self.house.accounting.state()).unposted_calls or state.open_calls:  # noqa: ASYNC110 - the flusher tells nobody
                await asyncio.sleep(0.02)

    async def _calls(self, where: CallFilter) -> list[Call]:
        await self._posted()
        found: list[Call] = []
        cursor: str | None = None
        while True:
            page = await self.house.stores.usage.calls(where, limit=MAX_PAGE, cursor=cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return found

    async def _usage(self, by: Sequence[str]) -> UsageReport:
        await self._posted()
        return await self.house.stores.usage.usage(by, CallFilter())

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def at_rest(self, read: Callable[[House], T]) -> T:
        """Read something of the house in its own thread."""

        async def reading() -> T:
            await self._posted()
            return read(self.house)

        return self._in_loop(reading())
