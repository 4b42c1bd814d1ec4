"""Claims triage from text to result: one call, one bounded repair, rules after it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from scripted_ask import Json, ScriptedAsk, an_answer, written
from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.domain.errors import BudgetExceeded, JournalFailed, OperatorError
from tollhouse.prompts import PromptLibrary
from tollhouse.prompts.strict import strict_problems
from tollhouse.workflows import WORKFLOWS, Bench, Case, RunResult, Unanswered
from tollhouse.workflows.claims.triage import COLUMNS
from tollhouse.workflows.claims.workflow import TEXT_CHARS_MAX

CLAIMS = WORKFLOWS["claims"]


def library(folder: Path = Path("nowhere")) -> PromptLibrary:
    return PromptLibrary(folder, CLAIMS.shipped())


async def triaged(ask: ScriptedAsk, text: str = "It stalled.", facts: Mapping[str, str] | None = None) -> RunResult:
    bench = Bench(ask, library(), JsonSchemaChecker())
    return await CLAIMS.run(bench, Case(text, facts or {}, "run_1", CLAIMS.prompt))


async def test_a_good_answer_is_one_attempt_and_comes_back_whole() -> None:
    ask = ScriptedAsk([written()])

    result = await triaged(ask)

    assert result == RunResult("done", an_answer(), None, 1000, 1)
    assert ask.runs == ["run_1"]
    assert ask.prompts == [library().load("claims-triage").ref]


async def test_the_call_carries_the_text_the_schema_and_no_model() -> None:
    ask = ScriptedAsk([written()])

    await triaged(ask, "Brakes failed.", {"policy": "KX-1"})

    (body,) = ask.bodies
    messages = cast(list[dict[str, str]], body["messages"])
    assert [message["role"] for message in messages] == ["system", "user"]
    assert messages[1]["content"] == "Known about this claim:\npolicy: KX-1\n\nBrakes failed."
    assert "model" not in body
    assert cast(Json, cast(Json, body["response_format"])["json_schema"])["strict"] is True


async def test_a_faulty_answer_is_repaired_once_with_its_problems_listed() -> None:
    ask = ScriptedAsk([written(urgency="urgent"), written(urgency="low")])

    result = await triaged(ask)

    assert (result.status, result.attempts, result.cost_nanousd) == ("done", 2, 2000)
    messages = cast(list[dict[str, str]], ask.bodies[1]["messages"])
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert "urgency" in messages[-1]["content"]


async def test_an_answer_that_is_faulty_twice_fails_the_run_and_costs_what_it_cost() -> None:
    result = await triaged(ScriptedAsk(["I cannot help with that.", written(summary=" ")]))

    assert (result.status, result.output, result.cost_nanousd, result.attempts) == ("failed", None, 2000, 2)
    assert result.error is not None
    assert result.error.startswith("invalid_output: ")
    assert "summary" in result.error


@pytest.mark.parametrize("broken", [f"```json\n{written()}\n```", written()[:-1], written().replace('"low"', "'low'")])
async def test_json_that_can_be_mended_needs_no_second_attempt_and_says_so(broken: str) -> None:
    result = await triaged(ScriptedAsk([broken]))

    assert (result.status, result.attempts) == ("done", 1)
    assert result.output is not None
    assert cast(list[str], result.output["reasons"])[-1].startswith("rule mended:")


@pytest.mark.parametrize(
    "changes",
    [
        {"summary": " "},
        {"reasons": []},
        {"reasons": [""]},
        {"facts": {**cast(Json, an_answer()["facts"]), "persons_hurt": -1}},
        {"facts": {**cast(Json, an_answer()["facts"]), "vehicle_year": 19}},
        {"facts": {}},
        {"urgency": None},
        {"extra": 1},
    ],
)
async def test_what_makes_no_sense_is_sent_back(changes: Json) -> None:
    ask = ScriptedAsk([written(**changes), written()])

    assert (await triaged(ask)).attempts == 2


async def test_a_hurt_person_is_high_whatever_the_model_says() -> None:
    result = await triaged(ScriptedAsk([written()]), "It stalled and my wife broke her wrist.")

    assert result.output is not None
    assert (result.output["urgency"], result.output["needs_human"]) == ("high", True)
    assert 'rule person_hurt: "my wife broke her wrist"' in cast(list[str], result.output["reasons"])


@pytest.mark.parametrize("text", ["", "  \n", "a" * (TEXT_CHARS_MAX + 1)])
async def test_a_text_that_cannot_be_triaged_costs_nothing(text: str) -> None:
    ask = ScriptedAsk([])

    result = await triaged(ask, text)

    assert (result.status, result.cost_nanousd, result.attempts, ask.bodies) == ("failed", 0, 0, [])


async def test_a_call_refused_at_the_door_fails_the_run_and_costs_nothing() -> None:
    result = await triaged(ScriptedAsk([BudgetExceeded("The budget of team claims is used up.")]))

    assert result == RunResult("failed", None, "budget_exceeded: The budget of team claims is used up.", 0, 0)


async def test_a_failure_whose_cost_nobody_told_is_not_booked_as_zero() -> None:
    result = await triaged(ScriptedAsk([JournalFailed()]))

    assert (result.status, result.cost_nanousd) == ("failed", None)


async def test_attempts_without_an_answer_are_told_with_their_cost() -> None:
    result = await triaged(ScriptedAsk([Unanswered("upstream_error: cut", cost_nanousd=7, attempts=3)]))

    assert result == RunResult("failed", None, "upstream_error: cut", 7, 3)


async def test_a_prompt_whose_schema_lacks_what_the_rules_read_stops_everything(tmp_path: Path) -> None:
    folder = tmp_path / "claims-triage"
    folder.mkdir()
    (folder / "task.md").write_text("{{ text }}")
    bench = Bench(ScriptedAsk([]), library(tmp_path), JsonSchemaChecker())

    with pytest.raises(OperatorError, match=r"schema\.json: claims triage needs category, facts"):
        await CLAIMS.run(bench, Case("It stalled.", {}, "run_1", CLAIMS.prompt))


def test_the_shipped_schema_is_strict_and_has_the_columns_of_a_flat_table() -> None:
    schema = cast(Json, json.loads((CLAIMS.shipped()["claims-triage"] / "schema.json").read_text(encoding="utf-8")))
    properties = cast(dict[str, Json], schema["properties"])
    facts = cast(Json, properties["facts"]["properties"])

    assert strict_problems(schema) == []
    flat = [
        column for name in properties for column in ([f"facts.{fact}" for fact in facts] if name == "facts" else [name])
    ]
    assert tuple(flat) == COLUMNS
