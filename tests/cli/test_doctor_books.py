"""`doctor --reconcile`: figures that are kept twice are the same twice, and whatever was changed by hand is found."""

import asyncio
import itertools
from pathlib import Path

import pytest

from cli_house import NOW_MS, a_call, run_alone
from conftest import Place
from doctor_house import CLAIMS, DoctorsHouse, posted_chat, read, run_doctor, some_calls, statuses, write_journal
from tollhouse.cli.checks.books import FIGURES, Totals, in_sums, over_limits
from tollhouse.cli.checks.check import Status
from tollhouse.cli.exit import Exit
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.ledger import BudgetState, Ledger
from tollhouse.ports.usage import UsageRow
from tollhouse.stores import open_stores
from tollhouse.stores.sql.engine import open_database
from tollhouse.stores.sql.rollups import LEAST_CALLS, SqlRollups
from tollhouse.testing.house import CONFIG, TestHouse

RIGHT = dict.fromkeys(
    ("budgets", "slices", "attempts", "corrections", "journals", "calls", "rollups", "metrics", "limits"), "ok"
)


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


def test_the_totals_of_usage_are_held_against_the_calls() -> None:
    summed = Totals()
    for call in some_calls():
        summed.add_call(call)
    usage = UsageRow(calls=3, attempts=3, tokens_in=300, tokens_out=60, cost_nanousd=344)

    found = list(in_sums("`usage` says", usage, summed))

    assert [(each.kind, each.subject) for each in found] == [("sums", "cost_nanousd")]
    assert "344" in found[0].message
    assert "345" in found[0].message


def test_what_the_cache_saved_is_held_against_the_calls_too() -> None:
    call = a_call(1)
    call.saved_nanousd = 7
    summed = Totals()
    summed.add_call(call)
    figures = {name: getattr(summed, name) for name in FIGURES}

    assert list(in_sums("`usage` says", UsageRow(**figures), summed)) == []
    (found,) = in_sums("`usage` says", UsageRow(**{**figures, "saved_nanousd": 6}), summed)
    assert found.subject == "saved_nanousd"


def test_a_stored_sum_that_is_not_the_sum_of_its_rows_is_told(house: DoctorsHouse) -> None:
    async def roll_up() -> None:
        database = await open_database(house.data)
        rollups = SqlRollups(database, least_calls=dict.fromkeys(LEAST_CALLS, 1))
        while await rollups.roll_up(NOW_MS + 400 * 86_400_000):
            pass
        await database.close()

    run_alone(roll_up())
    right = house.checks("--reconcile")[1]["reconcile", "rollups"]
    house.sql("UPDATE rollups SET cost_nanousd = cost_nanousd + 1")

    code, checks = house.checks("--reconcile")

    assert right["status"] == "ok"
    assert "(0 looked at)" not in right["detail"]
    assert (code, checks["reconcile", "rollups"]["status"]) == (Exit.CHECK_FAILED, "fail")
    assert "cost_nanousd is stored as" in checks["reconcile", "rollups"]["detail"]


def test_a_journal_that_says_otherwise_is_told(house: DoctorsHouse) -> None:
    told_otherwise, not_there_yet = a_call(1, cost_nanousd=301), a_call(9)
    write_journal(house.data / "journal/proc_gone", told_otherwise, not_there_yet)

    code, checks = house.checks("--reconcile")

    assert code == Exit.CHECK_FAILED
    detail = checks["reconcile", "journals"]["detail"]
    assert "1 difference: att_0001: the journal says settled at 0.000000301 USD" in detail


def test_a_budget_over_its_limit_of_today_is_a_warning(house: DoctorsHouse) -> None:
    house.config.write_text(house.config.read_text().replace('limit_usd: "10"', 'limit_usd: "0.0000001"'))

    code, checks = house.checks("--reconcile")

    assert code == Exit.OK
    assert checks["reconcile", "limits"]["status"] == "warn"
    assert "team claims (total): 1 USD spent or leased of 0.0000001 USD" in checks["reconcile", "limits"]["detail"]


def test_a_period_that_is_over_is_not_held_against_the_limit_of_today() -> None:
    over, running = Period(PeriodKind.DAY, 0, 1_000), Period(PeriodKind.DAY, 1_000, 2_000)
    caps = {(CLAIMS, PeriodKind.DAY): 5}

    assert over_limits([BudgetState(CLAIMS, over, 6, 0)], caps, 1_000).status is Status.OK
    assert over_limits([BudgetState(CLAIMS, running, 3, 2)], caps, 1_000).status is Status.OK
    assert over_limits([BudgetState(CLAIMS, running, 3, 3)], caps, 1_000).status is Status.WARN


def test_there_is_nothing_to_reconcile_before_the_first_start(tmp_path: Path) -> None:
    house = DoctorsHouse(tmp_path)

    code, checks = house.checks("--reconcile")

    assert (code, statuses(checks, "reconcile")) == (Exit.OK, {"books": "skip"})
    assert not house.data.exists()


def test_a_store_that_does_not_open_cannot_be_reconciled(house: DoctorsHouse) -> None:
    (house.data / "tollhouse.db").write_bytes(b"this is no database" * 100)

    code, checks = house.checks("--reconcile")

    assert code == Exit.CHECK_FAILED
    assert {name: row["status"] for (_, name), row in checks.items()} == {"store": "fail", "books": "skip"}


async def test_rows_that_come_in_meanwhile_make_no_difference(place: Place, tmp_path: Path) -> None:
    database, data = place
    house = DoctorsHouse(tmp_path, database=database, data=data)
    await asyncio.to_thread(house.keep, leased_nanousd=2_000_000)
    stores = await open_stores(database, data)
    stopping = asyncio.Event()
    posting = asyncio.create_task(post_without_end(stores.ledger, stopping))

    found = [await house.checks_beside("--reconcile") for _ in range(4)]
    stopping.set()
    await posting
    await stores.close()

    assert [(code, statuses(checks, "reconcile")) for code, checks in found] == [(Exit.OK, RIGHT)] * 4
    counted = [checks["reconcile", "calls"]["detail"] for _, checks in found]
    assert len(set(counted)) > 1, "nothing came in meanwhile, so this showed nothing"


async def post_without_end(ledger: Ledger, stopping: asyncio.Event) -> None:
    for number in itertools.count():
        if stopping.is_set():
            return
        await ledger.post("proc_gone", [a_call(number, cost_nanousd=7)])


def test_a_live_house_is_well() -> None:
    house = TestHouse(CONFIG.replace("tests: {{}}", 'tests: {{budget: {{limit_usd: "5", period: month}}}}')).start()
    try:
        answers = [posted_chat(house.base_url, house.api_key, model) for model in ("sim-echo", "sim-cut", "sim-echo")]
        posted = len(house.calls())
        code, checks = read(run_doctor(house.folder / "tollhouse.yaml", "--json"))
    finally:
        house.close()

    assert (answers, posted, code) == ([200, 502, 200], 3, Exit.OK), checks
    assert statuses(checks, "reconcile") == RIGHT
    assert "1 running process: proc_" in checks["journal", "live"]["detail"]
    assert "(3 looked at)" in checks["reconcile", "calls"]["detail"]
    assert checks["storage", "store's key"]["detail"] == "the master key opens the store"
    assert checks["providers", "simulator"]["status"] == "ok"
