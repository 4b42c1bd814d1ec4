"""`tollhouse backup` and `restore`: what they say, what they refuse, and what they leave as it was."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from cli_house import a_call
from conftest import Place
from doctor_house import MASTER_KEY, DoctorsHouse, some_calls
from tollhouse.accounting.lock import FolderLock
from tollhouse.cli.backup import backup
from tollhouse.cli.restore import restore
from tollhouse.stores import open_stores

OTHER_KEY = "B" * 43 + "="


@pytest.fixture
def house(tmp_path: Path) -> DoctorsHouse:
    """A store with three calls."""
    it = DoctorsHouse(made(tmp_path / "here"))
    it.keep(*some_calls())
    return it


@pytest.fixture
def empty(tmp_path: Path) -> DoctorsHouse:
    return DoctorsHouse(made(tmp_path / "there"))


def test_a_folder_gets_a_file_named_after_the_moment(
    house: DoctorsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup(place=tmp_path, as_json=True, config=house.config)

    (written,) = tmp_path.glob("tollhouse-*T*Z.backup")
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["path"] == str(written)
    assert told["bytes"] == written.stat().st_size
    assert (told["kind"], told["rows"]["calls"], told["rows"]["leases"]) == ("sqlite", 3, 1)
    assert "3 calls" in said.err
    assert "master key is not in it" in said.err


def test_the_master_key_and_other_secrets_are_not_in_it(house: DoctorsHouse, tmp_path: Path) -> None:
    backup(place=tmp_path / "a.backup", config=house.config)

    assert MASTER_KEY.encode() not in (tmp_path / "a.backup").read_bytes()
    assert b"a-secret-of-the-file" not in (tmp_path / "a.backup").read_bytes()


def test_what_was_backed_up_is_restored_and_reconciles(
    house: DoctorsHouse, empty: DoctorsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup(place=tmp_path / "a.backup", config=house.config)
    restore(file=tmp_path / "a.backup", as_json=True, config=empty.config)

    told = json.loads(capsys.readouterr().out)
    code, checks = empty.checks("--reconcile")
    assert code == 0
    assert told["rows"]["calls"] == 3
    assert "(3 looked at)" in checks["reconcile", "calls"]["detail"]
    assert "(0 looked at)" in checks["reconcile", "slices"]["detail"]


def test_a_store_that_holds_something_is_left_as_it_was(
    house: DoctorsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup(place=tmp_path / "a.backup", config=house.config)
    house.keep(a_call(9), process="proc_later", leased_nanousd=10**6)

    assert refused(house, tmp_path / "a.backup", capsys, replace=False).count("not empty") == 1
    restore(file=tmp_path / "a.backup", replace=True, config=house.config)

    _, checks = house.checks("--reconcile")
    assert "(3 looked at)" in checks["reconcile", "calls"]["detail"]


def test_no_store_is_restored_under_a_running_process(
    house: DoctorsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup(place=tmp_path / "a.backup", config=house.config)
    journal = house.data / "journal" / "proc_running"
    journal.mkdir(parents=True)
    lock = FolderLock.take(journal)
    assert lock is not None

    said = refused(house, tmp_path / "a.backup", capsys, replace=True)

    lock.release()
    assert "proc_running is running" in said
    assert "Stop every server" in said
    restore(file=tmp_path / "a.backup", replace=True, config=house.config)


def test_no_database_is_restored_that_another_machine_uses(
    house: DoctorsHouse, postgresql_place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup(place=tmp_path / "a.backup", config=house.config)
    database, data = postgresql_place
    there = DoctorsHouse(made(tmp_path / "there"), database=database, data=data)
    said: list[str] = []

    async def beside_an_open_store() -> None:
        stores = await open_stores(database, tmp_path / "of-another-machine")
        said.append(await asyncio.to_thread(refused, there, tmp_path / "a.backup", capsys, replace=True))
        await stores.close()

    asyncio.run(beside_an_open_store())

    assert "of tollhouse are open on the database" in said[0]


def test_a_backup_that_the_master_key_does_not_open_is_refused(
    house: DoctorsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.run().exit_code in (0, 3)
    asyncio.run(mark(house.data))
    backup(place=tmp_path / "a.backup", config=house.config)
    other = DoctorsHouse(made(tmp_path / "other"), master_key=OTHER_KEY)

    said = refused(other, tmp_path / "a.backup", capsys, replace=False)

    assert "master_key" in said
    assert not (other.data / "tollhouse.db").exists()


@pytest.mark.parametrize("body", [b"", b"this is no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_backup_is_refused(
    empty: DoctorsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str], body: bytes
) -> None:
    (tmp_path / "a.backup").write_bytes(body)

    assert "Take another one" in refused(empty, tmp_path / "a.backup", capsys, replace=False)
    assert not empty.data.exists()


def test_there_is_nothing_to_back_up_before_the_first_start(
    empty: DoctorsHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        backup(place=tmp_path / "a.backup", config=empty.config)

    assert ended.value.code == 2
    assert "no store" in capsys.readouterr().err
    assert not empty.data.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(house: DoctorsHouse, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(SystemExit) as ended:
        backup(place=tmp_path / "a.backup", config=house.config)

    assert ended.value.code == 1


def refused(house: DoctorsHouse, file: Path, capsys: pytest.CaptureFixture[str], *, replace: bool) -> str:
    """Try in vain; return what was said."""
    with pytest.raises(SystemExit) as ended:
        restore(file=file, replace=replace, config=house.config)
    assert ended.value.code == 1
    return capsys.readouterr().err


async def mark(data: Path) -> None:
    from tollhouse.adapters.sealer import open_sealer, prove_master_key

    stores = await open_stores(None, data)
    await prove_master_key(open_sealer(MASTER_KEY), stores.marks)
    await stores.close()


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
