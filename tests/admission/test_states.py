"""What a use case reaches before it is live, and after."""

from dataclasses import replace

import pytest

from tollhouse.admission.admission import Admission, route_for
from tollhouse.admission.states import reachable
from tollhouse.domain.errors import UseCaseNotAllowed
from tollhouse.domain.governance import STATES, Deployment, Governance, Key, Route, Team, UseCase
from tollhouse.domain.money import PriceLine, Rates
from tollhouse.testing.clock import FakeClock

REAL = Deployment("openai", "gpt-5-mini", "openai")
SIMULATED = Deployment("sim", "sim/echo", "openai", simulated=True)
INHOUSE = Deployment("local", "auto", "inhouse")
MIXED = Route("mixed", (REAL, SIMULATED, INHOUSE), fallbacks=("real", "inhouse"))
TRIAGE = UseCase("triage", "claims", "o@x.example", models=("mixed", "inhouse", "real"))
LINE = PriceLine("store:openai/gpt-9", Rates(1, 1, 1))


def a_house(state: str) -> Governance:
    return Governance(
        organisation="Example AG",
        time_zone="UTC",
        organisation_budget=None,
        teams={"claims": Team("claims")},
        use_cases={"triage": replace(TRIAGE, state=state)},
        routes={"mixed": MIXED, "real": Route("real", (REAL,)), "inhouse": Route("inhouse", (INHOUSE,))},
    )


def admitted(state: str, model: str) -> list[str]:
    """Return the deployments that a call would be sent to, in order."""
    admission = Admission(a_house(state), FakeClock())
    principal = admission.inside("triage", "cli")
    routes = admission.admit(principal, "triage", model).routes
    assert principal.key == Key(name="cli", team="claims", digest=b"", managed="file")
    return [deployment.name for route in routes for deployment in route.deployments]


def test_a_live_use_case_reaches_all_of_its_models() -> None:
    assert admitted("live", "mixed") == [
        "openai/gpt-5-mini",
        "sim/sim/echo",
        "local/auto",
        "openai/gpt-5-mini",
        "local/auto",
    ]


@pytest.mark.parametrize("state", ["proposed", "approved"])
def test_what_is_not_live_yet_reaches_only_what_costs_nobody_anything(state: str) -> None:
    assert admitted(state, "mixed") == ["sim/sim/echo", "local/auto", "local/auto"]
    assert admitted(state, "inhouse") == ["local/auto"]


@pytest.mark.parametrize("state", ["proposed", "approved"])
def test_a_model_of_a_real_provider_is_refused_before_that_and_the_refusal_says_who_can_help(state: str) -> None:
    with pytest.raises(UseCaseNotAllowed, match=f"triage is {state} and reaches only .* admin or an owner of its team"):
        admitted(state, "real")


@pytest.mark.parametrize("model", ["mixed", "inhouse", "real"])
def test_a_retired_one_reaches_nothing(model: str) -> None:
    with pytest.raises(UseCaseNotAllowed, match="triage is retired"):
        admitted("retired", model)


@pytest.mark.parametrize("state", [state for state in STATES if state != "retired"])
def test_the_last_resort_of_a_used_up_budget_is_no_way_around_it(state: str) -> None:
    admission = Admission(a_house(state), FakeClock())

    last = admission.admit(admission.inside("triage", "cli"), "triage", "mixed").last_resort

    assert (last is None) == (state != "live")


def test_without_a_state_a_use_case_is_live() -> None:
    assert reachable(TRIAGE, [MIXED]) == (MIXED,)


def test_a_pattern_takes_the_stores_price_of_the_model_that_was_asked_for() -> None:
    pattern = Route("gpt-*", (replace(REAL, model="*"),))
    own = Route("gpt-*", (replace(REAL, model="*", price=PriceLine("config:models.gpt-*", Rates(2, 2, 2))),))

    assert route_for("gpt-9", pattern, {"openai/gpt-9": LINE}).deployments[0].price == LINE
    assert route_for("gpt-8", pattern, {"openai/gpt-9": LINE}).deployments[0].price is None
    assert route_for("gpt-9", own, {"openai/gpt-9": LINE}).deployments[0].price != LINE
