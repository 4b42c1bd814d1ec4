"""A configured house in a folder, the commands that read it, and a service over the same store."""

import asyncio
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from tollhouse.bootstrap import build_edge, open_house
from tollhouse.cli import calls, changes, keys, usage, whoami
from tollhouse.cli.app import GROUPS
from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.stores import open_stores
from tollhouse.web.log import Log
from tollhouse.web.serve import Server, bind

TOKEN = "an-admin-token-of-some-length"
NOW_MS = 1_790_841_600_000
"""2026-10-01T08:00:00Z"""

CONFIG = """
server: {admin_token: an-admin-token-of-some-length}
providers:
  local: {dialect: inhouse}
models:
  fast: {deployments: [{provider: local, model: auto}]}
  slow: {deployments: [{provider: local, model: auto}]}
teams:
  claims: {}
  support: {}
use_cases:
  claims-triage:
    team: claims
    owner: a@b.example
    models: [fast, slow]
    privacy: {mode: "off"}
    rate: {requests_per_minute: 60}
    parameters: {max: {temperature: 0.5}}
    budget: {limit_usd: "20", period: month}
  claims-letters: {team: claims, owner: a@b.example, models: [slow], privacy: {mode: "off"}}
  answers: {team: support, owner: a@b.example, models: [fast], privacy: {mode: "off"}}
keys:
  - {name: ci, team: claims, use_cases: [claims-triage], secret: "a-secret-of-the-file", expires: "2030-01-01"}
"""


class House:
    """A folder with a configuration and a database that is set up."""

    def __init__(self, folder: Path, ready_folder: Path) -> None:
        self.config = folder / "tollhouse.yaml"
        self.config.write_text(CONFIG)
        self.data = folder / "tollhouse-data"
        shutil.copytree(ready_folder, self.data)

    def run(self, *arguments: str) -> Result:
        """Run a command on this house."""
        return CliRunner().invoke(commands(), [*arguments, "--config", str(self.config)])

    def post(self, *posted: Call) -> None:
        async def posting() -> None:
            stores = await open_stores(None, self.data)
            await stores.ledger.post("test", posted)
            await stores.close()

        run_alone(posting())

    @contextmanager
    def service(self) -> Iterator[str]:
        """Serve `/api` over this house's store in a thread; gives the URL."""
        sock = bind("127.0.0.1", 0)
        port, ready, stop = sock.getsockname()[1], threading.Event(), threading.Event()

        async def serving() -> None:
            async with open_house(self.config, environ={}) as house:
                edge = build_edge(house, Log("error"))
                server = Server(edge, sock, drain_ms=1_000, on_stop=edge.drain)
                stopping = asyncio.create_task(asyncio.to_thread(stop.wait))
                stopping.add_done_callback(lambda _done: server.stop())
                await server.run(lambda _port: ready.set())

        thread = threading.Thread(target=lambda: run_alone(serving()))
        thread.start()
        ready.wait(20)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            stop.set()
            thread.join(20)


def commands() -> typer.Typer:
    """Single commands by their last word, and groups as the program has them."""
    app = typer.Typer()
    app.command("usage")(usage.usage)
    app.command("tail")(calls.tail)
    app.command("show")(calls.show)
    app.command("create")(keys.create)
    app.command("list")(keys.list_keys)
    app.command("revoke")(keys.revoke)
    app.command("changes")(changes.changes)
    app.command("whoami")(whoami.whoami)
    for name, (_, verbs) in GROUPS.items():
        group = typer.Typer()
        for verb, command in verbs.items():
            group.command(verb)(command)
        app.add_typer(group, name=name)
    return app


def run_alone(coroutine: "asyncio.Future[None] | object") -> None:
    with asyncio.Runner() as runner:
        runner.run(coroutine)  # type: ignore[arg-type]


def a_call(
    number: int,
    *,
    team: str = "claims",
    model: str = "fast",
    outcome: Outcome = Outcome.OK,
    status: int = 200,
    cost_nanousd: int = 12_300_000,
    at_ms: int = NOW_MS,
) -> Call:
    attempt = Attempt(
        id=f"att_{number:04}",
        deployment="local/auto",
        provider="local",
        reserved_ms=at_ms,
        held_nanousd=cost_nanousd,
        state=AttemptState.SETTLED,
        outcome=outcome,
        tokens_in=100,
        tokens_out=20,
        cost_nanousd=cost_nanousd,
        latency_ms=40,
    )
    return Call(
        id=f"call_{number:04}",
        at_ms=at_ms + number,
        endpoint="chat.completions",
        team=team,
        use_case="claims-triage" if team == "claims" else "answers",
        key="ci",
        model=model,
        provider="local",
        deployment="local/auto",
        status=status,
        outcome=outcome,
        latency_ms=42,
        tags={"ward": "north"},
        attempts=[attempt],
    )


def words(text: str) -> list[list[str]]:
    """A printed table as its words, line by line."""
    return [line.split() for line in text.splitlines() if line.strip()]


def columns(text: str) -> Sequence[str]:
    return words(text)[0]
