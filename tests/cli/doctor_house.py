"""Houses for the doctor: a configuration in a folder, calls in its store, and the command."""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import typer
from typer.testing import CliRunner, Result

from cli_house import a_call, run_alone
from tollhouse.accounting.records import ENDED, MAGIC, frame, segment_path
from tollhouse.cli.doctor import doctor
from tollhouse.domain.calls import Call
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import FOREVER_MS, Period, PeriodKind
from tollhouse.ports.ledger import SliceAsk
from tollhouse.stores import open_stores

MASTER_KEY = "A" * 43 + "="
SECRETS = (MASTER_KEY, "an-admin-token-of-some-length", "sk-the-key-of-a-provider", "a-secret-of-the-file")
CONFIG = """
server: {{listen: "127.0.0.1:0", admin_token: an-admin-token-of-some-length}}
storage: {{path: "{path}", database: {database}}}
privacy: {{master_key: {master_key}}}
providers:
  local: {{dialect: inhouse}}
{providers}
models:
  fast: {{deployments: [{{provider: local, model: auto}}]}}
teams:
  claims: {{budget: {{limit_usd: "10", period: total}}}}
use_cases:
  claims-triage: {{team: claims, owner: a@b.example, models: [fast], privacy: {{mode: "off"}}}}
keys:
  - {{name: ci, team: claims, secret: a-secret-of-the-file}}
"""
CLAIMS = BudgetScope("team", "claims")
EVER = Period(PeriodKind.TOTAL, 0, FOREVER_MS)
Row = dict[str, str]


class DoctorsHouse:
    """A folder with a configuration. `database` None: SQLite below it."""

    def __init__(
        self,
        folder: Path,
        *,
        providers: dict[str, str] | None = None,
        database: str | None = None,
        data: Path | None = None,
        master_key: str = MASTER_KEY,
    ) -> None:
        self.folder = folder
        self.config = folder / "tollhouse.yaml"
        self.data = data or folder / "tollhouse-data"
        self._database = database
        lines = [
            f'  {name}: {{dialect: openai, base_url: "{url}", api_key: sk-the-key-of-a-provider}}'
            for name, url in (providers or {}).items()
        ]
        quoted = "null" if database is None else json.dumps(database)
        self.config.write_text(
            CONFIG.format(providers="\n".join(lines), path=self.data, database=quoted, master_key=master_key or "null")
        )

    def keep(self, *posted: Call, process: str = "proc_gone", leased_nanousd: int = 1_000_000_000) -> None:
        """Set the store up; lease from the team's budget and post these calls."""

        async def keeping() -> None:
            stores = await open_stores(self._database, self.data)
            await stores.ledger.lease(process, [SliceAsk(CLAIMS, EVER, 10**10, leased_nanousd, leased_nanousd)])
            await stores.ledger.post(process, posted)
            await stores.close()

        run_alone(keeping())

    def sql(self, *statements: str) -> None:
        """What nobody may do: change rows by hand."""
        with closing(sqlite3.connect(self.data / "tollhouse.db")) as database:
            for statement in statements:
                assert database.execute(statement).rowcount != 0, statement
            database.commit()

    def run(self, *arguments: str) -> Result:
        return run_doctor(self.config, *arguments)

    def checks(self, *arguments: str) -> tuple[int, dict[tuple[str, str], Row]]:
        """Return the exit code, and the checks by group and name."""
        return read(self.run("--json", *arguments))

    async def checks_beside(self, *arguments: str) -> tuple[int, dict[tuple[str, str], Row]]:
        """As `checks`, while this loop serves something."""
        return await asyncio.to_thread(self.checks, *arguments)


def run_doctor(config: Path, *arguments: str) -> Result:
    app = typer.Typer()
    app.command()(doctor)
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def posted_chat(base_url: str, key: str, model: str) -> int:
    """Make one call; return its status."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hello"}]}).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    try:
        with urlopen(Request(f"{base_url}/chat/completions", body, headers), timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def write_journal(folder: Path, *ended: Call, tail: bytes = b"") -> None:
    """Write what a process leaves behind that was killed before it could post these calls."""
    folder.mkdir(parents=True)
    segment_path(folder, 1).write_bytes(MAGIC + b"".join(frame(ENDED, call) for call in ended) + tail)


def read(result: Result) -> tuple[int, dict[tuple[str, str], Row]]:
    rows: Sequence[Row] = json.loads(result.stdout)
    return result.exit_code, {(row["group"], row["name"]): row for row in rows}


def statuses(checks: dict[tuple[str, str], Row], group: str) -> dict[str, str]:
    return {name: row["status"] for (of, name), row in checks.items() if of == group}


def some_calls() -> list[Call]:
    return [a_call(1, cost_nanousd=300), a_call(2, cost_nanousd=40), a_call(3, team="support", cost_nanousd=5)]
