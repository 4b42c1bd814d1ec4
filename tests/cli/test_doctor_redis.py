"""`doctor` on what replicas share their rates through: it warns, because nothing stops without it."""

import shutil
from pathlib import Path

import pytest

from doctor_house import DoctorsHouse, statuses
from tollhouse.cli.exit import Exit
from valkey_server import running_valkey

PASSWORD = "hunter2-0123456789"


@pytest.fixture
def house(tmp_path: Path, ready_folder: Path) -> DoctorsHouse:
    it = DoctorsHouse(tmp_path)
    shutil.copytree(ready_folder, it.data)
    return it


def test_a_redis_that_takes_writes_is_fine_and_a_read_only_one_is_a_warning(
    house: DoctorsHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_valkey() as valkey:
        monkeypatch.setenv("TOLLHOUSE_STORAGE__REDIS", valkey.url)
        code, checks = house.checks()
        assert (code, statuses(checks, "storage")["redis"]) == (Exit.OK, "ok")

        valkey.command("REPLICAOF", "127.0.0.1", "1")
        code, checks = house.checks()

    assert (code, statuses(checks, "storage")["redis"]) == (Exit.OK, "warn")
    assert "read-only" in str(checks["storage", "redis"])


def test_one_that_is_not_there_is_a_warning_without_its_password(
    house: DoctorsHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLLHOUSE_STORAGE__REDIS", f"redis://me:{PASSWORD}@127.0.0.1:1/0")

    code, checks = house.checks()

    assert (code, statuses(checks, "storage")["redis"]) == (Exit.OK, "warn")
    assert PASSWORD not in str(checks)


def test_without_one_nothing_is_said(house: DoctorsHouse) -> None:
    _, checks = house.checks()

    assert ("storage", "redis") not in checks
