import json

import pytest

from privacy_words import CHAT, PEOPLE, Failing, Words, a_room, asked, masked, sent
from tollhouse.domain.errors import DetectorFailed, InvalidJson, PrivacyBlocked
from tollhouse.domain.privacy import BLOCK, MASK, OBSERVE, PrivacyRules, Told, read_told
from tollhouse.privacy.detector import Detector

PERSONAL = {"model": "m", "messages": [{"role": "user", "content": "Anna Meier, a.m@x.ch and b.m@x.ch"}]}
HARMLESS = {"model": "m", "messages": [{"role": "user", "content": "Good morning."}]}


async def test_a_record_tells_classes_and_counts() -> None:
    for mode in (OBSERVE, MASK, BLOCK):
        examined = await a_room().examine(asked(PERSONAL), PrivacyRules(mode))

        assert str(examined.told) == f"{mode} EMAIL_ADDRESS=2 PERSON=1"


async def test_observing_changes_nothing() -> None:
    request = asked(PERSONAL)

    found = (await a_room().examine(request, PrivacyRules(OBSERVE))).masked(CHAT.name)

    assert found.asked is request
    assert found.restore is None


async def test_blocking_names_classes_and_places_and_no_value() -> None:
    examined = await a_room().examine(asked(PERSONAL), PrivacyRules(BLOCK))

    with pytest.raises(PrivacyBlocked) as caught:
        examined.masked(CHAT.name)

    assert (caught.value.status, caught.value.code) == (403, "privacy_blocked")
    assert caught.value.message == (
        "The use case does not let this leave: 2 EMAIL_ADDRESS, 1 PERSON in messages[0].content."
    )


async def test_blocking_lets_a_harmless_request_through() -> None:
    request = asked(HARMLESS)

    assert (await a_room().examine(request, PrivacyRules(BLOCK))).masked(CHAT.name).asked is request


@pytest.mark.parametrize("mode", [MASK, BLOCK])
async def test_a_detector_that_fails_refuses_the_call(mode: str) -> None:
    with pytest.raises(DetectorFailed) as caught:
        await a_room(Failing()).examine(asked(HARMLESS), PrivacyRules(mode))

    assert "Good morning" not in caught.value.message


async def test_a_detector_that_fails_while_observing_refuses_nothing_and_says_so() -> None:
    request = asked(HARMLESS)

    examined = await a_room(Failing()).examine(request, PrivacyRules(OBSERVE))

    assert str(examined.told) == "observe unexamined"
    assert examined.masked(CHAT.name).asked is request


async def test_what_cannot_be_read_with_certainty_is_refused_unless_it_is_observed() -> None:
    request = CHAT.read(b'{"model":"m","messages":[{"role":"user","content":"x","content":"y"}]}')

    with pytest.raises(InvalidJson):
        await a_room().examine(request, PrivacyRules(MASK))
    assert not (await a_room().examine(request, PrivacyRules(OBSERVE))).told.examined


async def test_a_value_found_by_its_context_is_masked_in_the_rest_of_the_request() -> None:
    room = a_room(Words(PERSON=r"(?<=name is )Keller"))
    body = {"model": "m", "messages": [{"role": "user", "content": each} for each in ("My name is Keller", "Keller!")]}

    found = (await room.examine(asked(body), PrivacyRules(MASK))).masked(CHAT.name)

    said = json.loads(found.asked.members["messages"])
    assert [message["content"] for message in said] == ["My name is <PERSON_1>", "<PERSON_1>!"]


async def test_a_conversation_that_the_provider_holds_gets_numbers_of_its_own() -> None:
    first = {"model": "m", "input": "I am Anna Meier", "previous_response_id": "resp_1"}

    one = sent(await masked(first, "/v1/responses"))["input"]
    other = sent(await masked({**first, "input": "I am Jörg Müller"}, "/v1/responses"))["input"]

    assert one == sent(await masked(first, "/v1/responses"))["input"]
    assert one != other
    assert int(str(one).rpartition("_")[2].rstrip(">")) >= 1_000


async def test_use_cases_that_say_the_same_share_a_detector() -> None:
    room = a_room()

    first = room.detector(PrivacyRules(MASK, patterns=(("staff", "S[0-9]{5}"),)))

    assert first is room.detector(PrivacyRules(BLOCK, patterns=(("staff", "S[0-9]{5}"),)))
    assert first is not room.detector(PrivacyRules(MASK))
    assert isinstance(first, Detector)
    assert first.types == {*PEOPLE.types, "STAFF"}


@pytest.mark.parametrize(
    "told",
    [
        Told("off", examined=False),
        Told("mask", {"PERSON": 2, "EMAIL_ADDRESS": 1}, {"image": 3}),
        Told("observe", examined=False),
    ],
)
def test_a_record_is_read_as_it_was_written(told: Told) -> None:
    assert read_told(str(told)) == told
