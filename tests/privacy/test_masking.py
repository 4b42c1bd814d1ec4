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
    assert Masking(first=4711).name("PERSON", "Ana") == "PERSON_4711"
