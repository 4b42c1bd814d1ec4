"""What the demo's report says of results, as pure values."""

from dataclasses import replace

import pytest

from tollhouse.cli.demo.complaints import sample
from tollhouse.cli.demo.confusion import confusion
from tollhouse.cli.demo.figures import Figures, percentile
from tollhouse.cli.demo.report import Claims, Failures, Report, Served
from tollhouse.cli.demo.staged import Staged
from tollhouse.workflows.records import Record

FIGURES = Figures(1, 0, 1, 10, 5, 30, 0, 7, 7, {"inhouse/auto": 1})
EQUAL = Staged("an answer", "200, the whole answer", 1, booked_nanousd=30, billed_nanousd=30, because=None)
UNKNOWN = replace(EQUAL, booked_nanousd=90, because="1 unknown attempt, held at its worst case")


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, None), ([3], 95, 3), ([1, 2], 50, 1), ([1, 2, 3], 50, 2), (list(range(1, 101)), 95, 95), ([1, 9], 95, 9)],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[int], percent: int, expected: int | None) -> None:
    assert percentile(values, percent) == expected


def test_a_confusion_counts_right_answers_and_what_each_answer_finds() -> None:
    found = confusion([("high", "high"), ("high", "low"), ("medium", "low"), ("low", "low"), ("low", "medium")])

    assert (found.n, found.right, found.trivial_right) == (5, 2, 2)
    assert (found.of("high"), found.found("high"), found.trivially_found("high")) == (2, 1, 0)
    assert (found.of("low"), found.found("low"), found.trivially_found("low")) == (2, 1, 2)
    assert "failed" not in found.rated


def test_a_failed_triage_is_wrong_whatever_the_severity() -> None:
    found = confusion([("low", "failed"), ("low", "low")])

    assert (found.n, found.right, found.trivial_right) == (2, 1, 2)
    assert "failed" in found.rated


def test_the_sample_gives_engines_the_text_only_and_has_no_report_twice() -> None:
    reports = sample()

    assert len(reports.rows) == len(reports.recorded) == 50
    assert all(row.facts == {} and row.text and row.error is None for row in reports.rows)
    assert [row.id for row in reports.rows] == list(reports.recorded)
    assert sum(recorded.hurt for recorded in reports.recorded.values()) == 2


@pytest.mark.parametrize(
    ("staged", "booked", "billed", "explained"),
    [
        ([EQUAL], 30, 30, True),
        ([EQUAL, UNKNOWN], 120, 60, True),
        ([replace(EQUAL, booked_nanousd=31)], 31, 30, False),
        ([EQUAL], 30, 29, False),
    ],
)
def test_a_difference_is_explained_only_by_a_row_that_says_so(
    staged: list[Staged], booked: int, billed: int, explained: bool
) -> None:
    failures = Failures(staged, replace(FIGURES, cost_nanousd=booked), billed, 0.1)

    assert failures.explained is explained


def test_the_report_complains_of_failed_rows_and_of_calls_that_the_ledger_does_not_have() -> None:
    failed = Record(1, "1", "failed", None, "invalid_output: no JSON", "run_1", "0", 2)
    done = replace(failed, status="done", output={"urgency": "low"}, error=None)

    assert a_report(done).complaint is None
    assert a_report(failed).complaint == "1 of 1 reports failed, the first with invalid_output: no JSON"
    assert a_report(done, calls=2).complaint == "the ledger holds 2 calls for 1 reports"


def a_report(record: Record, calls: int = 1) -> Report:
    known = sample().recorded
    counts = confusion([("medium", "low")])
    claims = Claims("inhouse", 2, [record], known, counts, replace(FIGURES, calls=calls), 1.0)
    return Report(claims, Failures([EQUAL], FIGURES, 30, 0.1), Served("", "", "", "", ""), None, 1.1)
