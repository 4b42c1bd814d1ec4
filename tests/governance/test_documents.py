"""Budgets and rates as JSON: exact, and told by their member when they cannot be."""

import pytest

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.governance import Budget, Rate, ppm_of
from tollhouse.domain.periods import PeriodKind
from tollhouse.governance.documents import (
    THRESHOLDS_MAX,
    budget_document,
    decode,
    rate_document,
    read_budget,
    read_rate,
)


@pytest.mark.parametrize(
    "budget",
    [
        None,
        Budget(0, PeriodKind.TOTAL),
        Budget(123_456_789, PeriodKind.WEEK, (1, 500_000, 1_000_000), falls_back=True),
    ],
)
def test_a_budget_is_read_as_it_is_written(budget: Budget | None) -> None:
    assert read_budget(budget_document(budget)) == budget


@pytest.mark.parametrize("rate", [Rate(), Rate(60, 5000, 2), Rate(concurrency=1)])
def test_a_rate_is_read_as_it_is_written(rate: Rate) -> None:
    assert read_rate(rate_document(rate)) == rate


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ([], "budget"),
        ({"period": "day"}, "budget.limit_usd"),
        ({"limit_usd": 0.1, "period": "day"}, "budget.limit_usd"),
        ({"limit_usd": True, "period": "day"}, "budget.limit_usd"),
        ({"limit_usd": "-1", "period": "day"}, "budget.limit_usd"),
        ({"limit_usd": "0.0000000001", "period": "day"}, "budget.limit_usd"),
        ({"limit_usd": "1"}, "budget.period"),
        ({"limit_usd": "1", "period": "year"}, "budget.period"),
        ({"limit_usd": "1", "period": "day", "warn_at": 0.5}, "budget.warn_at"),
        ({"limit_usd": "1", "period": "day", "warn_at": [0]}, "budget.warn_at"),
        ({"limit_usd": "1", "period": "day", "warn_at": [0.5] * (THRESHOLDS_MAX + 1)}, "budget.warn_at"),
        ({"limit_usd": "1", "period": "day", "on_exhausted": "pray"}, "budget.on_exhausted"),
        ({"limit_usd": "1", "period": "day", "limit": 1}, "budget.limit"),
    ],
)
def test_what_is_no_budget_is_told_by_its_member(document: object, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_budget(document)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("document", "param"),
    [(5, "rate"), ({"concurrency": 0}, "rate.concurrency"), ({"concurrency": True}, "rate.concurrency"), ({"speed": 1}, "rate.speed")],
)  # fmt: skip
def test_what_is_no_rate_is_told_by_its_member(document: object, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_rate(document)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("part", "ppm"), [("0.8", 800_000), ("1", 1_000_000), ("0.000001", 1), ("8e-1", 800_000), ("0.10", 100_000)]
)
def test_a_part_of_a_limit_is_exact(part: str, ppm: int) -> None:
    assert ppm_of(part) == ppm


@pytest.mark.parametrize("part", ["0", "1.000001", "0.0000001", "-1", "nan", "inf", "", "half", "1" * 100, "1e999999999", "0.80000000000000000000000001"])  # fmt: skip
def test_what_is_no_part_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="part of a limit"):
        ppm_of(part)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_a_stored_document_that_is_none_reads_as_empty(body: bytes) -> None:
    assert decode(body) == {}
