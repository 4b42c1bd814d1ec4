"""YAML 1.2: what scalars mean, what is refused, and that every value knows its line."""

import json
import math

import pytest

from tollhouse.config.problems import InvalidConfig
from tollhouse.config.yaml import (
    ALIASES_MAX,
    DEPTH_MAX,
    NUMBER_CHARACTERS_MAX,
    Items,
    Members,
    Scalar,
    WrittenFloat,
    WrittenInt,
    parse,
    plain,
    resolve,
)


def read(text: str) -> object:
    node, problems = parse(text, "t.yaml")
    assert not problems
    return plain(node)


def refusal(text: str) -> str:
    with pytest.raises(InvalidConfig) as caught:
        parse(text, "t.yaml")
    return str(caught.value.problems[-1])


@pytest.mark.parametrize(
    "text", ["off", "no", "on", "yes", "Yes", "n", "1_000", "12:30:45", "2026-10-01", "0b11", "1e", "+", "."]
)
def test_what_yaml_1_1_guessed_is_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("", None), ("null", None), ("NULL", None), ("true", True), ("FALSE", False), ("0o17", 15),
        ("0x1F", 31), ("017", 17), ("-12", -12), ("+3", 3), ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0),
        ("-.inf", -math.inf),
    ],
)  # fmt: skip
def test_the_core_schema_decides_what_a_plain_scalar_is(text: str, value: object) -> None:
    found = resolve(text)

    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


def test_nan_is_a_float() -> None:
    assert isinstance(found := resolve(".nan"), float)
    assert math.isnan(found)


def test_numbers_remember_how_they_were_written() -> None:
    whole, part = resolve("007"), resolve("0.10")

    assert isinstance(whole, WrittenInt)
    assert isinstance(part, WrittenFloat)
    assert (whole.text, part.text) == ("007", "0.10")


def test_a_number_longer_than_the_limit_is_text() -> None:
    assert resolve("9" * NUMBER_CHARACTERS_MAX) == 10**NUMBER_CHARACTERS_MAX - 1
    assert resolve("9" * (NUMBER_CHARACTERS_MAX + 1)) == "9" * (NUMBER_CHARACTERS_MAX + 1)


def test_quoted_scalars_are_text() -> None:
    assert read("a: \"1\"\nb: 'true'\nc: |\n  2\n") == {"a": "1", "b": "true", "c": "2\n"}


def test_every_value_and_key_knows_its_line() -> None:
    node, _ = parse("a: 1\nb:\n  - x\n  - y\n", "t.yaml")

    assert isinstance(node, Members)
    assert isinstance(node.members["b"], Items)
    assert str(node.members["b"].items[1].mark) == "t.yaml:4"
    assert str(node.key_marks["b"]) == "t.yaml:2"


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_valid(indent: int | str | None) -> None:
    value = {"a": [1, 2.5, "x\ty", None, True], "b": {"c": '\U0001f600 é / \\ "'}, "off": "off"}

    assert read(json.dumps(value, indent=indent)) == {"a": (1, 2.5, "x\ty", None, True), "b": value["b"], "off": "off"}


def test_half_of_an_escaped_character_is_refused() -> None:
    assert (
        refusal('{"a": "\\ud83d"}')
        == "t.yaml:1: half of an escaped character; write both halves, or the character itself"
    )


def test_a_duplicate_key_names_both_lines() -> None:
    _, problems = parse("a: 1\nb: 2\na: 3\n", "t.yaml")

    assert [str(problem) for problem in problems] == [
        "t.yaml:3: `a` is given twice (first at t.yaml:1); remove one of them"
    ]


def test_a_tag_is_refused_with_its_line() -> None:
    _, problems = parse("a: 1\nb: !!python/object:os.system x\n", "t.yaml")

    assert str(problems[0]).startswith("t.yaml:2: tags")


def test_an_alias_repeats_a_value() -> None:
    assert read("a: &x {k: 1}\nb: *x\n") == {"a": {"k": 1}, "b": {"k": 1}}


def test_a_merge_key_is_just_a_key() -> None:
    assert read("a: &x {k: 1}\nb: {<<: *x}\n") == {"a": {"k": 1}, "b": {"<<": {"k": 1}}}


def test_an_alias_to_itself_is_refused() -> None:
    assert refusal("a: &x\n  b: *x\n").startswith("t.yaml:2: an alias")


def test_nested_aliases_cannot_fill_the_memory() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    assert "aliases expanded" in refusal("\n".join(lines))


def test_aliases_are_counted() -> None:
    assert read("a: &x 1\nb: [" + "*x ," * ALIASES_MAX + "]")
    assert f"more than {ALIASES_MAX} aliases" in refusal("a: &x 1\nb: [" + "*x ," * (ALIASES_MAX + 1) + "]")


def test_depth_is_limited() -> None:
    assert read("[" * DEPTH_MAX + "]" * DEPTH_MAX)
    assert f"deeper than {DEPTH_MAX}" in refusal("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1))
    assert f"deeper than {DEPTH_MAX}" in refusal("[" * 100_000)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "t.yaml:3: not valid YAML"),
        ("a: 1\nb: x: y\n", "t.yaml:2: not valid YAML"),
        ("a:\n\t- 1\n", "t.yaml:2: not valid YAML"),
        ("a: 1\nb: \x01\n", "t.yaml:2: a character that YAML does not allow"),
        ("a: 1\n---\nb: 2\n", "t.yaml:2: a second document begins here"),
        ("a: 1\n? [b]\n: 2\n", "t.yaml:2: a key that is not text"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, start: str) -> None:
    assert refusal(text).startswith(start)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "---\n...\n"])
def test_an_empty_document_says_nothing(text: str) -> None:
    node, _ = parse(text, "t.yaml")

    assert isinstance(node, Members | Scalar)
    assert not plain(node)
