"""The demo's house: the real gateway on its port and a simulated provider behind it, in this process, on a folder of its own."""

import asyncio
import base64
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tollhouse.bootstrap import House, build_edge, keep_up, limits_of, open_house
from tollhouse.domain.errors import OperatorError, StartError
from tollhouse.simulator import Simulator
from tollhouse.simulator import start as start_simulator
from tollhouse.web.log import Log
from tollhouse.web.serve import Server, bind

from .openai import OpenAI

HOST = "127.0.0.1"
PREFIX = "tollhouse-demo-"
DRAIN_MS = 2_000
"""At the end a `curl` under way may finish; nobody waits longer for a demo."""
POSTED_S = 10.0
"""How long the report waits for finished calls to reach the ledger, which takes a quarter of a second."""

CLAIMS = "claims-triage"
STAGED = "staged"
POOR = "staged-poor"
"""A use case whose budget is smaller than any call's worst case."""
SIMULATED_TEAM = "simulated"

PRICE = '{input_per_million: "0.25", cached_input_per_million: "0.025", output_per_million: "2.00"}'
"""What the simulated provider charges, too."""

CONFIG = """\
# The demo's configuration. Everything named sim-… or staged-… is a simulated provider, which is gone when the demo ends.
organisation: {{name: tollhouse demo}}
server: {{listen: "{listen}", admin_token: {admin_token}, drain_ms: {drain_ms}}}
storage: {{path: ./data}}
privacy: {{master_key: "{master_key}"}}
providers:
  inhouse: {{dialect: inhouse}}
  simulator: {{dialect: openai, base_url: "{simulator}", api_key: simulated-provider, simulated: true}}
{provider}models:
  inhouse: {{deployments: [{{provider: inhouse, model: auto}}]}}
{route}  "sim-*": {{deployments: [{{provider: simulator, model: "*"}}], price: {price}}}
  "staged-*": {{deployments: [{{provider: simulator, model: "*"}}], price: {price}}}
  staged-down:
    deployments: [{{provider: simulator, model: staged-down}}, {{provider: simulator, model: staged-spare}}]
    price: {price}
    retries: 0
teams:
  claims: {{}}
  {simulated_team}: {{}}
  visitors: {{budget: {{limit_usd: "1", period: total}}}}
use_cases:
  {claims}:
    team: claims
    owner: claims-lead@example.com
    models: [{triage}]
    max_output_tokens: 2048
    privacy: {{mode: mask}}
    workflow: claims
{limits}  {staged}: {{team: {simulated_team}, owner: demo@example.com, models: ["staged-*", staged-down], privacy: {{mode: off}}}}
  {poor}:
    team: {simulated_team}
    owner: demo@example.com
    models: ["staged-*"]
    budget: {{limit_usd: "0.000001", period: total}}
    privacy: {{mode: off}}
  playground: {{team: visitors, owner: demo@example.com, models: [inhouse, "sim-*"], privacy: {{mode: mask}}}}
keys:
  - {{name: demo, team: visitors, use_cases: [playground], secret: {api_key}}}
  - {{name: staged, team: {simulated_team}, use_cases: [{staged}, {poor}], secret: {staged_key}}}
"""


@dataclass(frozen=True, slots=True)
class DemoHouse:
    """
    What the acts work on.

    Args:
        api_key: for `/v1`, under a use case that knows the in-house engine and the simulated provider only.
        staged_key: for the staged failures.
        admin_token: for `/api/v1`.
    """

    house: House
    simulator: Simulator
    folder: Path
    url: str
    api_key: str
    staged_key: str
    admin_token: str

    @property
    def config(self) -> Path:
        return self.folder / "tollhouse.yaml"

    async def booked(self) -> None:
        """Wait until every finished call is in the ledger. Raises OperatorError if it does not get there."""
        await self.simulator.settled()
        books = self.house.accounting
        try:
            async with asyncio.timeout(POSTED_S):
                while (state := books.state()).unposted_calls or state.open_calls:  # noqa: ASYNC110 - the flusher tells nobody
                    await asyncio.sleep(0.02)
        except TimeoutError:
            why = books.state().posting_error or "calls are still open"
            raise OperatorError(f"the ledger is not complete after {POSTED_S:.0f} s: {why}") from None


@asynccontextmanager
async def open_demo(*, port: int, keep: bool, openai: OpenAI | None) -> AsyncGenerator[DemoHouse, None]:
    """
    Start everything; at the end stop it and remove the folder, unless it is to be kept.

    Args:
        port: the gateway's; 0 takes a free one.
        openai: who else triages. None: nothing leaves the machine.

    Raises StartError if the port cannot be had.
    """
    async with AsyncExitStack() as exits:
        sock = exits.enter_context(_bound(port))
        folder = exits.enter_context(_folder(keep=keep))
        simulator = await start_simulator(bill=folder / "bill.jsonl")
        exits.push_async_callback(simulator.close)
        names = {
            "api_key": f"th_demo_{secrets.token_urlsafe(24)}",
            "staged_key": f"th_staged_{secrets.token_urlsafe(24)}",
            "admin_token": f"th_admin_{secrets.token_urlsafe(24)}",
        }
        address = f"{HOST}:{sock.getsockname()[1]}"
        _write_config(folder, {**names, "listen": address, "simulator": simulator.base_url}, openai)
        environ = (
            {} if openai is None else openai.environ
        )  # nothing of the visitor's may turn the demo into another one
        house = await exits.enter_async_context(open_house(folder / "tollhouse.yaml", environ=environ))
        await exits.enter_async_context(_serving(house, sock))
        yield DemoHouse(house=house, simulator=simulator, folder=folder, url=f"http://{address}", **names)


def _write_config(folder: Path, names: Mapping[str, str], openai: OpenAI | None) -> None:
    text = CONFIG.format(
        **names,
        claims=CLAIMS,
        staged=STAGED,
        poor=POOR,
        price=PRICE,
        simulated_team=SIMULATED_TEAM,
        drain_ms=DRAIN_MS,
        master_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        triage="inhouse" if openai is None else "openai",
        provider="" if openai is None else openai.provider_line,
        route="" if openai is None else openai.route_lines,
        limits="" if openai is None else openai.use_case_lines,
    )
    path = folder / "tollhouse.yaml"
    path.touch(mode=0o600)  # it holds secrets, and may be kept
    path.write_text(text, encoding="utf-8")


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder)


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    try:
        sock = bind(HOST, port)
    except StartError as error:
        cause = error.__context__
        why = cause.strerror if isinstance(cause, OSError) else error.message
        raise StartError(
            f"the demo cannot listen on {HOST}:{port}: {why}. "
            "Choose another --port, or leave it out: then a free one is taken."
        ) from error
    with sock:
        yield sock


@asynccontextmanager
async def _serving(house: House, sock: socket.socket) -> AsyncGenerator[None, None]:
    """Accept connections, and do what a serving process has to do now and then."""
    log = Log("error")
    edge, ready = build_edge(house, log), asyncio.Event()
    server = Server(edge, sock, drain_ms=DRAIN_MS, on_stop=edge.drain, limits=limits_of(house), on_refused=edge.refused)
    serving = asyncio.create_task(server.run(lambda port: ready.set()))
    upkeep = asyncio.create_task(keep_up(house, log))
    started = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        started.cancel()
        upkeep.cancel()
        server.stop()
        await serving
        with suppress(asyncio.CancelledError):
            await upkeep
