"""From a prompt to the body of a call; templates have limits, and nothing is left empty silently."""

import json

import pytest

from tollhouse.domain.errors import OperatorError
from tollhouse.prompts import Example, Prompt, compose
from tollhouse.prompts.strict import strict_problems
from tollhouse.prompts.templates import LOOPS_MAX

SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def a_prompt(task: str = "{{ text }}", **modules: str) -> Prompt:
    return Prompt(name="greet", place="prompts/greet", version="0" * 64, modules={"task": task, **modules})


def test_a_body_has_system_examples_and_the_case_and_no_model() -> None:
    prompt = Prompt(
        name="claims.triage/x",
        place="p",
        version="0" * 64,
        modules={"system": "Be brief to {{ text }}.\n", "task": "{{ text }}"},
        examples=(Example({"text": "one"}, {"n": "é"}), Example({"text": "two"}, "2")),
        schema=SCHEMA,
        parameters={"temperature": 0},
    )

    body = compose(prompt, {"text": "three"})

    assert body == {
        "temperature": 0,
        "messages": [
            {"role": "system", "content": "Be brief to three."},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": '{"n": "é"}'},
            {"role": "user", "content": "two"},
            {"role": "assistant", "content": "2"},
            {"role": "user", "content": "three"},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "claims_triage_x", "strict": True, "schema": SCHEMA},
        },
    }


def test_a_module_can_be_rendered_in_another() -> None:
    body = compose(a_prompt("{% render 'tone' %} {{ text }}", tone="Kindly:"), {"text": "hi"})

    assert body == {"messages": [{"role": "user", "content": "Kindly: hi"}]}


def test_a_case_is_text_and_never_a_template() -> None:
    body = compose(a_prompt(), {"text": "{{ secret }} {% raw %} <b>&"})

    assert json.dumps(body).count("{{ secret }} {% raw %} <b>&") == 1


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ("one\n{{ missing }}", r"prompts/greet/task\.md:2: 'missing' is undefined"),
        ("{% if missing %}x{% endif %}", r"task\.md:1: 'missing' is undefined"),
        ("{{ text.missing.deeper }}", r"task\.md:1: "),
        ("{{ text | shout }}", r"unknown filter 'shout'"),
        ("{% render 'missing' %}", r"task\.md:1: "),
        ("{% include 'task' %}", "recursive"),
        (f"{{% for i in (1..{LOOPS_MAX + 1}) %}}{{{{ i }}}}{{% endfor %}}", "loop iteration limit"),
        ("{% for i in (1..9000) %}{{ big }}{% endfor %}", "output stream limit"),
    ],
)
def test_what_a_template_may_not_do_is_an_error_with_its_place(task: str, told: str) -> None:
    with pytest.raises(OperatorError, match=told):
        compose(a_prompt(task), {"text": "x", "big": "x" * 1000})


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "array", "items": {}}, "outermost type"),
        ({**SCHEMA, "additionalProperties": True}, "additionalProperties"),
        ({**SCHEMA, "properties": {"a": {"type": "string"}}}, "missing: a"),
        ({**SCHEMA, "allOf": []}, "`allOf` is not allowed"),
        ({**SCHEMA, "properties": {"a": {"type": "object"}}, "required": ["a"]}, r"$.a: an object needs"),
        (
            {**SCHEMA, "properties": {"a": {"type": "array", "items": {"oneOf": []}}}, "required": ["a"]},
            r"$.a.items: `oneOf`",
        ),
    ],
)
def test_a_schema_that_strict_output_refuses_is_told(schema: dict[str, object], told: str) -> None:
    assert any(told in problem for problem in strict_problems(schema))


def test_a_property_may_be_named_like_a_keyword() -> None:
    schema = {**SCHEMA, "properties": {"not": {"type": "string"}, "if": {"type": "null"}}, "required": ["not", "if"]}

    assert strict_problems(schema) == []
