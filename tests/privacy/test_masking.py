from tollhouse.domain.privacy import Placeholders
from tollhouse.privacy.masking import Masking, taken_in


def test_values_are_numbered_by_type_as_they_first_appear() -> None:
    masking = Masking()

    names = [masking.name(*each) for each in (("PERSON", "Ana"), ("IBAN", "CH1"), ("PERSON", "Bo"), ("PERSON", "Ana"))]

    assert names == ["PERSON_1", "IBAN_1", "PERSON_2", "PERSON_1"]
    assert masking.originals == {"PERSON_1": "Ana", "IBAN_1": "CH1", "PERSON_2": "Bo"}


def test_what_the_caller_wrote_stays_the_callers() -> None:
    taken = taken_in(["Use <PERSON_1> and <Person 2>.", "IBAN\\_1, <CITY_1>"], {"PERSON", "IBAN"})
    masking = Masking(taken)

    assert taken == {"PERSON_1", "PERSON_2", "IBAN_1"}
    assert [masking.name("PERSON", "Ana"), masking.name("IBAN", "CH1")] == ["PERSON_3", "IBAN_2"]


def test_the_same_request_gets_the_same_placeholders() -> None:
    first, second = Masking(), Masking()

    for masking in (first, second):
        for value in ("Ana", "Bo", "Cy"):
            masking.name("PERSON", value)

    assert first.originals == second.originals


def test_numbers_can_begin_beyond_those_of_an_earlier_conversation() -> None:
    assert Masking(earlier=Placeholders(4711)).name("PERSON", "Ana") == "PERSON_4711"


def test_a_later_turn_goes_on_with_the_names_of_the_earlier_ones() -> None:
    earlier = Masking(earlier=Placeholders(4711))
    earlier.name("PERSON", "Ana")

    later = Masking(earlier=earlier.placeholders)

    names = [later.name(*each) for each in (("PERSON", "Bo"), ("PERSON", "Ana"), ("IBAN", "CH1"))]
    assert names == ["PERSON_4712", "PERSON_4711", "IBAN_4711"]
    assert later.originals == {"PERSON_4711": "Ana", "PERSON_4712": "Bo", "IBAN_4711": "CH1"}
    assert set(later.types) == {"PERSON", "IBAN"}
