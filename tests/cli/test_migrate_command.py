"""`tollhouse migrate`: sets up, says so, and says what is wrong."""

from pathlib import Path

import pytest

from tollhouse.cli.migrate import migrate
from tollhouse.stores.sql.version import NEEDED


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "tollhouse.yaml").write_text("storage: {path: ./data}\n")
    return tmp_path / "tollhouse.yaml"


def test_it_sets_up_an_empty_store_and_leaves_a_current_one(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    migrate(config)
    first = capsys.readouterr()
    migrate(config)
    second = capsys.readouterr()

    assert f"from schema revision none to {NEEDED}" in first.err
    assert "nothing to do" in second.err
    assert (config.parent / "data" / "tollhouse.db").exists()
    assert first.out == second.out == ""


def test_a_store_that_does_not_open_is_told_in_one_sentence(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "data").write_text("in the way")

    with pytest.raises(SystemExit) as ended:
        migrate(config)

    assert ended.value.code == 1
    assert "error: The data folder" in capsys.readouterr().err
