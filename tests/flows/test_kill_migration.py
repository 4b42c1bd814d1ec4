"""Whoever sets up or migrates a store is killed in the midst: the next one finishes it, or says which command does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flow_process import Service, command, serving, simulating, write_config
from kill_words import settings

BREAKPOINTS = Path(__file__).with_name("breakpoints")
MOMENTS = (
    "sql/version.py _announce return 1",
    "sql/version.py _upgrade call 1",
    "sql/version.py upgrade_in call 1",
    "versions/r0001_ledger.py upgrade return 1",
    "versions/r0002_governance.py upgrade call 1",
    "versions/r0002_governance.py upgrade return 1",
    "sql/version.py upgrade_in return 1",
    "sql/version.py _upgrade return 1",
)
FEW = MOMENTS[3:4]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "start",
    [["serve", "--workers", "2"], pytest.param(["migrate"], marks=pytest.mark.slow)],
    ids=lambda start: start[0],
)
@pytest.mark.parametrize(
    "moment", [moment if moment in FEW else pytest.param(moment, marks=pytest.mark.slow) for moment in MOMENTS]
)
def test_the_next_one_finishes_it_or_says_how(
    request: pytest.FixtureRequest, tmp_path: Path, moment: str, start: list[str], database: str
) -> None:
    make: Callable[[], str] | None = request.getfixturevalue("new_postgres") if database == "postgresql" else None
    with simulating() as simulator:
        config = write_config(tmp_path, simulator, settings(make() if make else None, workers=2))
        assert killed_at(moment, config, start) == -9

        service = Service(config)
        try:
            while "is ready at" not in service.said and service.process.poll() is None:
                time.sleep(0.01)
            if service.process.poll() is not None:
                assert "tollhouse migrate" in service.said
                assert command(config, "migrate").returncode == 0
        finally:
            service.kill()

        with serving(config) as again:
            assert again.url
            assert again.stop() == 0
    reconciled = command(config, "doctor", "--reconcile")
    assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr


def killed_at(moment: str, config: Path, start: list[str]) -> int:
    plan = config.with_name("plan")
    plan.write_text(moment)
    path = os.pathsep.join(filter(None, [str(BREAKPOINTS), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "tollhouse", *start, "--config", str(config)],
        env={**os.environ, "PYTHONPATH": path, "KILL_PLAN": str(plan)},
        timeout=60,
        check=False,
        capture_output=True,
    ).returncode
