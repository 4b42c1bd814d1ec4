"""A serving process dies at every step of a call's way that matters: no attempt is lost, doubled or free, and nothing stays held."""

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from flow_house import eventually
from flow_process import RunningSimulator, Service, serving, simulating, write_config
from kill_words import compare, load_on, settings
from tollhouse.accounting.adoption import has_dead
from worker_processes import journals

BREAKPOINTS = Path(__file__).with_name("breakpoints")
MOMENTS = {
    "before reserving": ("accounting/slices.py Slices.reserve call", 40),
    "a lease before its commit": ("sql/budget_rows.py lease return", 3),
    "a lease after its commit": ("accounting/slices.py Slices._credit call", 3),
    "after reserving": ("accounting/open_call.py OpenCall.sent call", 40),
    "after a record is in the journal": ("accounting/journal.py Journal.append return", 80),
    "before the first byte": ("openai/stream.py Pings.__init__ call", 15),
    "amid a stream": ("openai/stream.py Pings.sent call", 60),
    "after the last byte": ("openai/stream.py Pings.close call", 15),
    "before settling": ("accounting/open_call.py OpenCall.settle call", 30),
    "after settling": ("accounting/open_call.py OpenCall.settle return", 30),
    "at a call's end": ("accounting/posting.py Posting.add call", 30),
    "before posting": ("sql/ledger.py SqlLedger.post call", 4),
    "posted before the commit": ("sql/ledger.py _charge return", 4),
    "posted after the commit": ("accounting/posting.py Posting._done call", 4),
    "before adopting": ("sql/ledger.py SqlLedger.adopt call", 1),
    "after adopting": ("accounting/adoption.py _remove call", 1),
}
"""Where, and at most the how manieth time."""
AT_ONCE = 8
"""Deaths of one service of several workers: with more in a row its parent would rightly give up."""
LONG_S = 120.0
MANY = pytest.param(80, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])


@dataclass(slots=True)
class Range:
    """Where the killing takes place. `up_again_s`: how long each replacement took."""

    folder: Path
    simulator: RunningSimulator
    database: str | None
    make: random.Random
    numbers: "count[int]" = field(default_factory=count)
    plans: "count[int]" = field(default_factory=count)
    up_again_s: list[float] = field(default_factory=list)


@pytest.fixture(autouse=True)
def breakpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes that a test starts find what kills them."""
    inherited = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(BREAKPOINTS), inherited])))


@pytest.mark.parametrize("kills", [4, MANY])
def test_workers_on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    kill_at_moments(tmp_path, monkeypatch, None, kills, workers=2)


@pytest.mark.parametrize("kills", [MANY])
def test_workers_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_postgres: Callable[[], str], kills: int
) -> None:
    kill_at_moments(tmp_path, monkeypatch, new_postgres(), kills, workers=2)


@pytest.mark.parametrize("kills", [MANY])
def test_one_process_on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    kill_at_moments(tmp_path, monkeypatch, None, kills, workers=1)


@pytest.mark.parametrize("kills", [MANY])
def test_one_process_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_postgres: Callable[[], str], kills: int
) -> None:
    kill_at_moments(tmp_path, monkeypatch, new_postgres(), kills, workers=1)


def kill_at_moments(
    folder: Path, monkeypatch: pytest.MonkeyPatch, database: str | None, kills: int, workers: int
) -> None:
    with simulating() as simulator:
        here = Range(folder, simulator, database, random.Random(kills + workers))
        config = write_config(folder, simulator, settings(database, workers))
        moments = chosen(here.make, kills)
        for start in range(0, kills, AT_ONCE):
            some = sorted(moments[start : start + AT_ONCE], key=adopts)
            if workers > 1:
                monkeypatch.setenv("KILL_PLAN", str(planned(here, some)))
                kill_workers(here, config, len(some))
            else:
                for moment in some:
                    monkeypatch.setenv("KILL_PLAN", str(planned(here, [moment])))
                    kill_process(here, config)
            monkeypatch.delenv("KILL_PLAN")
            settle(config, folder, workers)
            compare(simulator, folder, database)
    assert journals(folder) == []
    sys.stderr.write(report(here, kills))


def settle(config: Path, folder: Path, workers: int) -> None:
    """Let a service adopt what the last one left; one that had no time to post at its own end leaves a journal, too."""
    is_first = True
    while is_first or journals(folder):
        is_first = False
        with serving(config) as service:
            assert service.url
            eventually(lambda: is_adopted(folder, workers))
            assert service.stop() == 0


def report(here: Range, kills: int) -> str:
    worst, median = max(here.up_again_s), statistics.median(here.up_again_s)
    return f"{kills} kills, up again: median {median:.2f} s, worst {worst:.2f} s\n"


def chosen(make: random.Random, kills: int) -> list[str]:
    """Every moment equally often, in an order and at a count that nobody chose."""
    rounds = [f"{where} {make.randint(1, most)}" for where, most in MOMENTS.values()]
    while len(rounds) < kills:
        rounds += [f"{where} {make.randint(1, most)}" for where, most in MOMENTS.values()]
    make.shuffle(rounds)
    return rounds[:kills]


def planned(here: Range, moments: Sequence[str]) -> Path:
    plan = here.folder / f"plan-{next(here.plans)}"
    plan.write_text("\n".join(moments))
    return plan


# --- several workers ------------------------------------------------------------------------------------------------


def kill_workers(here: Range, config: Path, deaths: int) -> None:
    """Let workers die one after the other, under load; then let the service end in order."""
    plan = Path(os.environ["KILL_PLAN"])
    last = plan.with_name(f"{plan.name}.{deaths - 1}")
    with serving(config) as service:
        with load_on(service.url, here.make, here.numbers):
            eventually(last.exists, within_s=LONG_S)
        eventually(lambda: service.said.count('"worker_died"') >= deaths)
        eventually(lambda: is_adopted(here.folder, 2))
        here.up_again_s += up_again_s(service)
        assert service.stop() == 0, service.said


def is_adopted(folder: Path, living: int) -> bool:
    """Only the journals of those who live are left, and nobody is about to read another."""
    return len(journals(folder)) == living and not has_dead(folder / "data" / "journal", "")


def up_again_s(service: Service) -> list[float]:
    """A worker that died before it was ready is part of the time of the next one."""
    lines = [json.loads(line) for line in service.said.splitlines() if line.startswith("{")]
    return [line["after_ms"] / 1000 for line in lines if line["event"] == "worker_replaced"]


# --- one process ----------------------------------------------------------------------------------------------------


def kill_process(here: Range, config: Path) -> None:
    """Let a service die under load. The moments of adoption come at the start of the next one."""
    plan = Path(os.environ["KILL_PLAN"])
    began = time.monotonic()
    with serving(config) as service:
        while service.process.poll() is None and "is ready at" not in service.said:
            time.sleep(0.01)
        if service.process.poll() is None:
            here.up_again_s.append(time.monotonic() - began)
            with load_on(service.url, here.make, here.numbers):
                eventually(
                    lambda: plan.with_name(f"{plan.name}.0").exists() or adopts(plan.read_text()), within_s=LONG_S
                )
                service.kill()


def adopts(moment: str) -> bool:
    """Somebody has to have died before such a moment comes."""
    return "adopt" in moment
