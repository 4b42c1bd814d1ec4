"""The pure rules: tokens, limits, schemas, labels, names, bounds of memory, and the table in the documentation."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollhouse.simulator import DEFAULT_PRICES, Request, RequestLog
from tollhouse.simulator import tokens as rule
from tollhouse.simulator.asked import Refused
from tollhouse.simulator.behaviours import WrongArguments
from tollhouse.simulator.catalogue import MAX_WAIT_MS, ROWS, behaviour_of, find
from tollhouse.simulator.chat import ChatCompletions
from tollhouse.simulator.embeddings import unit_vector
from tollhouse.simulator.failures import HINTS
from tollhouse.simulator.instances import Json, Maker, NoInstance
from tollhouse.simulator.labels import Labels
from tollhouse.simulator.requests import MAX_LOGGED_BYTES, MAX_REQUESTS
from tollhouse.simulator.responses import Responses
from tollhouse.simulator.said import Said, interleaved

DOCS = Path(__file__).parents[2] / "docs" / "simulator.md"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


# --- tokens and limits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("five5", 2), ("öö", 1), ("ööx", 2), ("😀", 1)]
)
def test_a_token_is_four_bytes(text: str, tokens: int) -> None:
    assert rule.count(text) == tokens


@given(texts, st.integers(0, 20))
def test_a_cut_text_is_a_beginning_within_its_limit(text: str, limit: int) -> None:
    cut = rule.cut(text, limit)

    assert text.startswith(cut)
    assert rule.count(cut) <= limit
    assert cut == text or rule.size(cut) > 4 * limit - 4


@given(texts, st.none() | texts.filter(bool), st.integers(0, 5), st.integers(0, 12))
def test_whatever_is_said_stays_within_the_limit(text: str, tool: str | None, hidden: int, limit: int) -> None:
    said = Said(text, tool=tool, hidden_tokens=hidden).limited(limit)

    assert said.tokens <= limit
    assert said.finish == ("stop" if said == Said(text, tool=tool, hidden_tokens=hidden) else "length")


@given(texts, st.integers(1, 3), st.integers(0, 5))
def test_pieces_add_up_to_the_text_and_to_its_tokens(text: str, n: int, hidden: int) -> None:
    said = Said(text, hidden_tokens=hidden)

    pieces = list(interleaved([said] * n))

    assert ["".join(piece for index, piece, _ in pieces if index == choice) for choice in range(n)] == [text] * n
    assert [made for _, _, made in pieces] == sorted(made for _, _, made in pieces)
    assert not pieces or pieces[-1][2] == n * said.tokens


@given(
    st.recursive(texts | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(texts, inner)),
    st.booleans(),
)
@settings(max_examples=40)
def test_there_are_never_more_input_tokens_than_bytes(content: Json, ascii_only: bool) -> None:
    message = {"role": "user", "content": "x", "tool_calls": content}
    parts = {"role": "user", "content": [{"type": "text", "text": "ö"}, {"type": "other", "other": content}]}
    chat = json.dumps(
        {"messages": [message, parts], "tools": [{"type": "other", "x": content}]}, ensure_ascii=ascii_only
    )
    response = json.dumps({"input": [{"type": "other", "x": content}]}, ensure_ascii=ascii_only)

    assert 0 < ChatCompletions().read(chat.encode(), None).tokens_in <= len(chat.encode())
    assert 0 < Responses().read(response.encode(), None).tokens_in <= len(response.encode())


# --- JSON schemas ---------------------------------------------------------------------------------------------------

leaves = st.one_of(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "boolean"},
            {"type": "null"},
            {"type": ["string", "null"]},
            {"const": 3},
            {"type": "string", "format": "date"},
            {"type": "string", "format": "email"},
            {"$ref": "#/$defs/shared"},
            {},
            True,
        ]
    ),
    st.lists(st.sampled_from(["a", "b", 1, None]), min_size=1, unique=True).map(lambda options: {"enum": options}),
    st.tuples(st.integers(-50, 50), st.integers(0, 50)).map(
        lambda at: {"type": "integer", "minimum": at[0], "maximum": at[0] + at[1]}
    ),
    st.tuples(st.integers(-50, 50), st.integers(2, 50)).map(
        lambda at: {"type": "integer", "exclusiveMinimum": at[0], "exclusiveMaximum": at[0] + at[1]}
    ),
    st.tuples(st.floats(-50, 50), st.floats(0.1, 50)).map(
        lambda at: {"type": "number", "exclusiveMinimum": at[0], "exclusiveMaximum": at[0] + at[1]}
    ),
    st.tuples(st.integers(-50, 50), st.integers(1, 9)).map(
        lambda at: {"type": "integer", "minimum": at[0], "multipleOf": at[1]}
    ),
    st.tuples(st.integers(-50, 50), st.integers(1, 9)).map(
        lambda at: {"type": "integer", "maximum": at[0], "multipleOf": at[1]}
    ),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
        lambda at: {"type": "string", "minLength": at[0], "maxLength": at[0] + at[1]}
    ),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abcd"), inner).map(
            lambda members: {
                "type": "object",
                "properties": members,
                "required": list(members),
                "additionalProperties": False,
            }
        ),
        st.tuples(inner, st.integers(0, 3), st.integers(0, 3)).map(
            lambda at: {"type": "array", "items": at[0], "minItems": at[1], "maxItems": at[1] + at[2]}
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
    ),
    max_leaves=8,
)


@given(schemas, st.integers(0, 3))
def test_an_instance_satisfies_its_schema_and_is_always_the_same(schema: Json, draw: int) -> None:
    document: Json = {
        "$defs": {"shared": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}},
        "allOf": [schema],
    }

    instance = Maker(document, draw=str(draw)).instance()

    jsonschema.validate(instance, document)
    assert Maker(document, draw=str(draw)).instance() == instance


def test_a_recursive_schema_ends_and_an_impossible_one_is_refused() -> None:
    node: Json = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
        "required": [],
    }
    endless: Json = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}

    jsonschema.validate(Maker(node, draw="").instance(), node)
    for impossible in (endless, False, {"$ref": "#/nowhere"}):
        with pytest.raises(NoInstance):
            Maker(impossible, draw="").instance()  # type: ignore[arg-type]


def test_a_hint_wins_where_an_enum_offers_it() -> None:
    schema: Json = {"type": "object", "properties": {"a": {"enum": ["x", "y", "z"]}, "b": {"enum": ["p"]}}}

    assert {json.dumps(Maker(schema, draw=str(n), hint="z").instance()) for n in range(9)} == {'{"a": "z", "b": "p"}'}


# --- labels ---------------------------------------------------------------------------------------------------------


def test_a_label_is_found_by_text_by_id_and_inside_a_longer_text() -> None:
    labels = Labels({"no power": "high", "no power at all": "top", "C-1": "low"})

    found = [
        labels.of(text) for text in (" no power ", "about C-1, please", "there is no power at all today", "nothing")
    ]
    assert found == ["high", "low", "top", "unknown"]


def test_a_share_of_labels_is_wrong_and_always_the_same_ones() -> None:
    labels = Labels({str(n): "even" if n % 2 == 0 else "odd" for n in range(500)})

    guesses = [labels.guess(str(n), 80, seed=1) for n in range(500)]

    right = sum(guess == labels.of(str(n)) for n, guess in enumerate(guesses))
    assert 350 < right < 450
    assert guesses == [labels.guess(str(n), 80, seed=1) for n in range(500)]
    assert [labels.guess(str(n), 100, seed=1) for n in range(500)] == [labels.of(str(n)) for n in range(500)]


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "sim-slow:x",
        "sim-slow:-1",
        f"sim-slow:{MAX_WAIT_MS + 1}",
        "sim-slow:1.5",
        "sim-long:²",
        "sim-429:nan",
        "sim-429:1:new",
        "sim-redirect:200",
        "sim-leak:204",
        "sim-not-packed:rot13",
    ],
)
def test_a_wrong_parameter_is_refused(name: str) -> None:
    with pytest.raises(WrongArguments):
        find(name)
    with pytest.raises(Refused):
        behaviour_of(name)


def test_names_take_parameters_and_anything_behind_an_at() -> None:
    assert find("sim-slow:7@eu:west") == find("sim-slow:7")
    assert find("sim-slow:7") != find("sim-slow")
    assert find("sim-slow:") == find("sim-slow")
    assert find("slow") is None


def test_a_vector_has_length_one_and_its_own_direction() -> None:
    vectors = [unit_vector(text, 16) for text in ("a", "b", "")]

    assert all(abs(sum(x * x for x in vector) - 1) < 1e-9 for vector in vectors)
    assert len({tuple(vector) for vector in vectors}) == 3


# --- memory ---------------------------------------------------------------------------------------------------------


def a_request(size: int) -> Request:
    return Request(method="POST", path="/", headers=[], body=b"", connection=1, weight_bytes=size)


def test_the_log_keeps_the_newest_requests_by_number_and_by_size() -> None:
    log = RequestLog()
    for _ in range(MAX_REQUESTS + 5):
        log.add(a_request(1))
    by_number = len(log)
    for _ in range(5):
        log.add(a_request(MAX_LOGGED_BYTES // 2))

    assert (by_number, len(log), log.arrived) == (MAX_REQUESTS, 2, MAX_REQUESTS + 10)


# --- documentation --------------------------------------------------------------------------------------------------


def test_the_documented_table_is_the_table_of_the_code() -> None:
    documented = [
        line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `sim-") and line.count("|") == 6
    ]

    assert documented == [
        f"| `{row.name}` | {row.parameters} | {row.streamed} | {row.whole} | {row.billed} |" for row in ROWS
    ]


def test_the_documented_forms_and_prices_are_those_of_the_code() -> None:
    text = DOCS.read_text("utf-8")

    forms = re.findall(r"^\| `([\w-]+)` \| `(?:retry-after|x-ratelimit)", text, re.MULTILINE)
    assert forms == list(HINTS)
    for model, line in DEFAULT_PRICES.items():
        cached = line.get("cached_input_per_million", line["input_per_million"])
        assert f"| `{model}` | {line['input_per_million']} | {cached} | {line['output_per_million']} |" in text
