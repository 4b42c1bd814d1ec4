from tollhouse.privacy.spans import Span
from tollhouse.privacy.spread import spread

TEXTS = ["My name is Keller.", "Keller called, Kellers shop, 1Keller, KELLER.", "Ann"]


def test_what_a_context_told_in_one_text_is_found_in_the_others() -> None:
    found = [[Span(11, 17, "PERSON", 0.7)], [], []]

    assert spread(TEXTS, found) == [[Span(11, 17, "PERSON", 0.7)], [Span(0, 6, "PERSON", 0.7)], []]


def test_what_a_checksum_told_is_found_everywhere_anyway() -> None:
    found: list[list[Span]] = [[Span(11, 17, "IBAN", 1.0)], [], []]

    assert spread(TEXTS, found) == found


def test_short_values_stay_where_they_were_found() -> None:
    found: list[list[Span]] = [[], [], [Span(0, 3, "PERSON", 0.7)]]

    assert spread([*TEXTS[:2], "Ann", "Ann"], [*found, []]) == [*found, []]
