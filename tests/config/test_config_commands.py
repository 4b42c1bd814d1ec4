"""`tollhouse init` and `tollhouse config` as a person uses them: exit codes, stdout for data, stderr for words."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from config_files import SMALL
from tollhouse.cli import config, init

app = Typer()
app.command("init")(init.init)
app.command("check")(config.check)
app.command("show")(config.show)
app.command("schema")(config.schema)


def run(*arguments: object) -> Result:
    environ = {name: None for name in os.environ if name.startswith("TOLLHOUSE_") or name.endswith("_API_KEY")}
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environ)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tollhouse.yaml"
    path.write_text(SMALL)
    return path


def test_what_init_writes_passes_the_check(tmp_path: Path) -> None:
    made = run("init", tmp_path / "new")
    checked = run("check", "--config", tmp_path / "new" / "tollhouse.yaml")

    assert made.exit_code == 0
    assert str(tmp_path / "new" / "tollhouse.yaml") in made.stdout.splitlines()
    assert "tollhouse serve" in made.stderr
    assert (tmp_path / "new" / "prompts" / "claims-triage").is_dir()
    assert checked.exit_code == 0
    assert checked.stdout.endswith("tollhouse.yaml: ok\n")


def test_init_a_second_time_fails_and_lists_what_is_there(tmp_path: Path) -> None:
    run("init", tmp_path)
    before = (tmp_path / ".env").read_bytes()

    again = run("init", tmp_path)

    assert again.exit_code == 1
    assert str(tmp_path / ".env") in again.stderr
    assert again.stdout == ""
    assert (tmp_path / ".env").read_bytes() == before


def test_init_on_a_file_is_wrong_usage(file: Path) -> None:
    assert run("init", file).exit_code == 2


def test_a_check_that_fails_exits_3_and_tells_every_problem(file: Path) -> None:
    file.write_text(SMALL.replace("provider: local", "provider: locale") + "srver: {}\n")

    checked = run("check", "--config", file)

    assert checked.exit_code == 3
    assert checked.stdout == ""
    assert f"{file}:6: unknown provider `locale`; did you mean `local`?" in checked.stderr
    assert f"{file}:12: unknown key `srver`; did you mean `server`?" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_a_check_as_json_is_json_whatever_it_finds(file: Path) -> None:
    good = run("check", "--config", file, "--json")
    file.write_text("srver: {}\n")
    bad = run("check", "--config", file, "--json")

    assert json.loads(good.stdout)["ok"] is True
    assert json.loads(bad.stdout)["problems"] == [
        {"at": f"{file}:1", "what": "unknown key `srver`", "todo": "did you mean `server`?"}
    ]
    assert bad.exit_code == 3


def test_a_missing_file_names_the_next_command(tmp_path: Path) -> None:
    shown = run("show", "--config", tmp_path / "tollhouse.yaml")

    assert shown.exit_code == 1
    assert "run `tollhouse init" in shown.stderr


def test_show_prints_every_setting_and_no_secret(file: Path) -> None:
    shown = run("show", "--config", file)

    assert shown.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines())
    assert lines["server.listen"] == "127.0.0.1:8088"
    assert lines["keys[0].secret"] == "***"
    assert lines["providers.openai.api_key"] == "***"
    assert "0123456789abcdef" not in shown.stdout
    assert "kpi" not in shown.stdout


def test_show_with_origins_says_what_won(file: Path) -> None:
    (file.parent / ".env").write_text("TOLLHOUSE_SERVER__DRAIN_MS=5\n")

    shown = run("show", "--config", file, "--origin", "--json")

    rows = json.loads(shown.stdout)
    assert rows["server.drain_ms"] == {"value": 5, "origin": "env TOLLHOUSE_SERVER__DRAIN_MS"}
    assert rows["use_cases.triage.models"] == {"value": ["fast"], "origin": f"{file}:9"}
    assert rows["server.listen"]["origin"] == "default"


def test_the_origin_stands_at_the_end_of_the_line(file: Path) -> None:
    lines = run("show", "--config", file, "--origin").stdout.splitlines()

    line = next(line for line in lines if line.startswith("use_cases.triage.team "))
    assert line.split() == ["use_cases.triage.team", "claims", f"{file}:9"]


def test_the_schema_is_printed_as_json() -> None:
    assert json.loads(run("schema").stdout)["title"] == "tollhouse.yaml"


def test_the_commands_load_no_heavy_library_before_they_run() -> None:
    code = "import sys, tollhouse.cli.config, tollhouse.cli.init; print([m for m in ('pydantic', 'yaml') if m in sys.modules])"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
