"""What `doctor` says of kept answers: whose, where, and what they saved."""

from pathlib import Path

from cli_house import a_call
from doctor_house import MASTER_KEY, DoctorsHouse
from tollhouse.adapters.clock import SystemClock
from tollhouse.domain.calls import Call

PRIVACY = 'privacy: {mode: "off"}}'
CACHED = 'privacy: {mode: "off"}, cache: {exact: true}}'
CHECK = ("storage", "kept answers")


def cached_house(folder: Path, master_key: str = MASTER_KEY) -> DoctorsHouse:
    house = DoctorsHouse(folder, master_key=master_key)
    text = house.config.read_text()
    assert PRIVACY in text
    house.config.write_text(text.replace(PRIVACY, CACHED))
    return house


def hit(number: int, at_ms: int, saved_nanousd: int) -> Call:
    call = a_call(number)
    call.at_ms, call.attempts, call.cache, call.saved_nanousd = at_ms, [], "exact", saved_nanousd
    return call


def test_whose_answers_are_kept_where_and_what_they_saved_of_late(tmp_path: Path) -> None:
    house, now_ms = cached_house(tmp_path), SystemClock().now_ms()
    month_ms = 31 * 86_400_000
    house.keep(hit(1, now_ms - 1_000, 1_500_000_000), hit(2, now_ms - 2_000, 7), hit(3, now_ms - month_ms, 10**9))

    check = house.checks()[1][CHECK]

    assert check["status"] == "ok"
    assert check["detail"] == (
        "of claims-triage, in memory and sealed in the database; 1.500000007 USD saved in 30 days"
    )


def test_without_a_master_key_it_says_that_they_are_in_memory_only(tmp_path: Path) -> None:
    house = cached_house(tmp_path, master_key="")
    house.keep()

    check = house.checks()[1][CHECK]

    assert (check["status"], "memory only" in check["detail"]) == ("warn", True)
    assert "privacy.master_key" in check["fix"]


def test_where_nobody_keeps_answers_nothing_is_said(tmp_path: Path) -> None:
    house = DoctorsHouse(tmp_path)
    house.keep()

    assert CHECK not in house.checks()[1]
