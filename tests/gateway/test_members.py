"""A body's members: what is not one clean JSON object is refused, what is passes byte for byte."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.errors import InvalidJson
from tollhouse.gateway.endpoints.members import read_members, write_members

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(names, values, max_size=6)
layouts = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r ")])


@given(value=objects, layout=layouts, ascii_only=st.booleans(), indent=st.sampled_from([None, 0, 3]))
def test_an_object_reads_the_same_however_it_is_laid_out(
    value: dict[str, object], layout: tuple[str, str], ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(value, separators=layout, ensure_ascii=ascii_only, indent=indent).encode()

    members = read_members(body)

    assert list(members) == list(value)
    assert {name: json.loads(raw) for name, raw in members.items()} == value
    assert json.loads(write_members(members)) == value


@given(value=objects.filter(bool), layout=layouts, again=values, where=st.randoms(use_true_random=False))
def test_a_name_that_stands_twice_is_refused_wherever_it_stands(
    value: dict[str, object], layout: tuple[str, str], again: object, where: object
) -> None:
    pairs = list(value.items())
    repeated = where.choice(pairs)[0]  # type: ignore[attr-defined]
    pairs.insert(where.randrange(len(pairs) + 1), (repeated, again))  # type: ignore[attr-defined]
    body = "{" + layout[0].join(f"{json.dumps(n)}{layout[1]}{json.dumps(v)}" for n, v in pairs) + "}"

    with pytest.raises(InvalidJson, match="twice"):
        read_members(body.encode())


def test_a_name_repeated_in_escapes_is_the_same_name() -> None:
    with pytest.raises(InvalidJson, match="twice"):
        read_members(b'{"model":"a","mod\\u0065l":"b"}')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":01}',
        b'{"a":1}}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\x01"}',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":1,}',
        b"{'a':1}",
    ],
)
def test_what_is_not_one_json_object_in_utf8_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidJson):
        read_members(body)


@given(body=st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_else(body: bytes) -> None:
    try:
        members = read_members(body)
    except InvalidJson:
        return

    assert msgspec.json.decode(write_members(members)) == msgspec.json.decode(body)
