"""The official OpenAI client, unchanged, against a whole house: everything an application may already do."""

import asyncio
import base64
import json
import struct
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel

from flow_house import last_call, route, running, sent_bodies, tree, use_case
from tollhouse.testing.house import TestHouse

T = TypeVar("T")

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello there"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
OTHER_KEY = "th-other-team-0123456789"
POOR_KEY = "th-poor-key-0123456789"
LISTED_KEY = "th-listed-key-0123456789"

SETTINGS = tree(
    models={"*": route("*"), "fast": route("sim-echo"), "secret": route("sim-echo")},
    teams={"tests": {}, "others": {}},
    use_cases={
        "tests": use_case(models=["*", "fast"]),
        "others": use_case("others"),
        "listed": use_case("others", ["fast"]),
    },
    keys=[
        {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>"},
        {"name": "other", "team": "others", "use_cases": ["others"], "secret": OTHER_KEY},
        {"name": "listed", "team": "others", "use_cases": ["listed"], "secret": LISTED_KEY},
        {
            "name": "poor",
            "team": "tests",
            "use_cases": ["tests"],
            "secret": POOR_KEY,
            "budget": {"limit_usd": "0.000001", "period": "total"},
        },
    ],
)


class Ticket(BaseModel):
    urgency: str
    count: int


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    with running(SETTINGS) as house:
        yield house


@pytest.fixture(scope="module")
def client(house: TestHouse) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key=house.api_key) as client:
        yield client


def asynchronously(house: TestHouse, ask: Callable[[openai.AsyncOpenAI], Awaitable[T]]) -> T:
    async def asking() -> T:
        async with openai.AsyncOpenAI(base_url=house.base_url, api_key=house.api_key) as client:
            return await ask(client)

    return asyncio.run(asking())


# --- chat completions -----------------------------------------------------------------------------------------------


def test_chat(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="sim-echo", messages=HELLO)

    assert answer.choices[0].message.content == "hello there"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 6


def test_chat_asynchronously(house: TestHouse) -> None:
    async def ask(client: openai.AsyncOpenAI) -> str | None:
        answers = await asyncio.gather(
            *(client.chat.completions.create(model="sim-echo", messages=HELLO) for _ in range(8))
        )
        return answers[-1].choices[0].message.content

    assert asynchronously(house, ask) == "hello there"


def test_a_stream(client: openai.OpenAI) -> None:
    with client.chat.completions.create(model="sim-echo", messages=HELLO, stream=True) as stream:
        chunks = list(stream)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "hello there"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_a_stream_asynchronously_with_usage(house: TestHouse) -> None:
    async def ask(client: openai.AsyncOpenAI) -> list[openai.types.chat.ChatCompletionChunk]:
        stream = await client.chat.completions.create(
            model="sim-echo", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        return [chunk async for chunk in stream]

    *_, last = asynchronously(house, ask)

    assert last.usage is not None
    assert (last.choices, last.usage.prompt_tokens, last.usage.completion_tokens) == ([], 3, 3)
    assert last.model_extra == {"tollhouse": {"cost_usd": "0.00000675"}}


@pytest.mark.parametrize("streamed", [False, True])
def test_several_choices(client: openai.OpenAI, house: TestHouse, streamed: bool) -> None:
    if streamed:
        with client.chat.completions.create(model="sim-echo", messages=HELLO, n=2, stream=True) as stream:
            indexes = {choice.index for chunk in stream for choice in chunk.choices}
    else:
        answer = client.chat.completions.create(model="sim-echo", messages=HELLO, n=2)
        indexes = {choice.index for choice in answer.choices}

    assert indexes == {0, 1}
    assert last_call(house).tokens_out == 6


def test_a_tool_call_and_its_result(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="sim-tool", messages=HELLO, tools=[WEATHER])  # type: ignore[list-item]
    message = answer.choices[0].message
    assert message.tool_calls is not None
    (call,) = message.tool_calls
    assert call.type == "function"
    result: ChatCompletionMessageParam = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}

    final = client.chat.completions.create(
        model="sim-tool",
        messages=[*HELLO, message, result],  # type: ignore[list-item]
        tools=[WEATHER],  # type: ignore[list-item]
    )

    assert answer.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, list(json.loads(call.function.arguments))) == ("weather", ["city"])
    assert final.choices[0].message.content


def test_a_streamed_tool_call_arrives_in_pieces(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="sim-tool", messages=HELLO, tools=[WEATHER]) as stream:  # type: ignore[list-item]
        pieces = [event for event in stream if event.type == "tool_calls.function.arguments.delta"]
        message = stream.get_final_completion().choices[0].message

    assert len(pieces) > 1
    assert message.tool_calls is not None
    assert list(json.loads(message.tool_calls[0].function.arguments)) == ["city"]


def test_structured_output(client: openai.OpenAI) -> None:
    answer = client.chat.completions.parse(model="sim-json", messages=HELLO, response_format=Ticket)

    assert isinstance(answer.choices[0].message.parsed, Ticket)


def test_structured_output_streamed(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="sim-json", messages=HELLO, response_format=Ticket) as stream:
        answer = stream.get_final_completion()

    assert isinstance(answer.choices[0].message.parsed, Ticket)


def test_content_in_several_media_arrives_as_it_was_written(client: openai.OpenAI, house: TestHouse) -> None:
    picture = "data:image/png;base64," + base64.b64encode(bytes(range(256))).decode()
    content = [
        {"type": "text", "text": "Wie heißt das? \u2028 \U0001f600"},
        {"type": "image_url", "image_url": {"url": picture, "detail": "low"}},
    ]

    answer = client.chat.completions.with_raw_response.create(
        model="sim-echo@picture",
        messages=[{"role": "user", "content": content}],  # type: ignore[misc, list-item]
    )

    (sent,) = sent_bodies(house, "sim-echo@picture")
    asked = answer.http_request.content
    assert messages_in(sent) == messages_in(asked)


# --- responses ------------------------------------------------------------------------------------------------------


def test_a_response_and_what_follows_it(client: openai.OpenAI, house: TestHouse) -> None:
    first = client.responses.create(model="sim-echo", input="hello there")

    second = client.responses.create(model="sim-echo", input="and more", previous_response_id=first.id)

    found = client.responses.retrieve(second.id)
    assert (first.output_text, second.output_text, found.output_text) == ("hello there", "and more", "and more")
    assert second.usage is not None
    assert second.usage.input_tokens > 6
    assert last_call(house).tokens_in == second.usage.input_tokens


def test_a_response_streamed_with_every_event(client: openai.OpenAI) -> None:
    with client.responses.create(model="sim-echo", input="hello there", stream=True) as stream:
        events = list(stream)

    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(10))


def test_a_streamed_response_can_be_continued_at_once(client: openai.OpenAI) -> None:
    with client.responses.stream(model="sim-echo", input="hello there") as stream:
        first = stream.get_final_response()

    second = client.responses.create(model="sim-echo", input="more", previous_response_id=first.id)

    assert second.previous_response_id == first.id


def test_a_response_asynchronously_parsed(house: TestHouse) -> None:
    async def ask(client: openai.AsyncOpenAI) -> Ticket | None:
        answer = await client.responses.parse(model="sim-json", input="hello", text_format=Ticket)
        return answer.output_parsed

    assert isinstance(asynchronously(house, ask), Ticket)


def test_another_teams_response_answers_like_a_missing_one(client: openai.OpenAI, house: TestHouse) -> None:
    mine = client.responses.create(model="sim-echo", input="hello there")

    with openai.OpenAI(base_url=house.base_url, api_key=OTHER_KEY) as stranger:
        with pytest.raises(openai.NotFoundError) as theirs:
            stranger.responses.retrieve(mine.id)
        with pytest.raises(openai.NotFoundError) as continued:
            stranger.responses.create(model="sim-echo", input="x", previous_response_id=mine.id)
        with pytest.raises(openai.NotFoundError) as missing:
            stranger.responses.retrieve("resp_missing")

    assert theirs.value.code == missing.value.code == continued.value.code == "not_found"
    assert theirs.value.message.replace(mine.id, "ID") == missing.value.message.replace("resp_missing", "ID")


# --- the other endpoints --------------------------------------------------------------------------------------------


def test_completions_whole_and_streamed(client: openai.OpenAI) -> None:
    whole = client.completions.create(model="sim-echo", prompt="hello there")
    with client.completions.create(model="sim-echo", prompt="hello there", stream=True) as stream:
        streamed = "".join(chunk.choices[0].text for chunk in stream)

    assert whole.choices[0].text == streamed == "hello there"


def test_embeddings_as_numbers_and_as_the_client_asks_by_default(client: openai.OpenAI, house: TestHouse) -> None:
    plain = client.embeddings.create(model="sim-embed@one", input=["a", "b"], encoding_format="float")
    default = client.embeddings.create(model="sim-embed@one", input=["a", "b"])

    sent = [json.loads(body)["encoding_format"] for body in sent_bodies(house, "sim-embed@one")]
    assert sent == ["float", "base64"]
    assert [as_floats(each.embedding) for each in plain.data] == [as_floats(each.embedding) for each in default.data]


def test_moderations(client: openai.OpenAI) -> None:
    answer = client.moderations.create(model="sim-moderate", input="hello")

    assert answer.results[0].flagged is False


def test_models_are_those_that_this_key_may_use(client: openai.OpenAI, house: TestHouse) -> None:
    with openai.OpenAI(base_url=house.base_url, api_key=LISTED_KEY) as listed:
        names = [model.id for model in listed.models.list()]
        one = listed.models.retrieve("fast")
        with pytest.raises(openai.NotFoundError):
            listed.models.retrieve("secret")

    by_pattern = client.models.retrieve("sim-echo")

    assert names == ["fast"]
    assert (one.id, one.object, by_pattern.id) == ("fast", "model", "sim-echo")


# --- errors ---------------------------------------------------------------------------------------------------------


def test_a_wrong_key_is_an_authentication_error(house: TestHouse) -> None:
    with openai.OpenAI(base_url=house.base_url, api_key="sk-wrong-0123456789") as client:
        with pytest.raises(openai.AuthenticationError) as raised:
            client.chat.completions.create(model="sim-echo", messages=HELLO)

    assert raised.value.code == "invalid_api_key"


def test_an_unknown_model_is_a_not_found_error(house: TestHouse) -> None:
    with openai.OpenAI(base_url=house.base_url, api_key=LISTED_KEY) as client:
        with pytest.raises(openai.NotFoundError) as raised:
            client.chat.completions.create(model="secret", messages=HELLO)

    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


def test_a_wrong_member_is_a_bad_request_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="sim-echo", messages=HELLO, n=0)

    assert (raised.value.code, raised.value.param) == ("invalid_request", "n")


def test_a_spent_budget_is_a_rate_limit_error_after_one_try(house: TestHouse) -> None:
    with openai.OpenAI(base_url=house.base_url, api_key=POOR_KEY, max_retries=5) as client:
        with pytest.raises(openai.RateLimitError) as raised:
            client.chat.completions.create(model="sim-echo@poor", messages=HELLO)

    calls = [call for call in house.calls() if call.key == "poor"]
    assert (raised.value.code, raised.value.type) == ("budget_exceeded", "insufficient_quota")
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert [(call.status, call.outcome, call.attempts) for call in calls] == [(429, "refused", [])]
    assert sent_bodies(house, "sim-echo@poor") == []


@pytest.mark.parametrize(
    ("model", "kind", "status", "code"),
    [
        ("sim-400", openai.BadRequestError, 400, None),
        ("sim-401", openai.InternalServerError, 502, "upstream_error"),
        ("sim-403", openai.InternalServerError, 502, "upstream_error"),
        ("sim-404", openai.NotFoundError, 404, None),
        ("sim-409", openai.ConflictError, 409, None),
        ("sim-413", openai.APIStatusError, 413, None),
        ("sim-422", openai.UnprocessableEntityError, 422, None),
        ("sim-429", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("sim-quota", openai.RateLimitError, 429, "insufficient_quota"),
        ("sim-context-length", openai.BadRequestError, 400, "context_length_exceeded"),
        ("sim-content-filter", openai.BadRequestError, 400, "content_filter"),
        ("sim-500", openai.InternalServerError, 502, "upstream_error"),
    ],
)
def test_a_providers_error_is_the_clients_own(
    client: openai.OpenAI, model: str, kind: type[openai.APIStatusError], status: int, code: str | None
) -> None:
    with pytest.raises(kind) as raised:
        client.with_options(max_retries=0).chat.completions.create(model=model, messages=HELLO)

    assert raised.value.status_code == status
    assert code is None or raised.value.code == code
    assert "sk-" not in raised.value.response.text


def test_a_failure_in_the_middle_of_a_stream_is_raised_with_its_code(client: openai.OpenAI, house: TestHouse) -> None:
    received = []

    with pytest.raises(openai.APIError) as raised:
        with client.chat.completions.create(model="sim-cut-reset:1", messages=HELLO, stream=True) as stream:
            received += [chunk.choices[0].delta.content for chunk in stream]

    assert raised.value.code == "upstream_error"
    call = last_call(house)
    assert (call.status, call.outcome, call.error) == (200, "error", "upstream_error"), (
        "200 is the status that was sent"
    )


# --- headers --------------------------------------------------------------------------------------------------------


def test_an_answers_headers_say_what_happened(client: openai.OpenAI, house: TestHouse) -> None:
    answer = client.chat.completions.with_raw_response.create(
        model="fast", messages=HELLO, extra_headers={"x-request-id": "mine-1", "x-tollhouse-tags": "app=web, v=2"}
    )

    call = last_call(house)
    headers = answer.headers
    assert headers["x-request-id"] == call.request_id == "mine-1"
    assert headers["x-tollhouse-call"] == call.id
    assert headers["x-tollhouse-model"] == "fast"
    assert headers["x-tollhouse-provider"] == "simulator"
    assert headers["x-tollhouse-cache"] == "off"
    assert headers["x-tollhouse-attempts"] == "1"
    assert headers["x-tollhouse-cost-usd"] == "0.00000675"
    assert 0 <= float(headers["x-tollhouse-overhead-ms"]) < 1000
    assert call.tags == {"app": "web", "v": "2"}
    assert answer.parse().model == "sim-echo"


def test_a_streams_headers_do_not_guess_its_cost(client: openai.OpenAI) -> None:
    with client.chat.completions.with_raw_response.create(model="fast", messages=HELLO, stream=True).parse() as stream:
        headers = stream.response.headers
        assert len(list(stream)) > 1

    assert headers["x-tollhouse-call"].startswith("call_")
    assert headers["x-request-id"].startswith("req_")
    assert "x-tollhouse-cost-usd" not in headers


def test_the_clients_request_id_is_ours(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="sim-echo", messages=HELLO)

    assert answer._request_id is not None
    assert answer._request_id.startswith("req_")


# --- helpers --------------------------------------------------------------------------------------------------------


def messages_in(body: bytes) -> bytes:
    """The raw bytes of the member `messages`."""
    import msgspec

    return bytes(msgspec.json.decode(body, type=dict[str, msgspec.Raw])["messages"])


def as_floats(numbers: list[float]) -> list[float]:
    """Both formats carry 32 bits a number."""
    return [struct.unpack("<f", struct.pack("<f", number))[0] for number in numbers]
