"""Who may call, for which use case, with which model."""

import hashlib

import pytest

from tollhouse.admission.admission import Admission
from tollhouse.domain.errors import InvalidApiKey, ModelNotFound, UseCaseNotAllowed, UseCaseRequired
from tollhouse.domain.governance import Budget, Deployment, Governance, Key, Route, Team, UseCase
from tollhouse.domain.periods import PeriodKind
from tollhouse.testing.clock import FakeClock

BUDGET = Budget(10**9, PeriodKind.MONTH)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def a_route(name: str, *fallbacks: str, model: str = "m") -> Route:
    return Route(name, (Deployment("p", model, "openai"),), fallbacks=fallbacks)


def a_house(*keys: Key) -> Governance:
    return Governance(
        organisation="Example AG",
        time_zone="UTC",
        organisation_budget=BUDGET,
        teams={"claims": Team("claims", BUDGET), "other": Team("other")},
        use_cases={
            "triage": UseCase("triage", "claims", "o@x.example", models=("fast", "slow"), budget=BUDGET),
            "chat": UseCase("chat", "claims", "o@x.example", models=("gpt-*",)),
            "foreign": UseCase("foreign", "other", "o@x.example", models=("fast",)),
        },
        routes={
            "fast": a_route("fast", "hidden", "slow"),
            "slow": a_route("slow"),
            "hidden": a_route("hidden"),
            "gpt-*": a_route("gpt-*", model="*"),
        },
        keys=keys,
    )


def an_admission(*keys: Key, now_ms: int = 0) -> Admission:
    return Admission(a_house(*keys), FakeClock(now_ms=now_ms))


def a_key(**facts: object) -> Key:
    return Key(**{"name": "ci", "team": "claims", "digest": digest("th-secret-of-the-test"), **facts})  # type: ignore[arg-type]


GOOD = b"Bearer th-secret-of-the-test"


@pytest.mark.parametrize(
    "header", [None, b"", b"Bearer", b"Bearer ", b"Basic abc", b"Bearer wrong", b"Bearer " + b"x" * 10_000]
)
def test_whatever_is_not_the_secret_is_refused(header: bytes | None) -> None:
    with pytest.raises(InvalidApiKey):
        an_admission(a_key()).identify(header)


@pytest.mark.parametrize("facts", [{"expires_ms": 1000}, {"revoked_ms": 5}, {"team": "gone"}])
def test_an_expired_revoked_or_orphaned_key_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(InvalidApiKey):
        an_admission(a_key(**facts), now_ms=1000).identify(GOOD)


def test_a_key_is_good_until_the_millisecond_it_expires() -> None:
    principal = an_admission(a_key(expires_ms=1000), now_ms=999).identify(GOOD)

    assert principal.use_cases == ("triage", "chat")


def test_a_key_with_several_use_cases_has_to_name_one_and_is_told_which() -> None:
    admission = an_admission(a_key())

    with pytest.raises(UseCaseRequired, match="triage, chat"):
        admission.admit(admission.identify(GOOD), None, "fast")


def test_another_teams_use_case_answers_like_one_that_does_not_exist() -> None:
    admission = an_admission(a_key())
    principal = admission.identify(GOOD)

    messages = []
    for name in ("foreign", "nowhere"):
        with pytest.raises(UseCaseNotAllowed) as refused:
            admission.admit(principal, name, "fast")
        messages.append(refused.value.message.replace(name, "X"))

    assert messages[0] == messages[1]


@pytest.mark.parametrize("model", ["hidden", "nope", "gpt-*", "gpt-5\r\nx: y", "g" * 201])
def test_a_model_outside_the_use_case_is_not_found(model: str) -> None:
    admission = an_admission(a_key())

    for use_case in ("triage", "chat"):
        with pytest.raises(ModelNotFound):
            admission.admit(admission.identify(GOOD), use_case, model)


def test_a_pattern_serves_any_model_that_fits_it() -> None:
    admission = an_admission(a_key())

    admitted = admission.admit(admission.identify(GOOD), "chat", "gpt-5-mini")

    assert (admitted.model, admitted.routes[0].name) == ("gpt-5-mini", "gpt-*")


def test_fallbacks_outside_the_use_case_or_the_key_are_skipped() -> None:
    admission = an_admission(a_key())
    admitted = admission.admit(admission.identify(GOOD), "triage", "fast")
    narrow = an_admission(a_key(models=("fast",)))
    narrowed = narrow.admit(narrow.identify(GOOD), "triage", "fast")

    assert [route.name for route in admitted.routes] == ["fast", "slow"]
    assert [route.name for route in narrowed.routes] == ["fast"]


def test_budgets_come_in_their_one_order() -> None:
    admission = an_admission(a_key(budget=BUDGET))

    admitted = admission.admit(admission.identify(GOOD), "triage", "fast")

    assert [scope.kind for scope, _ in admitted.budgets] == ["organisation", "team", "use_case", "key"]


def test_a_key_counts_from_the_moment_it_is_in_force_until_it_is_not() -> None:
    admission = an_admission()
    admission.put_in_force(a_house(a_key()))
    admission.identify(GOOD)

    admission.put_in_force(a_house())

    with pytest.raises(InvalidApiKey):
        admission.identify(GOOD)


def test_after_a_rotation_the_old_secret_is_good_until_its_overlap_ends() -> None:
    rotated = a_key(digest=digest("th-new"), previous_digest=digest("th-secret-of-the-test"), previous_until_ms=100)

    before, after = an_admission(rotated, now_ms=99), an_admission(rotated, now_ms=100)

    assert before.identify(GOOD).key is before.identify(b"Bearer th-new").key
    assert after.identify(b"Bearer th-new").key.name == "ci"
    with pytest.raises(InvalidApiKey, match="rotated"):
        after.identify(GOOD)
