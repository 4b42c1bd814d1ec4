"""Personal data and a whole house: what reaches the provider, what comes back, and what the record says."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from flow_house import Tree, route, tree, use_case
from inner_house import API_KEY, CHAT, InnerHouse, inner_house
from privacy_words import PEOPLE, Failing
from tollhouse.domain.calls import Call, Outcome
from tollhouse.domain.errors import DetectorFailed, PrivacyBlocked, TollhouseError
from tollhouse.domain.sse import data_of
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.gateway.terms import Terms
from tollhouse.privacy.recogniser import Recogniser

NAME, MAIL, PHONE = 'Zoë "Z" Quill', "zoe.quill@example.ch", "+41 79 123 45 67"
SECRETS = ("Quill", MAIL, "79 123", "Jörg", "M\\u00fcller", "Anna Meier")
MODES = ("off", "observe", "mask", "block")
TOOL = {
    "type": "function",
    "function": {"name": "mail", "parameters": {"type": "object", "properties": {"to": {"type": "string"}}}},
}
HISTORY: Sequence[Tree] = (
    {"role": "system", "content": "You answer for Anna Meier."},
    {"role": "user", "content": [{"type": "text", "text": f"Mail {NAME}."}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "mail", "arguments": json.dumps({"to": NAME})}}
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"sent": True, "by": "Jörg Müller", "to": MAIL})},
)
QUESTION = f"Dear {NAME}, is it {MAIL} or {PHONE}?"

ROUTES: Mapping[str, Tree] = {
    "/v1/chat/completions": {"messages": [*HISTORY, {"role": "user", "content": QUESTION}], "user": MAIL},
    "/v1/responses": {
        "input": [{"role": "user", "content": f"I am {NAME}"}, {"role": "user", "content": QUESTION}],
        "instructions": "You answer for Anna Meier.",
        "metadata": {"customer": NAME},
        "store": False,
    },
    "/v1/completions": {"prompt": QUESTION, "user": MAIL},
    "/v1/embeddings": {"input": [QUESTION, f"I am {NAME}"]},
    "/v1/moderations": {"input": QUESTION},
}
ANSWERING = tuple(ROUTES)[:3]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a caller heard: each event's JSON, or one error."""

    call: Call
    events: Sequence[Tree] = ()
    error: TollhouseError | None = None

    @property
    def text(self) -> str:
        """All that was said, of every shape that an answer or an event can have."""
        return "".join(_said(event) for event in self.events)


@asynccontextmanager
async def a_house(folder: Path, *recognisers: Recogniser, cached: bool = True) -> AsyncIterator[InnerHouse]:
    settings = tree(
        models={"*": route("*", retries=0)},
        use_cases={mode: use_case(privacy={"mode": mode}, cache={"exact": cached}) for mode in MODES},
        keys=[{"name": "tests", "team": "tests", "use_cases": list(MODES), "secret": "<api_key>"}],
    )
    async with inner_house(folder, settings, recognisers=lambda: recognisers or (PEOPLE,)) as house:
        yield house


async def ask(house: InnerHouse, body: Tree, path: str = "/v1/chat/completions", mode: str = "mask") -> Heard:
    gateway, endpoint = house.house.gateway, ENDPOINTS[path]
    principal = gateway.admission.identify(b"Bearer " + API_KEY.encode())
    asked = endpoint.read(json.dumps({"model": "sim-echo", **body}).encode())
    passage = await gateway.enter(principal, endpoint, asked, Terms("req", use_case=mode))
    events = []
    try:
        async with aclosing(passage.events()) as answer:
            async for event in answer:
                data = data_of(event.data) if asked.streamed else event.data
                if data.strip() != b"[DONE]":
                    events.append(json.loads(data))
    except TollhouseError as error:
        return Heard(passage.call, error=error)
    return Heard(passage.call, events)


def both_ways(path: str) -> Sequence[Tree]:
    """A route's request, streamed and not, where it can be."""
    body = ROUTES[path]
    return (body, {**body, "stream": True}) if path in ANSWERING else (body,)


def sent(house: InnerHouse) -> str:
    """All bodies that reached the provider, as they are."""
    return "\n".join(request.body.decode() for request in house.simulator.requests)


@pytest.mark.parametrize("path", ROUTES)
async def test_nothing_personal_reaches_the_provider_on_any_route(tmp_path: Path, path: str) -> None:
    async with a_house(tmp_path) as house:
        for body in both_ways(path):
            heard = await ask(house, body, path)

            assert heard.error is None
            assert heard.text == (QUESTION if path in ANSWERING else "")
            assert heard.call.privacy.startswith("mask EMAIL_ADDRESS=")
        bodies = sent(house)

    assert not [each for each in SECRETS if each in bodies]
    assert "<PERSON_1>" in bodies


@pytest.mark.parametrize("path", ROUTES)
async def test_nothing_reaches_the_provider_while_the_detector_fails(tmp_path: Path, path: str) -> None:
    async with a_house(tmp_path, PEOPLE, Failing()) as house:
        for mode in ("mask", "block"):
            for body in both_ways(path):
                heard = await ask(house, body, path, mode)

                assert isinstance(heard.error, DetectorFailed)
                assert not any(each in heard.error.message for each in SECRETS)
                assert (heard.call.status, heard.call.privacy) == (503, mode)
        bodies = sent(house)

    assert bodies == ""


async def test_observing_goes_on_while_the_detector_fails_and_says_so(tmp_path: Path) -> None:
    async with a_house(tmp_path, Failing()) as house:
        heard = await ask(house, {"messages": [{"role": "user", "content": QUESTION}]}, mode="observe")

    assert heard.text == QUESTION
    assert heard.call.privacy == "observe unexamined"


async def test_observing_relays_as_it_is_and_records_what_was_there(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        heard = await ask(house, {"messages": [{"role": "user", "content": QUESTION}]}, mode="observe")
        bodies = sent(house)

    assert json.dumps(QUESTION) in bodies
    assert heard.call.privacy == "observe EMAIL_ADDRESS=1 PERSON=1 PHONE_NUMBER=1"


async def test_blocking_refuses_before_anything_is_reserved_or_sent(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        blocked = await ask(house, {"messages": [{"role": "user", "content": QUESTION}]}, mode="block")
        harmless = await ask(house, {"messages": [{"role": "user", "content": "Good morning"}]}, mode="block")
        bodies = sent(house)

    assert isinstance(blocked.error, PrivacyBlocked)
    assert blocked.error.message.endswith("1 EMAIL_ADDRESS, 1 PERSON, 1 PHONE_NUMBER in messages[0].content.")
    assert (blocked.call.status, blocked.call.outcome, blocked.call.attempts) == (403, Outcome.REFUSED, [])
    assert blocked.call.privacy == "block EMAIL_ADDRESS=1 PERSON=1 PHONE_NUMBER=1"
    assert harmless.text == "Good morning"
    assert bodies.count("messages") == 1


@pytest.mark.parametrize("streamed", [False, True])
async def test_several_choices_come_back_each_with_its_own(tmp_path: Path, streamed: bool) -> None:
    body: Tree = {"messages": [{"role": "user", "content": QUESTION}], "n": 3, "stream": streamed}

    async with a_house(tmp_path) as house:
        heard = await ask(house, body)

    said = ["".join(_choices(event, index) for event in heard.events) for index in range(3)]
    assert said == [QUESTION] * 3


@pytest.mark.parametrize("streamed", [False, True])
async def test_arguments_of_a_tool_call_come_back_as_json(tmp_path: Path, streamed: bool) -> None:
    question = [{"role": "user", "content": QUESTION}]
    schema = {"type": "object", "properties": {"to": {"type": "string", "enum": [NAME]}}, "required": ["to"]}
    tool = {"type": "function", "function": {"name": "mail", "parameters": schema}}

    async with a_house(tmp_path) as house:
        heard = await ask(house, {"model": "sim-tool", "messages": question, "tools": [tool], "stream": streamed})
        bodies = sent(house)

    assert "Quill" not in bodies
    assert json.loads("".join(_arguments(event) for event in heard.events)) == {"to": NAME}


@pytest.mark.parametrize("streamed", [False, True])
async def test_structured_output_comes_back_as_json(tmp_path: Path, streamed: bool) -> None:
    schema = {"type": "object", "properties": {"who": {"type": "string", "enum": [NAME]}}, "required": ["who"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    body: Tree = {"model": "sim-json", "messages": [{"role": "user", "content": "Who?"}], "response_format": wanted}

    async with a_house(tmp_path) as house:
        heard = await ask(house, {**body, "stream": streamed})
        bodies = sent(house)

    assert "Quill" not in bodies
    assert json.loads(heard.text) == {"who": NAME}


async def test_the_cache_holds_placeholders_and_each_caller_gets_their_own_data(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        first = await ask(house, {"messages": [{"role": "user", "content": f"I am {NAME}"}]})
        second = await ask(house, {"messages": [{"role": "user", "content": "I am Anna Meier"}]})
        third = await ask(house, {"messages": [{"role": "user", "content": "I am Jörg Müller"}], "stream": True})
        bodies = sent(house)

    assert [first.text, second.text, third.text] == [f"I am {NAME}", "I am Anna Meier", "I am Jörg Müller"]
    assert [first.call.cache, second.call.cache, third.call.cache] == ["miss", "exact", "exact"]
    assert bodies.count("I am <PERSON_1>") == 1


async def test_a_run_gets_originals_and_its_repair_is_masked_too(tmp_path: Path) -> None:
    seen = []

    def repair(body: bytes) -> bytes | None:
        seen.append(_said(json.loads(body)))
        again = {"model": "sim-echo", "messages": [{"role": "user", "content": "Jörg Müller, not Anna Meier"}]}
        return json.dumps(again).encode() if len(seen) == 1 else None

    async with a_house(tmp_path) as house:
        gateway = house.house.gateway
        body = json.dumps({"model": "sim-echo", "messages": [{"role": "user", "content": QUESTION}]}).encode()
        principal = gateway.admission.identify(b"Bearer " + API_KEY.encode())
        passage = await gateway.enter(principal, CHAT, CHAT.read(body), Terms("req", use_case="mask", run="run_1"))
        answer = await passage.answer(repair)
        bodies = sent(house)

    assert seen == [QUESTION]
    assert _said(json.loads(answer)) == "Jörg Müller, not Anna Meier"
    assert not [each for each in SECRETS if each in bodies]
    assert len(passage.call.attempts) == 2


async def test_without_personal_data_a_masked_call_leaves_as_an_unmasked_one(tmp_path: Path) -> None:
    body: Tree = {"messages": [{"role": "user", "content": "Grüezi & <b>"}], "seed": 1.50, "metadata": {"a": "b"}}

    async with a_house(tmp_path) as house:
        for mode in MODES:
            await ask(house, body, mode=mode)
        bodies = {request.body for request in house.simulator.requests}

    assert len(bodies) == 1


def _said(event: Tree) -> str:
    if "choices" in event:
        return _choices(event, 0)
    if event.get("type") == "response.output_text.delta":
        return str(event["delta"])
    if event.get("object") == "response":
        return str(json.loads(json.dumps(event["output"]))[0]["content"][0]["text"])
    return ""


def _choices(event: Tree, index: int) -> str:
    choices = json.loads(json.dumps(event.get("choices", [])))
    said = ""
    for choice in choices:
        if choice["index"] == index:
            message = choice.get("delta") or choice.get("message") or {}
            said += message.get("content") or choice.get("text") or ""
    return said


def _arguments(event: Tree) -> str:
    choices = json.loads(json.dumps(event.get("choices", [])))
    calls = [
        call for each in choices for call in (each.get("delta") or each.get("message") or {}).get("tool_calls") or []
    ]
    return "".join(call["function"].get("arguments", "") for call in calls)
