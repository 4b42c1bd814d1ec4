import json
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.privacy.masking import Masking
from tollhouse.privacy.placeholders import HOLD_MAX_CHARS
from tollhouse.privacy.restoring import Restorer, restored

VALUES_TRIED = 1_000
SEED = 20260718

WRITTEN = (
    ("<PERSON_1>", "Anna Meier"),
    ("<Person_1>", "Anna Meier"),
    ("<person_1>", "Anna Meier"),
    ("<PERSON 1>", "Anna Meier"),
    ("<PERSON-1>", "Anna Meier"),
    ("< PERSON_1 >", "Anna Meier"),
    ("<PERSON_1>'s", "Anna Meier's"),
    ("<PERSON_1>s", "Anna Meiers"),
    ("<PERSON_1's>", "Anna Meier's"),
    ("<PERSON_1s>", "Anna Meiers"),
    ("<PERSON\\_1>", "Anna Meier"),
    ("\\<PERSON_1\\>", "Anna Meier"),
    ("**<PERSON_1>**", "**Anna Meier**"),
    ("&lt;PERSON_1&gt;", "Anna Meier"),
    ("\\u003cPERSON_1\\u003e", "Anna Meier"),
    ("\\\\u003CPERSON_1\\\\u003E", "Anna Meier"),
    ("%3CPERSON_1%3E", "Anna%20Meier"),
    ("PERSON_1", "Anna Meier"),
    ("(PERSON_1)", "(Anna Meier)"),
    ("PERSON\\_1,", "Anna Meier,"),
    ("PERSON_1's", "Anna Meier's"),
    ("Dear,\\nPERSON_1", "Dear,\\nAnna Meier"),
    ("<see PERSON_1>", "<see Anna Meier>"),
    ("<<PERSON_1>>", "<Anna Meier>"),
    ("<PERSON_1><PERSON_1>", "Anna MeierAnna Meier"),
    ("<Date of Birth_1>", "3 May 1980"),
    ("<DATE\\_OF\\_BIRTH\\_1>", "3 May 1980"),
    ("DATE_OF_BIRTH_1.", "3 May 1980."),
)
LEFT = (
    "<PERSON_2>",
    "<PERSON_10>",
    "<PERSON_01>",
    "<PERSON_>",
    "<PERSON_1",
    "<PERSONS_1>",
    "<EMAIL_ADDRESS_1>",
    "<PERSONNE_1>",
    "Person 1",
    "person_1",
    "xPERSON_1",
    "PERSON_1x",
    "PERSON_12",
    "MY_PERSON_1",
    "PERSON_1_OLD",
    "a < b && c > PERSON",
    "\\u003c \\ & %3",
)


def a_masking() -> Masking:
    masking = Masking()
    masking.name("PERSON", "Anna Meier")
    masking.name("DATE_OF_BIRTH", "3 May 1980")
    return masking


@pytest.mark.parametrize(("written", "said"), WRITTEN)
def test_a_placeholder_comes_back_however_the_model_wrote_it(written: str, said: str) -> None:
    for before, after in (("", ""), ("It is ", " indeed."), ("“", "”")):
        assert restored(before + written + after, a_masking()) == before + said + after


@pytest.mark.parametrize("written", LEFT)
def test_what_is_no_placeholder_of_this_call_stays(written: str) -> None:
    expected = {"<PERSON_1": "<Anna Meier"}.get(written, written)

    assert restored(written, a_masking()) == expected


@pytest.mark.parametrize("written", [*(each for each, _ in WRITTEN), *LEFT])
def test_every_way_of_cutting_a_text_gives_the_same(written: str) -> None:
    text = f"Anna <{written} & P {written}> end DATE_OF"
    expected = restored(text, a_masking())

    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            assert in_pieces([text[:first], text[first:second], text[second:]], a_masking()) == expected


def test_a_thousand_values_come_back_across_every_split() -> None:
    draw = random.Random(SEED)
    for number in range(VALUES_TRIED):
        masking = Masking()
        kind = draw.choice(["PERSON", "EMAIL_ADDRESS", "IBAN", "DATE_OF_BIRTH"])
        value = a_value(draw)
        before, after = some_prose(draw), some_prose(draw)
        text = f"{before}<{masking.name(kind, value)}>{after}"
        is_json = number % 2 == 0
        expected = before + (json.dumps(value, ensure_ascii=False)[1:-1] if is_json else value) + after

        for cut in range(len(text) + 1):
            assert in_pieces([text[:cut], text[cut:]], masking, is_json=is_json) == expected


@given(st.lists(st.text("<>&lt;PERSON_12\\u03ce%C '\n", max_size=12), max_size=8))
def test_any_text_in_any_pieces_is_as_the_whole(pieces: list[str]) -> None:
    assert in_pieces(pieces, a_masking()) == restored("".join(pieces), a_masking())


@given(st.text())
def test_a_text_without_placeholders_is_untouched(text: str) -> None:
    assert restored(text, a_masking()) == text


def test_what_is_held_back_is_bounded() -> None:
    restorer = Restorer(a_masking())

    out = "".join(restorer.feed(piece) for piece in "<" * 10_000 + "\\" * 10_000 + "PERSON_" * 10_000)

    assert len(out) >= 90_000 - HOLD_MAX_CHARS


def test_nothing_is_held_of_a_text_that_cannot_become_a_placeholder() -> None:
    restorer = Restorer(a_masking())

    for piece in ("Hello", " world", " <b>", "x < y", " and Co", "."):
        assert restorer.feed(piece) == piece
        assert not restorer.holds


ADDRESS = 'Anna "Nan" Meier\nC:\\Weg 3'


def test_originals_are_escaped_in_json_text_and_nowhere_else() -> None:
    masking = Masking()
    masking.name("PERSON", ADDRESS)
    escaped = json.dumps(ADDRESS)[1:-1]

    assert restored('{"to": "<PERSON_1>"}', masking, is_json=True) == f'{{"to": "{escaped}"}}'
    assert restored(' {"to": "<PERSON_1>"}', masking) == f' {{"to": "{escaped}"}}'
    assert (
        restored('Here:\n```json\n{"to": "<PERSON_1>"}\n```', masking) == f'Here:\n```json\n{{"to": "{escaped}"}}\n```'
    )
    assert restored("Here:\n```json\n{}\n```\nTo <PERSON_1>", masking) == f"Here:\n```json\n{{}}\n```\nTo {ADDRESS}"
    assert restored("To <PERSON_1>", masking) == f"To {ADDRESS}"


def test_originals_are_escaped_for_html_where_the_placeholder_was() -> None:
    masking = Masking()
    masking.name("PERSON", "Müller & Söhne")

    assert restored("<b>&lt;PERSON_1&gt;</b>", masking) == "<b>Müller &amp; Söhne</b>"


def in_pieces(pieces: list[str], masking: Masking, *, is_json: bool = False) -> str:
    restorer = Restorer(masking, is_json=is_json)
    return "".join([*(restorer.feed(piece) for piece in pieces), restorer.last()])


def a_value(draw: random.Random) -> str:
    letters = string.ascii_letters + string.digits + " @.+-_'\"\\/\n<>&äéßøŁ北🙂"
    return "".join(draw.choices(letters, k=draw.randint(1, 24)))


def some_prose(draw: random.Random) -> str:
    words = ["to", "Zürich", "<b>", "PERSON", "a<b", "&amp;", "\\n", "P", "100 %", "…", "DATE_OF", "_1>"]
    return " ".join(draw.choices(words, k=draw.randint(0, 5))) + draw.choice([" ", "", "(", "“"])
