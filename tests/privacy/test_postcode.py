"""What the recogniser of postcodes must catch, and what it must leave alone."""

import time

import pytest

from tollhouse.privacy.reading import Reading
from tollhouse.privacy.recognisers.postcode import PostcodeRecogniser

POSTCODES = PostcodeRecogniser()

CAUGHT = [
    ("my postcode is RH3 2BL", ["RH3 2BL"]),
    ("It's not WS28 0ZR, it is M1 1AE.", ["WS28 0ZR", "M1 1AE"]),
    ("Ottawa K1A 0B1", ["K1A 0B1"]),
    ("1017 GA Amsterdam", ["1017 GA"]),
    ("ZIP code: 90210", ["90210"]),
    ("he moved to Beverly Hills, CA 90210-1234", ["90210-1234"]),
    ("Meine PLZ ist 8400.", ["8400"]),
    ("What is your zip code? It's 90210", ["90210"]),
    ("Die Postleitzahl lautet nicht 10115", []),
    ("in 10115 Berlin gemeldet", ["10115"]),
    ("Er wohnt in CH-8001 Zürich", ["CH-8001"]),
    ("mon code postal est 75002", ["75002"]),
    ("elle habite à 69003 Lyon", ["69003"]),
    ("He works for Allianz in Acquapendente 1021 in a team", ["1021"]),
    ("an office in ÖVERTURINGEN 840 24 in spring", ["840 24"]),
    ("from Quinta de São Tiago 3610-114 in May", ["3610-114"]),
    ("his town is Boise, Idaho 83701", ["83701"]),
    ("an office in Sydney NSW 2000", ["2000"]),
    ("00-625 Warszawa", ["00-625"]),
]

LEFT_ALONE = [
    "He paid 12345 in 2019.",
    "in March 2015 we had 1500 customers in Berlin",
    "in Section 1021 of the Act",
    "vom 10. Juli 2014, BVerfGE 132, 302",
    "im Jahr 2014 in 5000 Fällen",
    "en 2014 dans 3000 cas",
    "Call 044 123 45 67 or 555-1234.",
    "the Ford F-250 and the Boeing B-52",
    "invoice 20345, order 99-123",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in POSTCODES.find(Reading(text))]


@pytest.mark.parametrize(("text", "postcodes"), CAUGHT)
def test_postcodes_are_found(text: str, postcodes: list[str]) -> None:
    assert found(text) == postcodes


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_postcode_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("unit", ["12345 ", "in A 1234 ", "A1A ", "1234 AB ", "Aa " * 9 + "1234 "])
def test_time_grows_with_the_length_of_the_text_only(unit: str) -> None:
    short, long = unit * (4_000 // len(unit)), unit * (32_000 // len(unit))

    took_short, took_long = (min(took(text) for _ in range(3)) for text in (short, long))

    assert took_long < 8 * took_short * 4 + 0.05  # eight times as long; quadratic would be sixty-four


def took(text: str) -> float:
    began = time.process_time()
    list(POSTCODES.find(Reading(text)))
    return time.process_time() - began
