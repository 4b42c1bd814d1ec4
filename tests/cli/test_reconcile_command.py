"""`tollhouse reconcile`, and `doctor --reconcile` with corrections, a bill and a running service."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from cli_house import NOW_MS, a_call, run_alone
from doctor_house import DoctorsHouse, posted_chat, read, run_doctor, statuses
from tollhouse.cli.checks import metrics
from tollhouse.cli.exit import Exit
from tollhouse.cli.reconcile import reconcile
from tollhouse.domain.calls import AttemptState, Call, Outcome
from tollhouse.domain.corrections import Correction, correction_id
from tollhouse.ports.usage import CallFilter
from tollhouse.stores import open_stores
from tollhouse.testing.house import TestHouse

Place = tuple[str | None, Path]
DAY = "2026-10-01T00:00:00Z,2026-10-02T00:00:00Z"


def an_unknown_call(number: int, held: int) -> Call:
    call = a_call(number, cost_nanousd=held, outcome=Outcome.ERROR, status=502)
    attempt = replace(call.attempts[0], state=AttemptState.UNKNOWN, outcome=Outcome.UNKNOWN, estimated=True)
    attempt.tokens_in = attempt.tokens_out = 0
    return replace(call, attempts=[attempt])


@pytest.fixture
def house(tmp_path: Path) -> DoctorsHouse:
    it = DoctorsHouse(tmp_path)
    it.keep(a_call(1, cost_nanousd=300), an_unknown_call(2, 900), a_call(3, team="support", cost_nanousd=5))
    return it


def a_bill(house: DoctorsHouse, *rows: str, header: str = "request_id,from,cost_usd", name: str = "bill.csv") -> Path:
    path = house.folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def run(house: DoctorsHouse, *arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(reconcile)
    return CliRunner().invoke(app, [*map(str, arguments), "--config", str(house.config)])


def told(house: DoctorsHouse, *arguments: str | Path) -> dict[str, object]:
    found = json.loads(run(house, *arguments, "--json").stdout)
    assert isinstance(found, dict)
    return found


def requests(house: DoctorsHouse, name: str = "bill.csv") -> Path:
    rows = [f"att_000{n},2026-10-01T08:00:00Z,{nano}e-9" for n, nano in ((1, 300), (2, 120), (3, 5))]
    return a_bill(house, *rows, name=name)


def test_what_is_billed_booked_corrected_and_left_is_shown(house: DoctorsHouse) -> None:
    result = run(house, requests(house), "--provider", "local")

    assert result.exit_code == Exit.OK
    heading, _, row = result.stdout.splitlines()
    assert heading.split("  ")[0] == "model"
    assert row.split() == ["auto", "2026-10-01", "0.000000425", "0.000001205", "-0.00000078", "0.000000425"]
    assert "Corrections: 1 written. Attempts that were unknown or estimated, settled by them: 1." in result.stderr


def test_json_says_the_same(house: DoctorsHouse) -> None:
    assert told(house, requests(house), "--provider", "local") == {
        "rows": [
            {
                "model": "auto",
                "day": "2026-10-01",
                "billed_usd": "0.000000425",
                "before_usd": "0.000001205",
                "corrections_usd": "-0.00000078",
                "after_usd": "0.000000425",
            }
        ],
        "corrections": 1,
        "written": 1,
        "dry_run": False,
        "settled": 1,
        "unexplained": 0,
        "gaps": [],
        "left": [],
    }


def test_a_dry_run_writes_nothing_and_a_second_run_has_nothing_to_write(house: DoctorsHouse) -> None:
    bill = requests(house)

    found = [told(house, bill, "--provider", "local", *more) for more in (["--dry-run"], [], [])]

    assert [(each["corrections"], each["written"]) for each in found] == [(1, 0), (1, 1), (0, 0)]


def test_what_nobody_explains_is_told_and_exits_with_3(house: DoctorsHouse) -> None:
    result = run(house, a_bill(house, "foreign,2026-10-01T08:00:00Z,0.5"), "--provider", "local")

    assert result.exit_code == Exit.CHECK_FAILED
    assert "Not explained: request foreign: 0.5 USD; no attempt has this id." in result.stderr
    assert "1 differences remain that nobody explains" in result.stderr


def test_a_complete_bill_settles_what_it_lacks(house: DoctorsHouse) -> None:
    bill = a_bill(house, "att_0001,2026-10-01T08:00:00Z,0.0000003", "att_0003,2026-10-01T08:00:00Z,0.000000005")
    span = ("--complete", "--since", "2026-10-01T00:00:00Z", "--until", "2026-10-02T00:00:00Z")

    found = [told(house, bill, "--provider", "local", *more) for more in ((), span)]

    assert [each["settled"] for each in found] == [0, 1]


def test_a_bucket_and_a_format_that_is_named(house: DoctorsHouse) -> None:
    bill = a_bill(house, f"{DAY},0.000000425", header="from,to,cost_usd")

    result = run(house, bill, "--provider", "local", "--format", "csv")

    assert result.exit_code == Exit.OK, result.stderr
    assert "*" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["bill.csv", "--provider", "nobody"], Exit.USAGE, "the configuration has no such provider; there are local"),
        (["bill.csv", "--provider", "local", "--format", "pdf"], Exit.USAGE, "there are openai-costs, openai-usage"),
        (["bill.csv", "--provider", "local", "--since", "3d"], Exit.USAGE, "give --complete too"),
        (["bill.csv", "bill.csv", "--provider", "local"], Exit.USAGE, "one file is given twice"),
        (["absent.csv", "--provider", "local"], Exit.FAILED, "No such file"),
        (["wrong.csv", "--provider", "local"], Exit.FAILED, "wrong.csv: line 3: `cost_usd` must be an amount of USD"),
        (["bill.csv", "other.csv", "--provider", "local"], Exit.FAILED, "Nothing was written"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_written(
    house: DoctorsHouse, arguments: list[str], code: Exit, message: str
) -> None:
    requests(house)
    requests(house, "other.csv").write_text(requests(house).read_text() + "\n")
    a_bill(house, "att_0002,2026-10-01T08:00:00Z,0", "a,2026-10-01T08:00:00Z,much", name="wrong.csv")
    files = [str(house.folder / each) if each.endswith(".csv") else each for each in arguments]

    result = run(house, *files)

    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
    assert house.checks("--reconcile")[1]["reconcile", "corrections"]["detail"].endswith("(0 looked at)")


def test_a_bill_without_lines_changes_nothing(house: DoctorsHouse) -> None:
    assert told(house, a_bill(house), "--provider", "local")["rows"] == []


# --- the doctor -----------------------------------------------------------------------------------------------------


def test_corrected_books_reconcile(place: Place, tmp_path: Path) -> None:
    database, data = place
    house = DoctorsHouse(tmp_path, database=database, data=data)
    house.keep(a_call(1, cost_nanousd=300), an_unknown_call(2, 900), a_call(3, team="support", cost_nanousd=5))
    assert run(house, requests(house), "--provider", "local").exit_code == Exit.OK
    assert run(house, a_bill(house, "foreign,2026-10-01T08:00:00Z,7e-9"), "--provider", "local").exit_code == 3

    code, checks = house.checks("--reconcile")

    assert set(statuses(checks, "reconcile").values()) == {"ok"}, checks
    assert code == Exit.OK
    assert "(2 looked at)" in checks["reconcile", "corrections"]["detail"]


@pytest.mark.parametrize(
    ("planted", "check", "message"),
    [
        (
            "UPDATE corrections SET cost_nanousd = cost_nanousd + 1",
            "budgets",
            "its budget says 0.00000042 USD are spent, its calls add up to 0.000000421 USD",
        ),
        (
            "INSERT INTO corrections SELECT 'cor_again', at_ms, booked_ms, provider, deployment, source, line, author, "
            "attempt, call, team, use_case, key, model, session, settles, exact, 0, 0, 0, cost_nanousd FROM corrections",
            "budgets",
            "its budget says 0.00000042 USD are spent, its calls add up to -0.00000036 USD",
        ),
        (
            "UPDATE corrections SET attempt = 'att_9999'",
            "corrections",
            "the attempt that it corrects is not in the ledger",
        ),
    ],
)
def test_a_correction_that_was_changed_by_hand_or_counts_twice_is_told(
    house: DoctorsHouse, planted: str, check: str, message: str
) -> None:
    assert run(house, requests(house), "--provider", "local").exit_code == Exit.OK
    house.sql(planted)

    code, checks = house.checks("--reconcile")

    assert code == Exit.CHECK_FAILED
    assert checks["reconcile", check]["status"] == "fail"
    assert message in checks["reconcile", check]["detail"]


def test_the_doctor_compares_a_bill_and_corrects_nothing(house: DoctorsHouse) -> None:
    bill = requests(house)
    options = ("--reconcile", "--bill", str(bill), "--provider", "local")

    before = [house.checks(*options) for _ in range(2)]
    run(house, bill, "--provider", "local")
    code, after = house.checks(*options)

    assert [each[0] for each in before] == [Exit.CHECK_FAILED] * 2
    assert "att_0002: -0.00000078 USD" in before[1][1]["reconcile", "bill"]["detail"]
    assert before[1][1]["reconcile", "bill"]["fix"].startswith("Run `tollhouse reconcile")
    assert (code, after["reconcile", "bill"]["status"]) == (Exit.OK, "ok")


@pytest.mark.parametrize(
    "options",
    [
        ("--bill", "bill.csv", "--provider", "local"),
        ("--reconcile", "--bill", "bill.csv"),
        ("--reconcile", "--provider", "local"),
        ("--url", "http://127.0.0.1:1"),
    ],
)
def test_what_to_compare_must_fit_together(house: DoctorsHouse, options: tuple[str, ...]) -> None:
    assert house.run(*options).exit_code == Exit.USAGE


def test_the_metrics_of_a_running_service_are_compared() -> None:
    house = TestHouse().start()
    config = house.folder / "tollhouse.yaml"
    try:
        posted_chat(house.base_url, house.api_key, "sim-echo")
        assert len(house.calls()) == 1
        code, checks = read(run_doctor(config, "--json", "--reconcile", "--url", house.url))
        gone, other = read(run_doctor(config, "--json", "--reconcile", "--url", "http://127.0.0.1:1"))
    finally:
        house.close()

    assert (code, checks["reconcile", "service"]["status"]) == (Exit.OK, "ok"), checks
    assert (gone, other["reconcile", "service"]["status"]) == (Exit.CHECK_FAILED, "fail")


def test_a_page_that_says_otherwise_is_told_series_by_series(house: DoctorsHouse) -> None:
    async def looking() -> list[list[str]]:
        stores = await open_stores(None, house.data)
        page = await metrics.built(stores.usage)
        report = await stores.usage.usage(metrics.LABELS, CallFilter())
        await stores.close()
        wrong = page.replace(b" 5.0\n", b" 6.0\n")
        assert wrong != page
        return [[each.subject for each in metrics.differences(each_page, report)] for each_page in (page, wrong)]

    with asyncio.Runner() as runner:
        right, found = runner.run(looking())

    assert right == []
    assert found == ["cost_nanousd", "cost_nanousd of support, answers, fast, local"]


def test_two_who_correct_the_same_attempt_at_once_are_told_apart(house: DoctorsHouse) -> None:
    """The id of an attempt's first correction is taken; whoever saw the attempt without it must look again."""

    async def writing() -> None:
        stores = await open_stores(None, house.data)
        await stores.corrections.add(
            [
                Correction(
                    id=correction_id("local", "att_0002", 0),
                    at_ms=NOW_MS,
                    booked_ms=NOW_MS + 10**9,  # not among those that are read for this bill
                    provider="local",
                    deployment="local/auto",
                    source="csv of another",
                    line="request att_0002",
                    author="another",
                )
            ]
        )
        await stores.close()

    run_alone(writing())

    result = run(house, requests(house), "--provider", "local")

    assert result.exit_code == Exit.CHECK_FAILED
    assert "1 attempts were corrected by someone else meanwhile. Run the same command again." in result.stderr
