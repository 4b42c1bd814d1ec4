"""The schema that editors use: draft 07, and it agrees with what `load` takes."""

from pathlib import Path

import jsonschema
import pytest

from config_files import SMALL, loaded, problems, small
from tollhouse.config.schema import FILE_NAME, FIRST_LINE, known_keys, schema
from tollhouse.config.yaml import parse, plain

HERE = Path(__file__).parent


def complaints(text: str) -> list[str]:
    node, _ = parse(text, "t.yaml")
    return [error.message for error in jsonschema.Draft7Validator(schema()).iter_errors(_lists(plain(node)))]


def test_it_is_a_valid_schema_of_draft_07() -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    assert schema()["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert FILE_NAME in FIRST_LINE


@pytest.mark.parametrize(
    "text",
    [
        SMALL,
        (HERE / "example.yaml").read_text(),
        "",
        "server:\nmodels: null\nkeys:\n",
        'server: {drain_ms: "${DRAIN}", listen: "${LISTEN}"}\nstorage: {journal_fsync: "${FSYNC}"}',
        "organisation: {budget: {limit_usd: 12.5, period: day}}",
        "models: {fast: {deployments: [{provider: x, model: y}], breaker: off}}",
    ],
)
def test_what_loads_satisfies_it(text: str) -> None:
    assert complaints(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "serverr: {}",
        "server: {workers: many}",
        "organisation: {budget: {limit_usd: 1}}",
        "teams: []",
        "keys: [{name: a}]",
    ],
)
def test_what_does_not_load_is_marked(text: str, tmp_path: Path) -> None:
    assert complaints(text)
    assert problems(tmp_path, text)


def test_it_knows_the_keys_at_every_place() -> None:
    assert "listen" in known_keys(["server"])
    assert "weight" in known_keys(["models", "fast", "deployments", 0])
    assert "limit_usd" in known_keys(["use_cases", "x", "budget"])
    assert "ttl_s" in known_keys(["use_cases", "x", "cache"])
    assert known_keys(["use_cases"]) == ()
    assert known_keys(["nowhere", "at", "all"]) == ()


def test_the_helper_configuration_loads(tmp_path: Path) -> None:
    from config_files import as_json

    assert loaded(tmp_path, as_json(small()))


def _lists(value: object) -> object:
    if isinstance(value, dict):
        return {key: _lists(member) for key, member in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
