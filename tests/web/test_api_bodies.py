"""Bodies of `/api` are read strictly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.errors import InvalidJson, InvalidRequest
from tollhouse.web.api.body import Document, parse_body, strict_json
from tollhouse.web.api.budgets import NewBudget
from tollhouse.web.api.keys import NewKey, Rotation


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"{", "not valid JSON"),
        (b'{"a": 1} {"a": 2}', "not valid JSON"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b'{"a": {"b": 1, "b": 2}}', "'b' stands twice"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": -Infinity}', "not a number"),
        (b'{"a": 1e999}', "too large a number"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": "\\ud800"}', "half a character"),
        (b'{"\\udfff": 1}', "half a character"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not valid JSON"),
    ],
)
def test_what_is_not_one_plain_json_object_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(InvalidJson, match=message):
        strict_json(raw)


Json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), Json, max_size=4))
def test_whatever_json_can_say_is_read_as_it_was_written(members: dict[str, object]) -> None:
    text = json.dumps(members)

    try:
        read = strict_json(text.encode())
    except InvalidJson as error:
        assert "half a character" in error.message  # noqa: PT017 - the one thing that Python writes and we refuse
    else:
        assert read == members


@pytest.mark.parametrize(
    ("body", "param", "message"),
    [
        ('{"name": "k", "team": "t"}', "reason", "`reason` is missing"),
        ('{"name": "k", "team": "t", "reason": "x", "expire": null}', "expire", "did you mean 'expires'?"),
        ('{"name": "k", "team": "t", "reason": "x", "zzz": 1}', "zzz", "there are reason, name, team"),
        ('{"nam": "k", "team": "t", "reason": "x"}', "nam", "did you mean 'name'?"),
        ('{"name": "k", "team": "t", "reason": 5}', "reason", "`reason`"),
        ('{"name": "k", "team": "t", "reason": ""}', "reason", "`reason`"),
        ('{"name": "k", "team": "t", "reason": "x", "models": [1]}', "models.0", "`models.0`"),
    ],
)
def test_a_member_that_does_not_fit_is_refused_by_name(body: str, param: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_body(body.encode(), NewKey)

    assert refused.value.param == param
    assert message in refused.value.message


@pytest.mark.parametrize("overlap", ["1.5", '"1"', "-1", "true", "null"])
def test_no_type_is_guessed(overlap: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_body(f'{{"overlap_ms": {overlap}, "reason": "x"}}'.encode(), Rotation)


def test_money_is_text() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_body(b'{"limit_usd": 12.5, "period": "day", "reason": "x"}', NewBudget)

    assert refused.value.param == "limit_usd"


def test_a_document_keeps_what_is_not_ours() -> None:
    body = parse_body(b'{"reason": "x", "version": 3, "budget": null, "rate": {"concurrency": 1}}', Document)

    assert (body.reason, body.version) == ("x", 3)
    assert body.members == {"budget": None, "rate": {"concurrency": 1}}
