"""`doctor --reconcile`: figures that are kept twice are the same twice, and whatever was changed by hand is found."""

from pathlib import Path

import pytest
from doctor_house import DoctorsHouse, some_calls, statuses

from conftest import Place
from tollhouse.cli.exit import Exit

RIGHT = {"budgets": "ok", "slices": "ok", "attempts": "ok", "journals": "ok", "calls": "ok", "limits": "ok"}


@pytest.fixture
def house(tmp_path: Path) -> DoctorsHouse:
    it = DoctorsHouse(tmp_path)
    it.keep(*some_calls())
    return it


def test_right_books_reconcile(place: Place, tmp_path: Path) -> None:
    database, data = place
    house = DoctorsHouse(tmp_path, database=database, data=data)
    house.keep(*some_calls())

    code, checks = house.checks("--reconcile")

    assert (code, statuses(checks, "reconcile")) == (Exit.OK, RIGHT)
    assert {group for group, _ in checks} == {"reconcile"}
    assert "(3 looked at)" in checks["reconcile", "attempts"]["detail"]


@pytest.mark.parametrize(
    ("planted", "check", "told"),
    [
        (
            "UPDATE budget_periods SET spent_nanousd = spent_nanousd - 1",
            "budgets",
            "team claims (total): its budget says 0.000000339 USD are spent, its calls add up to 0.00000034 USD",
        ),
        (
            "UPDATE attempts SET cost_nanousd = 0 WHERE id = 'att_0002'",
            "budgets",
            "its budget says 0.00000034 USD are spent, its calls add up to 0.0000003 USD",
        ),
        (
            "UPDATE leases SET nanousd = nanousd + 1",
            "slices",
            "its budget says 0.99999966 USD are leased, its slices add up to 0.999999661 USD",
        ),
        (
            "UPDATE attempts SET state = 'sent' WHERE id = 'att_0003'",
            "attempts",
            "att_0003: the attempt is in the ledger and still sent",
        ),
        (
            "UPDATE attempts SET id = 'att_0001' WHERE id = 'att_0003'",
            "attempts",
            "att_0001: the attempt is in the ledger 2 times",
        ),
        ("DELETE FROM calls WHERE id = 'call_0003'", "attempts", "att_0003: the attempt's call is not in the ledger"),
    ],
)
def test_a_row_changed_by_hand_is_told_and_exits_with_3(
    house: DoctorsHouse, planted: str, check: str, told: str
) -> None:
    house.sql(planted)

    code, checks = house.checks("--reconcile")

    assert code == Exit.CHECK_FAILED
    assert {name: status for name, status in statuses(checks, "reconcile").items() if status != "ok"} == {check: "fail"}
    assert told in checks["reconcile", check]["detail"]
    assert "backup" in checks["reconcile", check]["fix"]
