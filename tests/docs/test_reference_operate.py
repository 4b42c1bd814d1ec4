"""docs/operate.md: its commands run in the order of the page, and what it says about numbers and log lines is so."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

from reference_pages import DOCS, code, fenced, page, rows_under
from tollhouse.accounting.books import CLOSE_S
from tollhouse.accounting.posting import MAX_IN_MEMORY
from tollhouse.cli import app as command_line
from tollhouse.config.tree import Server
from tollhouse.domain.calls import Call
from tollhouse.stores.sql.engine import GONE_LIMIT_S
from tollhouse.stores.sql.transactions import LEASE_LIMIT_S
from tollhouse.web.log import Log
from tollhouse.web.serve import CANCEL_GRACE_S

PAGE = page("operate.md")
POSTGRESQL = "## PostgreSQL\n"
DATABASE = "postgresql://tollhouse:secret@db.example/tollhouse"
SOURCE = DOCS.parent / "src" / "tollhouse"
TELLERS = ("bootstrap.py", "web/workers.py", "web/reloads.py")
MINUTE_S = 60


def test_the_commands_run_one_after_the_other(tmp_path: Path) -> None:
    for block in fenced(without_section(POSTGRESQL), "sh"):
        ended = run(block, tmp_path)

        assert ended.returncode == 0, f"{block}\n{ended.stdout}{ended.stderr}"

    assert (tmp_path / "website.key").read_text().startswith("th-")
    assert keys_in(tmp_path / "restored/tollhouse-data/tollhouse.db") == ["website"]


def test_the_commands_for_postgresql_run_on_one(new_postgres: Callable[[], str], tmp_path: Path) -> None:
    assert run("tollhouse init", tmp_path).returncode == 0
    for block in fenced(section(POSTGRESQL), "sh"):
        ended = run(block.replace(DATABASE, new_postgres()), tmp_path)

        assert ended.returncode == 0, f"{block}\n{ended.stdout}{ended.stderr}"
        assert "127.0.0.1" in ended.stderr
        assert not (tmp_path / "tollhouse-data/tollhouse.db").exists()


def test_the_extras_exist() -> None:
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]

    named = re.findall(r"tollhouse\[([a-z,]+)\]", PAGE)

    assert {extra for names in named for extra in names.split(",")} <= set(project["optional-dependencies"])


def test_the_service_starts_a_command_that_exists_and_is_given_time_to_stop() -> None:
    (unit,) = fenced(PAGE, "ini")
    settings = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line)
    needs_s = Server().drain_ms / 1000 + CANCEL_GRACE_S + CLOSE_S

    assert settings["ExecStart"].split()[1] in command_line._COMMANDS
    assert int(settings["TimeoutStopSec"]) > needs_s
    assert f"more time than `drain_ms` and {CANCEL_GRACE_S + CLOSE_S:g} s" in PAGE
    assert f"`server.drain_ms` ({Server().drain_ms // 1000} s)" in PAGE


def test_limits_on_the_page_are_the_programs() -> None:
    assert f"from {MAX_IN_MEMORY:,} on in the journal" in PAGE
    assert f"is waited for, up to {LEASE_LIMIT_S:g} s" in PAGE
    assert GONE_LIMIT_S < 0.1
    assert "refused with 503 within 100 ms" in PAGE


def test_every_log_event_has_its_row_with_its_level() -> None:
    said = {code(row[0]): row[1] for row in rows_under(PAGE, "Reading the log")}

    assert said == dict(logged_events())


def test_the_sample_line_has_the_fields_of_a_real_one() -> None:
    (sample,) = fenced(PAGE, "json")
    output = BytesIO()
    call = Call(id="call_1", at_ms=0, endpoint="chat.completions", team="t", use_case="u", key="k", model="m")

    Log("info", output, worker="proc_1").calls([call])

    assert list(json.loads(sample)) == list(json.loads(output.getvalue()))


def without_section(heading: str) -> str:
    return PAGE.replace(section(heading), "")


def section(heading: str) -> str:
    return PAGE.split(heading)[1].split("\n## ")[0]


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a block as a shell does, with this environment's `tollhouse` and nobody's keys."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=own_environment(),
        capture_output=True,
        text=True,
        timeout=MINUTE_S,
        check=False,
    )


def own_environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def keys_in(database: Path) -> list[str]:
    connection = sqlite3.connect(database)
    try:
        return [name for (name,) in connection.execute("SELECT name FROM keys")]
    finally:
        connection.close()


def logged_events() -> list[tuple[str, str]]:
    """Every name that is logged, with its level: what the log's own methods say, and what is told to them."""
    levels = {"event": "info", "warn": "warning"}
    log = (SOURCE / "web/log.py").read_text()
    own = re.findall(r'(?:_log\.|stamp\(")(info|warning|error)(?:\("|", ")([a-z_]+)"', log)
    told = re.findall(r'\.(event|warn)\(\s*"([a-z_]+)"', log + "".join((SOURCE / name).read_text() for name in TELLERS))
    return [(name, level) for level, name in own] + [(name, levels[how]) for how, name in told]
