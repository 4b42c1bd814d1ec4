"""The schema checker, with a second, independent one beside it."""

import socket
import threading

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollhouse.adapters.schema import MAX_PROBLEM_CHARS, MAX_PROBLEMS, JsonSchemaChecker

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "ages": {"type": "array", "items": {"type": "integer"}}},
    "required": ["name"],
}


def test_a_valid_value_has_no_problems() -> None:
    assert JsonSchemaChecker().problems(PERSON, {"name": "Ana", "ages": [1]}) == []


def test_each_problem_says_where_and_what() -> None:
    problems = JsonSchemaChecker().problems(PERSON, {"ages": [1, "two"]})

    assert sorted(problems) == ['(whole): "name" is a required property', 'ages[1]: "two" is not of type "integer"']


def test_problems_are_bounded_in_number_and_length() -> None:
    problems = JsonSchemaChecker().problems({"items": {"type": "null"}}, ["x" * 5_000] * 50)

    assert len(problems) == MAX_PROBLEMS
    assert all(len(problem) <= MAX_PROBLEM_CHARS for problem in problems)


@pytest.mark.parametrize(
    "schema", [{"type": "nope"}, {"type": 5}, {"properties": []}, {"pattern": "((("}, {"$ref": "#/missing"}]
)
def test_a_schema_that_is_none_is_a_value_error(schema: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="JSON schema"):
        JsonSchemaChecker().problems(schema, {})


def test_a_remote_reference_is_refused_and_never_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]

        with pytest.raises(ValueError, match="JSON schema"):
            JsonSchemaChecker().problems({"$ref": f"http://127.0.0.1:{port}/schema.json"}, {})
        with pytest.raises(ValueError, match="JSON schema"):
            JsonSchemaChecker().problems({"$ref": "file:///etc/hostname"}, {})

        with pytest.raises(TimeoutError):
            server.accept()


def test_validators_are_kept_up_to_a_limit() -> None:
    checker = JsonSchemaChecker(max_cached=2)

    for bound in range(5):
        assert checker.problems({"maximum": bound}, bound) == []
        assert checker.problems({"maximum": bound}, bound + 1) != []

    assert len(checker._validators) == 2


def test_threads_share_one_checker() -> None:
    checker, wrong = JsonSchemaChecker(max_cached=1), []

    def check(bound: int) -> None:
        for value in range(50):
            if bool(checker.problems({"maximum": bound}, value)) != (value > bound):
                wrong.append((bound, value))

    threads = [threading.Thread(target=check, args=(bound,)) for bound in (10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array", "string", "integer", "null", "boolean"]),
        "required": st.lists(st.sampled_from("abc"), unique=True, max_size=2),
        "items": st.sampled_from([{"type": "string"}, {"minimum": 0}]),
        "enum": st.lists(st.integers(0, 3) | st.sampled_from("ab"), min_size=1, max_size=3, unique_by=str),
        "maxLength": st.integers(0, 3),
        "additionalProperties": st.booleans(),
    },
)


@settings(max_examples=200, deadline=None)
@given(schema=SCHEMAS, value=VALUES)
def test_agrees_with_an_independent_checker(schema: dict[str, object], value: object) -> None:
    ours = not JsonSchemaChecker().problems(schema, value)

    assert ours == jsonschema.Draft202012Validator(schema).is_valid(value)
