"""`tollhouse run`: what it refuses before anything is spent, how it reports, and what Ctrl-C leaves."""

import asyncio
import csv
import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tollhouse.cli.exit import Exit
from tollhouse.cli.run import Job, Progress, run, work
from tollhouse.workflows import WORKFLOWS, RunResult
from tollhouse.workflows.output_file import OutputFile
from tollhouse.workflows.records import Jsonl, Record
from tollhouse.workflows.rows import Row

CONFIG = """
providers: {local: {dialect: inhouse}}
models: {inhouse: {deployments: [{provider: local, model: auto}]}}
teams: {claims: {}}
use_cases:
  claims-triage: {team: claims, owner: a@b.example, models: [inhouse], privacy: {mode: off}, workflow: claims}
  letters: {team: claims, owner: a@b.example, models: [inhouse], privacy: {mode: off}}
"""
DONE = RunResult("done", {"summary": "x"}, None, 5, 1)


class Folder:
    """A configured folder in which the command is run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "tollhouse.yaml").write_text(CONFIG)

    def write(self, name: str, text: str | bytes) -> str:
        (self.path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(self.path / name)

    def run(self, *arguments: str, out: str = "out.jsonl") -> Result:
        app = typer.Typer()
        app.command()(run)
        config = str(self.path / "tollhouse.yaml")
        return CliRunner().invoke(app, [*arguments, "-o", str(self.path / out), "--config", config])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_dry_run_shows_what_would_be_done_and_touches_nothing(folder: Folder) -> None:
    rows = folder.write("in.csv", "id,text\n1,It stalled.\n2\n")

    shown = folder.run("claims-triage", rows, "--dry-run")

    assert shown.exit_code == Exit.OK
    assert "claims-triage@" in shown.stdout
    assert "2 (1 broken" in shown.stdout
    assert sorted(path.name for path in folder.path.iterdir()) == ["in.csv", "tollhouse.yaml"]


@pytest.mark.parametrize(
    ("use_case", "data", "out", "told"),
    [
        ("claims-triag", "text\na\n", "out.jsonl", "There are: claims-triage, letters"),
        ("letters", "text\na\n", "out.jsonl", "has no workflow"),
        ("claims-triage", "", "out.jsonl", "is empty"),
        ("claims-triage", "body\na\n", "out.jsonl", "has no column `text`"),
        ("claims-triage", b"\x00\x01", "out.jsonl", "is not text"),
        ("claims-triage", "text\na\n", "out.xlsx", ".jsonl or .csv"),
        ("claims-triage", "text\na\n", "in.csv", "is an input"),
        ("claims-triage", "text\na\n", "nowhere/out.csv", "is not a folder"),
        ("claims-triage", "text\na\n", "diary.jsonl", "is not what this command would write"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_spent(
    folder: Folder, use_case: str, data: str | bytes, out: str, told: str
) -> None:
    folder.write("diary.jsonl", "Dear diary\n")

    refused = folder.run(use_case, folder.write("in.csv", data), out=out)

    assert refused.exit_code == Exit.USAGE
    assert told in refused.stderr
    assert not (folder.path / "tollhouse-data").exists()


def test_a_missing_input_is_refused(folder: Folder) -> None:
    refused = folder.run("claims-triage", str(folder.path / "missing.csv"))

    assert (refused.exit_code, "missing.csv cannot be read" in refused.stderr) == (Exit.USAGE, True)


def test_rows_are_triaged_by_the_configured_house_and_a_broken_one_fails_alone(folder: Folder) -> None:
    rows = folder.write("in.csv", "id,text\n1,My wife broke her wrist in the crash.\n2\n3,The engine stalls.\n")

    ran = folder.run("claims-triage", rows, out="out.csv")

    records = list(csv.DictReader((folder.path / "out.csv").read_text().splitlines()))
    assert ran.exit_code == Exit.FAILED
    assert [(one["row"], one["id"], one["status"], one["urgency"]) for one in records] == [
        ("1", "1", "done", "high"),
        ("2", "2", "failed", ""),
        ("3", "3", "done", "low"),
    ]
    assert "2 done, 1 failed" in ran.stderr


# --- work ---


def a_job(path: Path, number: int) -> Job:
    rows = [Row(place, None, f"text {place}", {}) for place in range(1, number + 1)]
    return Job("claims-triage", WORKFLOWS["claims"], "claims-triage", rows, OutputFile(path, Jsonl(), rows))


def interrupting(at: str, times: int = 1) -> Callable[[str, str, Mapping[str, str], str], "asyncio.Future[RunResult]"]:
    """Return a worker that presses Ctrl-C when it meets a text."""

    async def triage(text: str) -> RunResult:
        if text == at:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        return DONE

    return lambda use_case, text, facts, run_id: asyncio.ensure_future(triage(text))


def written(path: Path) -> list[int]:
    return [json.loads(line)["row"] for line in path.read_text().splitlines()]


async def test_ctrl_c_keeps_what_is_done_and_the_same_command_resumes(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    first = a_job(path, 20)
    code = await work(interrupting("text 5"), first, first.rows, 2)
    before = written(path)

    second = a_job(path, 20)
    resumed = await work(interrupting("never"), second, second.out.open_rows(second.rows), 2)

    assert code == Exit.INTERRUPTED
    assert before == list(range(1, len(before) + 1))
    assert 5 <= len(before) < 20
    assert resumed == Exit.OK
    assert written(path) == list(range(1, 21))


async def test_a_second_ctrl_c_drops_what_is_under_way_and_still_keeps_what_is_done(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    job = a_job(path, 20)

    code = await work(interrupting("text 5", times=2), job, job.rows, 1)

    assert code == Exit.INTERRUPTED
    assert written(path) == [1, 2, 3, 4]


async def test_progress_without_a_terminal_is_a_line_at_each_tenth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = a_job(tmp_path / "out.jsonl", 25)

    await work(interrupting("never"), job, job.rows, 4)

    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("run ")]
    assert len(lines) == 10
    assert lines[-1].startswith("run 25/25 ")


def test_progress_tells_rate_time_left_and_cost_so_far() -> None:
    now = iter([0.0, 2.0, 2.0])
    progress = Progress(100, clock=lambda: next(now))
    with progress.shown():
        for _ in range(9):
            progress.count(Record(1, None, "done", {}, None, "run_1", "0.01", 1))

        progress.count(Record(1, None, "failed", None, "x", "run_1", None, 1))

    assert (progress.seen, progress.failed, progress.unpriced, progress.cost_nanousd) == (10, 1, 1, 90_000_000)
