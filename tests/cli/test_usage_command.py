import csv
import io
import json
from pathlib import Path

import pytest

from cli_house import NOW_MS, TOKEN, House, a_call, words
from tollhouse.cli.exit import Exit
from tollhouse.domain.calls import Outcome

SINCE = ("--since", "2026-09-01T00:00:00Z")


@pytest.fixture
def house(tmp_path: Path, ready_folder: Path) -> House:
    it = House(tmp_path, ready_folder)
    it.post(
        a_call(1),
        a_call(2, model="slow", cost_nanousd=1),
        a_call(3, team="support", outcome=Outcome.ERROR, status=502),
        a_call(4, at_ms=NOW_MS - 90 * 86_400_000),
    )
    return it


def test_the_table_ends_with_a_total_row(house: House) -> None:
    result = house.run("usage", *SINCE)

    lines = words(result.stdout)
    assert result.exit_code == Exit.OK, result.stderr
    assert lines[0][:6] == ["team", "use", "case", "model", "calls", "errors"]
    assert lines[2][:5] == ["claims", "claims-triage", "fast", "1", "0"]
    assert lines[-1] == ["total", "3", "1", "300", "60", "0", "0.024600001", "0", "0", "43", "43"]


def test_grouping_is_as_asked(house: House) -> None:
    result = house.run("usage", "--by", "team", "--json", *SINCE)

    usage = json.loads(result.stdout)
    assert [(row["team"], row["calls"], row["cost_usd"]) for row in usage["items"]] == [
        ("claims", 2, "0.012300001"),
        ("support", 1, "0.0123"),
    ]
    assert usage["total"]["calls"] == 3


def test_until_is_not_included(house: House) -> None:
    result = house.run("usage", "--json", *SINCE, "--until", "2026-10-01T08:00:00.002Z")

    assert json.loads(result.stdout)["total"]["calls"] == 1


def test_csv_has_one_line_a_group_and_no_total(house: House) -> None:
    result = house.run("usage", "--by", "team,model", "--csv", *SINCE)

    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["team"], row["model"], row["cost_usd"]) for row in rows] == [
        ("claims", "fast", "0.0123"),
        ("support", "fast", "0.0123"),
        ("claims", "slow", "0.000000001"),
    ]


def test_nothing_used_is_a_table_of_its_total(tmp_path: Path, ready_folder: Path) -> None:
    result = House(tmp_path, ready_folder).run("usage")

    assert result.exit_code == Exit.OK
    assert words(result.stdout)[-1] == ["total", "0", "0", "0", "0", "0", "0", "0", "0", "-", "-"]


def test_a_service_gives_the_same_figures(house: House) -> None:
    here = house.run("usage", "--json", *SINCE)
    with house.service() as url:
        there = house.run("usage", "--json", *SINCE, "--url", url, "--key", TOKEN)

    assert there.exit_code == Exit.OK, there.stderr
    assert json.loads(there.stdout) == json.loads(here.stdout)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--by", "teem"], "'teem' is not a dimension; there are team, use_case"),
        (["--by", "team,team"], "twice"),
        (["--since", "yesterday"], "--since 'yesterday' is neither"),
        (["--json", "--csv"], "exclude each other"),
        (["--url", "http://127.0.0.1:1"], "needs an access token"),
        (["--url", "ftp://127.0.0.1", "--key", "x"], "must start with http"),
    ],
)
def test_wrong_usage_is_told_and_exits_with_2(house: House, arguments: list[str], told: str) -> None:
    result = house.run("usage", *arguments)

    assert result.exit_code == Exit.USAGE
    assert result.stderr.startswith("error: ")
    assert told in result.stderr


def test_a_missing_configuration_is_told(tmp_path: Path, ready_folder: Path) -> None:
    house = House(tmp_path, ready_folder)
    house.config.unlink()

    result = house.run("usage")

    assert result.exit_code == Exit.FAILED
    assert "tollhouse init" in result.stderr
