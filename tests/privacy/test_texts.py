import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.privacy.masking import Masking
from tollhouse.privacy.spans import Span
from tollhouse.privacy.texts import Text, places, written


def masked(text: str, *values: str) -> str:
    """Mask values of the text as it reads."""
    read = Text(text)
    spans = [Span(at := read.view.index(value), at + len(value), "PERSON", 1.0) for value in values]
    masking = Masking()
    return written(text, places(read, [], spans), lambda kind, value: f"<{masking.name(kind, value)}>")


def test_prose_is_masked_where_values_stand() -> None:
    assert (
        masked("Write to Anna Meier, not to Jörg.", "Anna Meier", "Jörg") == "Write to <PERSON_1>, not to <PERSON_2>."
    )


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("value", ["Jörg Müller", 'Zoë "Z" Quill', "😀 Ana", "C:\\Weg\n3"])
def test_escaped_values_are_found_and_their_json_stays_json(value: str, layers: int) -> None:
    text = json.dumps({"name": value, "n": 1})
    for _ in range(layers - 1):
        text = json.dumps({"inner": text})

    out = masked(text, value)

    for _ in range(layers - 1):
        out = json.loads(out)["inner"]
    assert json.loads(out) == {"name": "<PERSON_1>", "n": 1}


def test_a_document_keeps_its_shape_when_a_value_goes_across_members() -> None:
    text = '{"street": "Weg 1", "city": "8001 Zug", "phone": 41791234567}'

    assert masked(text, 'Weg 1", "city": "8001 Zug', "41791234567") == (
        '{"street": "<PERSON_1>", "city": "<PERSON_2>", "phone": "<PERSON_3>"}'
    )


def test_a_name_of_a_member_is_masked_if_it_is_a_value() -> None:
    assert masked('{"Anna Meier": true, "city": "x"}', "Anna Meier") == '{"<PERSON_1>": true, "city": "x"}'


def test_escapes_in_prose_are_read_too() -> None:
    assert masked("log: name=M\\u00fcller\\nend", "Müller") == "log: name=<PERSON_1>\\nend"


@given(st.text(), st.integers(0, 3))
def test_every_place_of_a_view_is_found_in_its_text(text: str, layers: int) -> None:
    for _ in range(layers):
        text = json.dumps(text)[1:-1]
    read = Text(text)

    at = [read.place(place) for place in range(len(read.view) + 1)]

    assert at[0] == 0
    assert at[-1] == len(text)
    assert at == sorted(at)
    for start in range(len(read.view)):
        piece = text[at[start] : at[start + 1]]
        assert Text(piece).view == read.view[start] or len(piece) == 1


def test_a_long_document_is_cut_in_time_linear_in_its_length() -> None:
    draw = random.Random(7)
    text = json.dumps([{"name": f"Anna {number}", "n": draw.random()} for number in range(5_000)])
    found = [Span(at, at + 4, "PERSON", 1.0) for at in range(len(text)) if text.startswith("Anna", at)]

    out = written(text, places(Text(text), found, []), lambda kind, value: "<X_1>")

    assert json.loads(out)[-1]["name"] == "<X_1> 4999"
