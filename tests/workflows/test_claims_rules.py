"""The rules after the model: what they raise, what they ask a person for, and that each says why."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tollhouse.workflows.claims.harm import Finding, Harm
from tollhouse.workflows.claims.rules import Evidence, apply_rules
from tollhouse.workflows.claims.triage import FACTS, FactValue, Triage, Urgency

NOTHING: Mapping[str, FactValue] = dict.fromkeys(FACTS)
HURT = Finding(Harm.HURT, "she broke her wrist")
FIRE = Finding(Harm.FIRE, "it burnt out")


def a_triage(urgency: Urgency = "low", **facts: FactValue) -> Triage:
    return Triage("A car stalled.", "defect", urgency, ("It stalled.",), {**NOTHING, **facts}, needs_human=False)


def evidence(*findings: Finding, said: str = "It stalled.", degraded: bool = False) -> Evidence:
    return Evidence(said, findings, degraded)


def test_a_claim_without_harm_is_left_as_the_model_judged_it() -> None:
    assert apply_rules(a_triage(), evidence()) == a_triage()


@pytest.mark.parametrize(
    "finding", [HURT, FIRE, Finding(Harm.HIT, "x"), Finding(Harm.BURNT, "x"), Finding(Harm.KILLED, "x")]
)
@pytest.mark.parametrize("urgency", ["low", "medium"])
def test_a_harmed_person_or_a_fire_is_high_and_the_overruled_model_needs_a_human(
    finding: Finding, urgency: Urgency
) -> None:
    ruled = apply_rules(a_triage(urgency), evidence(finding))

    assert (ruled.urgency, ruled.needs_human) == ("high", True)
    assert ruled.reasons[1:] == (
        f'rule {finding.harm.value}: "{finding.quote}"',
        f"rule overruled: the model said {urgency}",
    )


def test_a_model_that_saw_it_too_is_not_overruled() -> None:
    ruled = apply_rules(a_triage("high", persons_hurt=1), evidence(HURT))

    assert not ruled.needs_human
    assert ruled.reasons[1:] == ('rule person_hurt: "she broke her wrist"',)


@pytest.mark.parametrize(("facts", "rule"), [({"persons_hurt": 2}, "person_hurt"), ({"fire": True}, "fire")])
def test_the_models_own_facts_raise_urgency_too(facts: dict[str, FactValue], rule: str) -> None:
    ruled = apply_rules(replace(a_triage(), facts={**NOTHING, **facts}), evidence())

    assert ruled.urgency == "high"
    assert ruled.reasons[1].startswith(f"rule {rule}: facts.")


def test_the_in_house_engines_facts_raise_nothing_by_themselves() -> None:
    ruled = apply_rules(a_triage(persons_hurt=1), evidence(degraded=True))

    assert (ruled.urgency, ruled.needs_human) == ("low", True)


@pytest.mark.parametrize(("found", "facts"), [(HURT, {"persons_hurt": 0}), (FIRE, {"fire": False})])
def test_facts_that_contradict_the_text_need_a_human(found: Finding, facts: dict[str, FactValue]) -> None:
    ruled = apply_rules(replace(a_triage("high"), facts={**NOTHING, **facts}), evidence(found))

    assert ruled.needs_human
    assert ruled.reasons[-1].startswith("rule contradiction:")


def test_the_in_house_engine_about_a_harmed_person_needs_a_human() -> None:
    ruled = apply_rules(a_triage("high", persons_hurt=1), evidence(HURT, degraded=True))

    assert ruled.needs_human
    assert ruled.reasons[-1].startswith("rule degraded:")


@pytest.mark.parametrize("said", ["at 39,300 miles", "bei 39'300 km", "à 39 300 km", "39300", "39.300 km"])
def test_a_number_counts_as_said_however_its_thousands_are_written(said: str) -> None:
    assert not apply_rules(a_triage(mileage=39_300), evidence(said=said)).needs_human


def test_a_short_year_and_thousands_with_k_count_as_said() -> None:
    assert not apply_rules(a_triage(vehicle_year=1998, mileage=120_000), evidence(said="my '98 Ford, 120k")).needs_human


@pytest.mark.parametrize(("name", "value"), [("mileage", 39_000), ("vehicle_year", 2012), ("amount", "$500")])
def test_a_number_that_the_claim_does_not_hold_needs_a_human(name: str, value: FactValue) -> None:
    ruled = apply_rules(
        replace(a_triage(), facts={**NOTHING, name: value}), evidence(said="a 2011 Ford, 39,300 miles, $5300.00")
    )

    assert ruled.needs_human
    assert ruled.reasons[-1] == f"rule not_in_text: facts.{name} {value} does not stand in the claim"
