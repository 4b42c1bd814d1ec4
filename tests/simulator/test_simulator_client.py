"""The official client works against the simulator unchanged, with strict checking of every answer."""

import json
import math
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tollhouse import simulator
from tollhouse.simulator import Reply, Simulator

TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"]}},
                "required": ["city", "unit"],
                "additionalProperties": False,
            },
        },
    }
]


class Claim(BaseModel):
    summary: str
    urgency: str
    parts: list[str]
    amount: float | None


@pytest.fixture
async def client(provider: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    made = openai.AsyncOpenAI(
        base_url=provider.base_url, api_key="any", max_retries=0, timeout=20, _strict_response_validation=True
    )
    yield made
    await made.close()


def saying(text: str) -> Any:
    return [{"role": "system", "content": "be short"}, {"role": "user", "content": text}]


# --- chat completions -----------------------------------------------------------------------------------------------


async def test_an_echo_answers_with_the_last_user_message(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="sim-echo@team-a", messages=saying("grüezi mitenand"))

    assert answer.choices[0].message.content == "grüezi mitenand"
    assert answer.model == "sim-echo@team-a"
    assert answer.system_fingerprint == "fp_simulator"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (6, 4, 10)


async def test_a_stream_adds_up_to_the_whole_answer(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="sim-echo", messages=saying("one two three"), stream=True, stream_options={"include_usage": True}
    )

    chunks = [chunk async for chunk in stream]

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "one two three"
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_the_synchronous_client_works_too() -> None:
    import asyncio
    import threading

    ready, address, stop = threading.Event(), [], asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        running = await simulator.start()
        address.append(running.base_url)
        ready.set()
        await stop.wait()
        await running.close()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        with openai.OpenAI(base_url=address[0], api_key="any", _strict_response_validation=True) as client:
            whole = client.chat.completions.create(model="sim-echo", messages=saying("hello"))
            stream = client.chat.completions.create(model="sim-echo", messages=saying("hello"), stream=True)
            streamed = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()

    assert whole.choices[0].message.content == streamed == "hello"


async def test_several_choices_are_streamed_in_turn_and_all_counted(client: openai.AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="sim-echo", messages=saying("a b c"), n=3)
    stream = await client.chat.completions.create(
        model="sim-echo", messages=saying("a b c"), n=3, stream=True, stream_options={"include_usage": True}
    )

    chunks = [chunk async for chunk in stream]

    texts = [
        "".join(c.choices[0].delta.content or "" for c in chunks if c.choices and c.choices[0].index == i)
        for i in range(3)
    ]
    assert texts == [choice.message.content for choice in whole.choices] == ["a b c"] * 3
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 6
    assert chunks[-1].usage == whole.usage


@pytest.mark.parametrize("member", ["max_completion_tokens", "max_tokens"])
async def test_the_output_is_cut_at_the_limit(client: openai.AsyncOpenAI, member: str) -> None:
    answer = await client.chat.completions.create(
        model="sim-echo", messages=saying("0123456789 ööööö"), extra_body={member: 3}
    )

    assert answer.choices[0].message.content == "0123456789 "
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3


async def test_one_model_ignores_the_limit(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="sim-over-limit:8", messages=saying("x"), max_tokens=10)

    assert answer.usage is not None
    assert answer.usage.completion_tokens == 20


async def test_hidden_and_cached_tokens_are_reported(client: openai.AsyncOpenAI) -> None:
    reasoned = await client.chat.completions.create(model="sim-reasoning:5", messages=saying("four"))
    cached = await client.chat.completions.create(model="sim-cached:50", messages=saying("0123456789"))

    assert reasoned.usage is not None
    assert reasoned.usage.completion_tokens == 6
    assert reasoned.usage.completion_tokens_details is not None
    assert reasoned.usage.completion_tokens_details.reasoning_tokens == 5
    assert cached.usage is not None
    assert cached.usage.prompt_tokens_details is not None
    assert (cached.usage.prompt_tokens, cached.usage.prompt_tokens_details.cached_tokens) == (5, 2)


async def test_a_tool_is_called_with_arguments_that_fit_and_its_result_ends_the_loop(
    client: openai.AsyncOpenAI,
) -> None:
    first = await client.chat.completions.create(model="sim-tool", messages=saying("weather?"), tools=TOOLS)
    calls = first.choices[0].message.tool_calls
    assert calls is not None
    call = calls[0]
    assert call.type == "function"
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "12 degrees"}
    messages = [*saying("weather?"), first.choices[0].message.model_dump(exclude_none=True), result]
    second = await client.chat.completions.create(model="sim-tool", messages=messages, tools=TOOLS)

    assert first.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather"
    assert set(json.loads(call.function.arguments)) == {"city", "unit"}
    assert second.choices[0].message.content == "weather?"
    assert second.choices[0].finish_reason == "stop"


async def test_tool_arguments_are_streamed_in_pieces(client: openai.AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model="sim-tool", messages=saying("weather?"), tools=TOOLS) as stream:
        pieces = [
            event.arguments_delta async for event in stream if event.type == "tool_calls.function.arguments.delta"
        ]
        final = await stream.get_final_completion()

    calls = final.choices[0].message.tool_calls
    assert calls is not None
    assert len(pieces) > 2
    assert "".join(pieces) == calls[0].function.arguments


async def test_tool_choice_is_honoured(client: openai.AsyncOpenAI) -> None:
    other: Any = {"type": "function", "function": {"name": "other"}}
    named = await client.chat.completions.create(
        model="sim-tool",
        messages=saying("x"),
        tools=[*TOOLS, other],
        tool_choice=other,
    )
    none = await client.chat.completions.create(
        model="sim-tool",
        messages=saying("x"),
        tools=TOOLS,
        tool_choice="none",
    )

    call = (named.choices[0].message.tool_calls or [])[0]
    assert call.type == "function"
    assert call.function.name == "other"
    assert none.choices[0].message.content == "x"


async def test_structured_output_parses(client: openai.AsyncOpenAI) -> None:
    answer = await client.chat.completions.parse(model="sim-json", messages=saying("a claim"), response_format=Claim)

    assert isinstance(answer.choices[0].message.parsed, Claim)


async def test_labels_come_from_the_table_alone_or_inside_a_schema(client: openai.AsyncOpenAI) -> None:
    schema = {"type": "object", "properties": {"urgency": {"enum": ["low", "medium", "high"]}}, "required": ["urgency"]}
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "urgency", "schema": schema}}

    plain = await client.chat.completions.create(model="sim-labels", messages=saying("Please: the roof is gone"))
    by_id = await client.chat.completions.create(model="sim-labels", messages=saying("Claim C-17, urgent?"))
    inside = await client.chat.completions.create(
        model="sim-labels",
        messages=saying("a scratch"),
        response_format=wanted,
    )

    assert plain.choices[0].message.content == "high"
    assert by_id.choices[0].message.content == "medium"
    assert inside.choices[0].message.content == '{"urgency": "low"}'


async def test_parts_of_a_message_are_read_and_images_counted(client: openai.AsyncOpenAI) -> None:
    parts: Any = [
        {"type": "text", "text": "what is "},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100}},
        {"type": "text", "text": "this?"},
    ]

    answer = await client.chat.completions.create(model="sim-echo", messages=[{"role": "user", "content": parts}])

    assert answer.choices[0].message.content == "what is this?"
    assert answer.usage is not None
    assert 4 + 25 < answer.usage.prompt_tokens < 60


async def test_errors_are_the_classes_that_the_client_knows(client: openai.AsyncOpenAI) -> None:
    kinds = {
        "sim-400": openai.BadRequestError,
        "sim-401": openai.AuthenticationError,
        "sim-403": openai.PermissionDeniedError,
        "sim-404": openai.NotFoundError,
        "sim-409": openai.ConflictError,
        "sim-422": openai.UnprocessableEntityError,
        "sim-429": openai.RateLimitError,
        "sim-503": openai.InternalServerError,
        "no-such-model": openai.NotFoundError,
        "sim-slow:soon": openai.BadRequestError,
        "sim-429:3:sometime": openai.BadRequestError,
        "sim-reset": openai.APIConnectionError,
    }

    for model, kind in kinds.items():
        with pytest.raises(kind):
            await client.chat.completions.create(model=model, messages=saying("x"))


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user", "content": [7]}]}, ""),
    ],
)
async def test_wrong_members_are_refused_by_name_and_not_billed(
    provider: Simulator, client: openai.AsyncOpenAI, members: dict[str, object], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model="sim-echo", messages=saying("x"), extra_body=members)

    assert (refused.value.param or "") == param
    assert len(provider.bill) == 0


# --- responses ------------------------------------------------------------------------------------------------------


async def test_a_response_is_answered_stored_and_continued(client: openai.AsyncOpenAI) -> None:
    first = await client.responses.create(model="sim-echo", input="eight by", instructions="four")
    again = await client.responses.retrieve(first.id)
    second = await client.responses.create(model="sim-echo", input="four", previous_response_id=first.id)

    assert first.output_text == again.output_text == "eight by"
    assert first.usage is not None
    assert second.usage is not None
    assert (first.usage.input_tokens, first.usage.output_tokens) == (3, 2)
    assert (second.usage.input_tokens, second.usage.output_tokens) == (1 + 3 + 2, 1)
    assert second.previous_response_id == first.id


async def test_a_response_that_is_not_stored_cannot_be_had_again(client: openai.AsyncOpenAI) -> None:
    unstored = await client.responses.create(model="sim-echo", input="x", store=False)

    with pytest.raises(openai.NotFoundError):
        await client.responses.retrieve(unstored.id)
    with pytest.raises(openai.BadRequestError, match="not found") as refused:
        await client.responses.create(model="sim-echo", input="x", previous_response_id=unstored.id)
    assert refused.value.code == "previous_response_not_found"


async def test_a_response_in_the_background_is_queued_then_there(client: openai.AsyncOpenAI) -> None:
    queued = await client.responses.create(model="sim-echo", input="later", background=True)
    done = await client.responses.retrieve(queued.id)

    assert (queued.status, queued.output) == ("queued", [])
    assert (done.status, done.output_text) == ("completed", "later")


async def test_a_response_is_streamed_with_every_event(client: openai.AsyncOpenAI) -> None:
    stream = await client.responses.create(model="sim-echo", input="one two", stream=True)

    events = [event async for event in stream]

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
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == "one two"
    assert events[-1].response.usage is not None


async def test_a_response_cut_by_its_limit_is_incomplete(client: openai.AsyncOpenAI) -> None:
    whole = await client.responses.create(model="sim-long:50", input="x", max_output_tokens=16)
    stream = await client.responses.create(model="sim-long:50", input="x", max_output_tokens=16, stream=True)

    last = [event async for event in stream][-1]

    assert whole.status == "incomplete"
    assert whole.incomplete_details is not None
    assert whole.incomplete_details.reason == "max_output_tokens"
    assert whole.usage is not None
    assert whole.usage.output_tokens == 16
    assert last.type == "response.incomplete"


async def test_a_response_calls_a_tool_and_takes_its_result(client: openai.AsyncOpenAI) -> None:
    tool: Any = {"type": "function", **TOOLS[0]["function"], "strict": True}
    async with client.responses.stream(model="sim-tool", input="weather?", tools=[tool]) as stream:
        kinds = [event.type async for event in stream]
        first = await stream.get_final_response()
    call = first.output[0]
    assert call.type == "function_call"
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "12 degrees"}
    second = await client.responses.create(
        model="sim-tool",
        input=[{"role": "user", "content": "weather?"}, result],
        tools=[tool],
    )

    assert set(json.loads(call.arguments)) == {"city", "unit"}
    assert kinds.count("response.function_call_arguments.delta") > 1
    assert "response.function_call_arguments.done" in kinds
    assert second.output_text == "weather?"


async def test_a_response_parses_into_a_schema(client: openai.AsyncOpenAI) -> None:
    answer = await client.responses.parse(model="sim-json", input="a claim", text_format=Claim)

    assert isinstance(answer.output_parsed, Claim)


async def test_a_refusal_comes_as_such_on_both_endpoints(client: openai.AsyncOpenAI) -> None:
    chat = await client.chat.completions.create(model="sim-refusal", messages=saying("x"))
    stream = await client.responses.create(model="sim-refusal", input="x", stream=True)

    kinds = [event.type async for event in stream]

    assert chat.choices[0].message.refusal
    assert chat.choices[0].message.content is None
    assert {"response.refusal.delta", "response.refusal.done", "response.completed"} <= set(kinds)


async def test_an_error_in_a_stream_of_events_is_an_error_of_that_endpoint(client: openai.AsyncOpenAI) -> None:
    stream = await client.responses.create(model="sim-error-event:2", input="x", stream=True)

    events = [event async for event in stream]

    last = events[-1]
    assert last.type == "error"
    assert (last.code, last.sequence_number) == ("server_error", len(events) - 1)


# --- the other endpoints --------------------------------------------------------------------------------------------


async def test_completions_answer_each_prompt_sixteen_tokens_at_most(client: openai.AsyncOpenAI) -> None:
    several = await client.completions.create(model="sim-echo", prompt=["one", "two"], n=2)
    long = await client.completions.create(model="sim-long:100", prompt="x")
    best = await client.completions.create(model="sim-echo", prompt="four", best_of=3, echo=True)
    by_id = await client.completions.create(model="sim-echo", prompt=[11, 22, 33])

    assert [choice.text for choice in several.choices] == ["one", "one", "two", "two"]
    assert long.choices[0].finish_reason == "length"
    assert long.usage is not None
    assert long.usage.completion_tokens == 16
    assert best.choices[0].text == "fourfour"
    assert best.usage is not None
    assert best.usage.completion_tokens == 3
    assert by_id.usage is not None
    assert by_id.usage.prompt_tokens == 3


async def test_completions_are_streamed(provider: Simulator) -> None:
    lenient = openai.AsyncOpenAI(base_url=provider.base_url, api_key="any")  # its type knows no null finish_reason
    stream = await lenient.completions.create(
        model="sim-echo", prompt=["a b", "c"], stream=True, stream_options={"include_usage": True}
    )

    chunks = [chunk async for chunk in stream]
    await lenient.close()

    texts = ["".join(c.choices[0].text for c in chunks if c.choices and c.choices[0].index == i) for i in range(2)]
    assert texts == ["a b", "c"]
    assert chunks[-1].usage is not None


async def test_embeddings_are_unit_vectors_in_either_encoding(provider: Simulator, client: openai.AsyncOpenAI) -> None:
    lenient = openai.AsyncOpenAI(base_url=provider.base_url, api_key="any")  # strict checking knows no base64
    floats = await client.embeddings.create(model="sim-embed", input=["a", "b", "a"], encoding_format="float")
    packed = await lenient.embeddings.create(model="sim-embed", input=["a"])
    short = await client.embeddings.create(model="sim-embed", input="a", dimensions=8, encoding_format="float")
    await lenient.close()

    first, second, third = (entry.embedding for entry in floats.data)
    assert len(first) == 256
    assert math.isclose(math.fsum(x * x for x in first), 1)
    assert first == third != second
    assert packed.data[0].embedding == pytest.approx(first, abs=1e-6)
    assert len(short.data[0].embedding) == 8
    assert floats.usage.prompt_tokens == 3


async def test_moderations_flag_what_is_named(client: openai.AsyncOpenAI) -> None:
    answer = await client.moderations.create(input=["a nice day", "so much violence"])

    assert [result.flagged for result in answer.results] == [False, True]
    assert answer.results[1].categories.violence
    assert not answer.results[1].categories.violence_graphic


async def test_models_are_listed_scripted_ones_too(provider: Simulator, client: openai.AsyncOpenAI) -> None:
    provider.script("gpt-5-mini", ["sim-echo"])

    listed = [model.id async for model in client.models.list()]
    one = await client.models.retrieve("gpt-5-mini")

    assert {"sim-echo", "sim-429", "gpt-5-mini"} <= set(listed)
    assert one.id == "gpt-5-mini"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("gpt-2")


# --- scripts, keys, the log -----------------------------------------------------------------------------------------


async def test_a_script_plays_once_and_its_last_behaviour_stays(provider: Simulator) -> None:
    provider.script("claims", ["sim-503", "sim-429:0.01:float", Reply("done")])
    patient = openai.AsyncOpenAI(base_url=provider.base_url, api_key="any", max_retries=2)

    first = await patient.chat.completions.create(model="claims", messages=saying("x"))
    second = await patient.chat.completions.create(model="claims", messages=saying("x"))
    await patient.close()

    assert [first.choices[0].message.content, second.choices[0].message.content] == ["done", "done"]
    assert [line.status for line in provider.bill] == [503, 429, 200, 200]
    with pytest.raises(ValueError, match="no behaviour"):
        provider.script("claims", ["sim-unheard-of"])


async def test_only_known_keys_are_let_in_as_bearer_or_as_azure_sends_them() -> None:
    provider = await simulator.start(api_keys=["right"])
    async with (
        openai.AsyncOpenAI(base_url=provider.base_url, api_key="right") as good,
        openai.AsyncOpenAI(base_url=provider.base_url, api_key="wrong") as bad,
        openai.AsyncAzureOpenAI(
            azure_endpoint=provider.base_url.removesuffix("/v1"), api_key="right", api_version="2024-10-21"
        ) as azure,
    ):
        await good.chat.completions.create(model="sim-echo", messages=saying("x"))
        by_azure = await azure.chat.completions.create(model="sim-echo", messages=saying("x"))
        with pytest.raises(openai.AuthenticationError):
            await bad.chat.completions.create(model="sim-echo", messages=saying("x"))
    await provider.close()

    assert by_azure.model == "sim-echo"
    assert provider.requests[1].path == "/openai/deployments/sim-echo/chat/completions?api-version=2024-10-21"
    assert [line.n for line in provider.bill] == [1, 2]


async def test_the_log_shows_what_arrived_and_what_became_of_it(
    provider: Simulator, client: openai.AsyncOpenAI
) -> None:
    await client.chat.completions.create(model="sim-echo", messages=saying("x"), extra_headers={"X-Trace": "abc"})
    stream = await client.chat.completions.create(model="sim-stall:1", messages=saying("x"), stream=True)
    await anext(aiter(stream))
    await stream.close()
    await provider.settled()

    first, second = provider.requests
    assert (first.method, first.path, first.outcome, first.status) == ("POST", "/v1/chat/completions", "answered", 200)
    assert first.header("x-trace") == "abc"
    assert json.loads(first.body)["model"] == first.model == "sim-echo"
    assert first.request_id == provider.bill[0].request_id
    assert second.outcome == "client closed"
    assert second.ended_at is not None


async def test_the_same_seed_and_request_give_the_same_answer() -> None:
    answers = []
    for seed in (1, 1, 2):
        provider = await simulator.start(seed=seed, labels={"a": "x", "b": "y", "c": "z"})
        async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="any") as client:
            vector = await client.embeddings.create(model="sim-embed", input="text", encoding_format="float")
            guesses = [
                (await client.chat.completions.create(model="sim-labels:50", messages=saying(text)))
                .choices[0]
                .message.content
                for text in "abc" * 2
            ]
            whole = await client.chat.completions.create(model="sim-tool", messages=saying("q"), tools=TOOLS)
        await provider.close()
        answers.append((vector.data[0].embedding, guesses, whole.model_dump(exclude={"created"})))

    assert answers[0] == answers[1]
    assert answers[0][0] != answers[2][0]
    assert answers[0][1][:3] == answers[0][1][3:]
