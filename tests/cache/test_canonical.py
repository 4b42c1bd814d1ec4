"""One spelling for equal values, and never one for two that differ."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.cache.canonical import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def spelled(value: object, *, ascii_only: bool, indent: int | None, backwards: bool) -> bytes:
    turned = _turned(value) if backwards else value
    return json.dumps(turned, ensure_ascii=ascii_only, indent=indent).encode()


def _turned(value: object) -> object:
    if isinstance(value, dict):
        return {name: _turned(value[name]) for name in reversed(value)}
    return [_turned(each) for each in value] if isinstance(value, list) else value


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 3]), st.booleans())
def test_order_of_members_white_space_and_escapes_change_nothing(
    value: object, ascii_only: bool, indent: int | None, backwards: bool
) -> None:
    plain = spelled(value, ascii_only=False, indent=None, backwards=False)
    other = spelled(value, ascii_only=ascii_only, indent=indent, backwards=backwards)

    assert canonical(other) == canonical(plain)
    assert json.loads(canonical(other)) == value


@given(VALUES, VALUES)
def test_two_values_that_differ_are_never_written_alike(one: object, two: object) -> None:
    first, second = json.dumps(one).encode(), json.dumps(two).encode()

    alike = canonical(first) == canonical(second)

    assert alike == (json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (b'"caf\\u00e9"', '"café"'.encode()),
        (b'"\\ud83d\\ude00"', '"😀"'.encode()),
        (b'["a\\/b"]', b'["a/b"]'),
        (b'{"\\u0061":1}', b'{"a":1}'),
        (b'"\\u000A"', b'"\\n"'),
    ],
)
def test_escapes_are_spelling(one: bytes, two: bytes) -> None:
    assert canonical(one) == canonical(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (b"[1]", b"[1.0]"),
        (b"[1.0]", b"[1e0]"),
        (b"[0.1]", b"[0.10000000000000000000001]"),
        (b"[1E5]", b"[1e5]"),
        (b"[18446744073709551616]", b"[18446744073709551617]"),
        (b"[1e400]", b"[1e401]"),
        (b'["1"]', b"[1]"),
        (b'["\xc3\xa9"]', b'["e\xcc\x81"]'),
        (b'["a"]', b'["a "]'),
        (b"[null]", b"[]"),
        (b'{"a":null}', b"{}"),
        (b'{"a":{"b":1}}', b'{"a":1,"b":1}'),
    ],
)
def test_what_a_model_might_see_differently_stays_different(one: bytes, two: bytes) -> None:
    assert canonical(one) != canonical(two)


@pytest.mark.parametrize(
    "value",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'[{"x":{"a":1,"b":2,"a":1}}]',
        b'{ "a" : ":" , "a" : "::" }',
        b'{"a":"\\"","a":1}',
        b'{"a\\\\":1,"a\\\\":2}',
    ],
)
def test_a_name_that_stands_twice_has_no_spelling(value: bytes) -> None:
    with pytest.raises(ValueError, match="twice"):
        canonical(value)


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_a_value_without_repeated_names_is_never_taken_for_one_with(
    value: object, indent: int | None, ascii_only: bool
) -> None:
    canonical(spelled(value, ascii_only=ascii_only, indent=indent, backwards=False))


@pytest.mark.parametrize("value", [b'["\\ud800"]', b'"\\ud800"', b"[" * 100_000, b'{"a"}', b"[1,]"])
def test_what_is_not_json_has_no_spelling(value: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical(value)
