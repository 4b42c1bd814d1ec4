"""What `doctor` says of governance."""

from dataclasses import replace

import pytest

from tollhouse.cli.checks.check import Check
from tollhouse.cli.checks.governance import SOON_MS, examine
from tollhouse.domain.governance import PROPOSED, RETIRED, Governance, Key, UseCase
from tollhouse.domain.governance import Register as About
from tollhouse.domain.roles import AccessToken, Role
from tollhouse.governance.register import Composed, Register
from tollhouse.stores.memory import memory_stores
from tollhouse.testing.clock import MONDAY_NOON_MS as NOW_MS

TRIAGE = UseCase("triage", "claims", "o@x.example", models=("fast",))
KEY = Key("ci", "claims", b"x")
TOKEN = AccessToken("audit", Role.AUDITOR, None, b"y", 0, "cli")


def looked_at(
    use_case: UseCase = TRIAGE, key: Key = KEY, token: AccessToken = TOKEN, *left_out: str
) -> dict[str, Check]:
    governance = Governance("Example", "Europe/Zurich", None, {}, {"triage": use_case}, {}, (key,), (token,))
    stores = memory_stores()
    register = Register(
        compose=lambda objects: Composed(governance, left_out),
        objects=stores.objects,
        keys=stores.keys,
        tokens=stores.tokens,
        changes=stores.changes,
    )
    return {check.name: check for check in examine(register, NOW_MS)}


def test_a_house_in_order_has_nothing_to_do() -> None:
    assert {check.status for check in looked_at().values()} == {"ok"}


def test_a_stored_object_that_does_not_fit_is_told() -> None:
    found = looked_at(TRIAGE, KEY, TOKEN, "The stored team 'ads' is left out: …")

    assert found["objects"].status == "warn"
    assert "'ads'" in found["objects"].detail


@pytest.mark.parametrize(("date", "status"), [("2026-11-01", "warn"), ("2026-11-02", "ok"), ("2027-01-01", "ok")])
def test_a_review_is_overdue_from_the_day_after_its_date(date: str, status: str) -> None:
    reviewed = replace(TRIAGE, register=About(review_date=date))

    assert looked_at(reviewed)["reviews"].status == status
    assert looked_at(replace(reviewed, state=RETIRED))["reviews"].status == "ok"


def test_purposes_and_proposals_are_told() -> None:
    found = looked_at(replace(TRIAGE, register=About(purpose="We rank job applicants by their CVs."), state=PROPOSED))

    assert (found["purposes"].status, found["proposals"].status) == ("warn", "warn")
    assert "triage" in found["purposes"].detail


@pytest.mark.parametrize(("left_ms", "status"), [(SOON_MS - 1, "warn"), (-1, "warn"), (SOON_MS, "ok")])
def test_what_ends_within_two_weeks_is_told(left_ms: int, status: str) -> None:
    assert looked_at(key=replace(KEY, expires_ms=NOW_MS + left_ms))["expiry"].status == status
    assert looked_at(token=replace(TOKEN, expires_ms=NOW_MS + left_ms))["expiry"].status == status
