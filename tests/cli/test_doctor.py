"""`doctor` as a whole: what each group finds in a folder, and how it is told."""

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doctor_house import MASTER_KEY, SECRETS, DoctorsHouse, some_calls, statuses, write_journal
from tollhouse.accounting.lock import FolderLock
from tollhouse.adapters.sealer import open_sealer, prove_master_key
from tollhouse.cli.checks import storage
from tollhouse.cli.checks.check import Status
from tollhouse.cli.exit import Exit
from tollhouse.stores import open_stores

OTHER_KEY = base64.b64encode(b"another key of thirty-two bytes!").decode()
GROUPS = ["config", "governance", "storage", "journal", "providers", "clock", "reconcile"]


@pytest.fixture
def house(tmp_path: Path, ready_folder: Path) -> DoctorsHouse:
    it = DoctorsHouse(tmp_path)
    shutil.copytree(ready_folder, it.data)
    return it


def test_a_healthy_house_is_told_as_a_table_and_exits_with_0(house: DoctorsHouse) -> None:
    result = house.run()

    lines = [line.split() for line in result.stdout.splitlines()]
    assert result.exit_code == Exit.OK, result.stderr
    assert lines[0] == ["status", "group", "check", "detail", "fix"]
    assert lines[2][:4] == ["✓", "ok", "config", "file"]
    assert list(dict.fromkeys(line[2] for line in lines[2:])) == GROUPS
    assert "Nothing failed." in result.stderr


def test_an_output_without_such_characters_gets_plain_ones(house: DoctorsHouse) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tollhouse", "doctor", "--config", str(house.config)],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == Exit.OK, done.stderr
    assert b"+ ok " in done.stdout


def test_before_the_first_start_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    house = DoctorsHouse(tmp_path)

    code, checks = house.checks()

    assert code == Exit.OK
    assert statuses(checks, "storage") == {"store": "ok", "data folder": "ok", "free disk": "ok"}
    assert [path.name for path in tmp_path.iterdir()] == ["tollhouse.yaml"]


# --- config ---------------------------------------------------------------------------------------------------------


def test_a_broken_configuration_is_told_line_by_line_and_the_rest_is_skipped(house: DoctorsHouse) -> None:
    text = house.config.read_text()
    house.config.write_text(text.replace("team: claims,", "teem: claims,").replace('"10"', '"-10"'))

    result = house.run("--json")

    rows = json.loads(result.stdout)
    told = [row for row in rows if row["group"] == "config"]
    line = text.splitlines().index('  claims: {budget: {limit_usd: "10", period: total}}') + 1
    assert result.exit_code == Exit.CHECK_FAILED
    assert {row["status"] for row in told} == {"fail"}
    assert f"{house.config}:{line}" in {row["name"] for row in told}
    assert any("teem" in row["detail"] and "team" in row["fix"] for row in told)
    assert {row["detail"] for row in rows if row["status"] == "skip"} == {"the configuration does not load"}
    assert list(dict.fromkeys(row["group"] for row in rows)) == GROUPS


def test_a_missing_configuration_says_how_to_make_one(tmp_path: Path) -> None:
    house = DoctorsHouse(tmp_path)
    house.config.unlink()

    code, checks = house.checks("--reconcile")

    assert code == Exit.CHECK_FAILED
    assert "tollhouse init" in checks["config", str(house.config)]["fix"]
    assert checks["reconcile", "reconcile"]["status"] == "skip"


def test_what_is_left_out_is_a_warning(house: DoctorsHouse) -> None:
    text = (
        house.config.read_text().replace(MASTER_KEY, "null").replace("admin_token: an-admin-token-of-some-length", "")
    )
    text = text.replace("{dialect: inhouse}", '{dialect: openai, base_url: "http://127.0.0.1:1/v1"}')
    house.config.write_text(text)
    (house.folder / ".env").write_text("A=1\n")
    (house.folder / ".env").chmod(0o644)

    _, checks = house.checks()

    assert statuses(checks, "config") == {
        "file": "ok",
        "admin token": "warn",
        "master key": "warn",
        ".env": "warn",
        "prices": "warn",
    }
    assert checks["config", ".env"]["fix"] == f"chmod 600 {house.folder / '.env'}"
    assert "local/auto" in checks["config", "prices"]["detail"]


def test_a_warning_of_the_configuration_itself_is_told(tmp_path: Path) -> None:
    house = DoctorsHouse(tmp_path, providers={"far": "http://no-such-host.invalid/v1"})

    _, checks = house.checks()

    assert "unencrypted" in checks["config", "providers.far"]["detail"]


# --- storage --------------------------------------------------------------------------------------------------------


NEWER = ["UPDATE tollhouse_schema SET version_num = '9999'", "DELETE FROM tollhouse_serves"]


@pytest.mark.parametrize(
    ("planted", "told", "fix"),
    [
        (NEWER, "newer tollhouse", "Upgrade tollhouse"),
        (["ALTER TABLE calls DROP COLUMN tags"], "lacks calls.tags", ""),
    ],
)
def test_a_schema_that_does_not_fit_fails(house: DoctorsHouse, planted: list[str], told: str, fix: str) -> None:
    house.sql(*planted)

    code, checks = house.checks()

    assert code == Exit.CHECK_FAILED
    assert told in checks["storage", "schema"]["detail"] + checks["storage", "schema"]["fix"]
    assert fix in checks["storage", "schema"]["fix"]
    assert checks["reconcile", "books"]["detail"] == "the store's schema does not fit this program"


def test_a_master_key_that_does_not_open_the_store_fails(house: DoctorsHouse) -> None:
    _mark(house.data, MASTER_KEY)
    house.config.write_text(house.config.read_text().replace(MASTER_KEY, OTHER_KEY))

    code, checks = house.checks()

    assert code == Exit.CHECK_FAILED
    assert checks["storage", "store's key"]["status"] == "fail"
    assert "does not open this store" in checks["storage", "store's key"]["detail"]


def test_a_store_without_a_master_key_is_left_without(house: DoctorsHouse) -> None:
    house.checks()
    house.config.write_text(house.config.read_text().replace(MASTER_KEY, OTHER_KEY))
    _mark(house.data, OTHER_KEY)

    code, checks = house.checks()

    assert (code, checks["storage", "store's key"]["status"]) == (Exit.OK, "ok")


def test_a_data_folder_that_is_none_fails(tmp_path: Path) -> None:
    house = DoctorsHouse(tmp_path)
    house.data.write_text("a file")

    code, checks = house.checks()

    assert code == Exit.CHECK_FAILED
    assert checks["storage", "data folder"]["status"] == "fail"
    assert "storage.path" in checks["storage", "data folder"]["fix"]


def test_a_server_that_is_not_there_fails_and_its_password_is_not_shown(tmp_path: Path) -> None:
    house = DoctorsHouse(tmp_path, database="postgresql://tollhouse:pa55-of-the-database@127.0.0.1:1/books")

    result = house.run("--json")

    assert result.exit_code == Exit.CHECK_FAILED
    assert "127.0.0.1:1/books" in result.stdout
    assert "pa55" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("free_bytes", "status"),
    [
        (storage.FREE_MIN_BYTES - 1, Status.FAIL),
        (storage.FREE_MIN_BYTES, Status.WARN),
        (storage.FREE_WISE_BYTES - 1, Status.WARN),
        (storage.FREE_WISE_BYTES, Status.OK),
    ],
)
def test_a_disk_has_a_minimum_of_room(free_bytes: int, status: Status) -> None:
    assert storage.free_disk(free_bytes, Path("/data")).status is status


# --- journal --------------------------------------------------------------------------------------------------------


def test_journals_are_told_by_who_has_them(house: DoctorsHouse) -> None:
    journals = house.data / "journal"
    write_journal(journals / "proc_dead", *some_calls(), tail=b"torn")
    write_journal(journals / "proc_live", some_calls()[0])
    write_journal(journals / "proc_aside.unreadable")
    write_journal(journals / "proc_damaged", some_calls()[0], tail=b"\xff" * 40)
    lock = FolderLock.take(journals / "proc_live")
    assert lock is not None

    code, checks = house.checks()
    lock.release()

    assert code == Exit.CHECK_FAILED
    assert checks["journal", "live"]["detail"] == "1 running process: proc_live"
    assert checks["journal", "dead"]["detail"] == "1 journal waits for adoption: proc_dead with 3 calls"
    assert checks["journal", "dead"]["status"] == "warn"
    assert "proc_aside.unreadable" in checks["journal", "unreadable"]["detail"]
    assert "proc_damaged/00000001.journal" in checks["journal", "unreadable"]["detail"]
    assert statuses(checks, "reconcile")["journals"] == "ok"


def test_looking_leaves_a_dead_journal_to_be_adopted(house: DoctorsHouse) -> None:
    write_journal(house.data / "journal/proc_dead", *some_calls())

    house.checks()
    lock = FolderLock.take(house.data / "journal/proc_dead")

    assert lock is not None
    lock.release()


def test_money_held_by_a_process_without_a_journal_is_told(house: DoctorsHouse) -> None:
    house.keep(process="proc_elsewhere", leased_nanousd=250_000_000)

    code, checks = house.checks()

    assert code == Exit.OK
    assert checks["journal", "leases"]["status"] == "warn"
    assert "proc_elsewhere holds 0.25 USD" in checks["journal", "leases"]["detail"]


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    house = DoctorsHouse(tmp_path, providers={"openai": "http://127.0.0.1:1/v1"})
    house.keep(*some_calls())
    _mark(house.data, OTHER_KEY)
    house.sql("UPDATE attempts SET cost_nanousd = 1")

    told = [house.run(), house.run("--json")]

    assert {result.exit_code for result in told} == {Exit.CHECK_FAILED}
    for result in told:
        assert not [secret for secret in (*SECRETS, OTHER_KEY) if secret in result.stdout + result.stderr]


def _mark(data: Path, master_key: str) -> None:
    async def marking() -> None:
        stores = await open_stores(None, data)
        await prove_master_key(open_sealer(master_key), stores.marks)
        await stores.close()

    with asyncio.Runner() as runner:
        runner.run(marking())
