"""Answers in both forms: a stream folded into a whole, and a whole given again as a stream, read by the official client."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessageParam

from cache_words import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    MODERATIONS,
    RESPONSES,
    TOLD,
    Tree,
    as_body,
    chat_answer,
    chunk,
    data,
    form,
    question,
)
from tollhouse.cache.answers import Hit
from tollhouse.cache.forms.form import ANSWER_MAX_BYTES, DELTA_CHARACTERS, Said, Unkept, data_of, pieces
from tollhouse.cache.kept import Kept

USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello"}]
CALL: Tree = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}}
OTHER_CALL: Tree = {"id": "call_2", "type": "custom", "custom": {"name": "code", "input": "print(1)"}}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=3 * DELTA_CHARACTERS)


def folded(path: str, events: Sequence[bytes]) -> Tree:
    folding = form(path).folding()
    for event in events:
        folding.add(event)
    whole: Tree = json.loads(folding.whole())
    return whole


def streamed(path: str, whole: bytes, *, usage_asked: bool = True) -> list[bytes]:
    return form(path).stream(whole, "2", usage_asked=usage_asked)


def choice(whole: Mapping[str, object]) -> Tree:
    (found,) = cast("list[Tree]", whole["choices"])
    return found


@contextmanager
def client_reading(path: str, whole: bytes) -> Iterator[openai.OpenAI]:
    """The official client, in front of what the cache sends for this answer."""

    def answering(request: httpx2.Request) -> httpx2.Response:
        asked = question(json.loads(request.content), path)
        hit = Hit(Kept(whole, "openai", "openai/m", 1, 0), "exact", 0, asked, form(path))
        kind = "text/event-stream" if asked.asked.streamed else "application/json"
        content = b"".join(event.data for event in hit.events("again", TOLD))
        return httpx2.Response(200, headers={"content-type": kind}, content=content)

    http = openai.DefaultHttpxClient(transport=httpx2.MockTransport(answering))
    with openai.OpenAI(base_url="http://tollhouse.example/v1", api_key="k", http_client=http) as client:
        yield client


# --- chat: from a stream --------------------------------------------------------------------------------------------


def test_a_stream_of_text_becomes_the_answer_it_would_have_been() -> None:
    head = {"service_tier": "default", "system_fingerprint": "fp_1", "obfuscation": "xyz"}
    whole = folded(
        CHAT,
        [
            chunk({"role": "assistant", "content": "", "refusal": None}, **head, usage=None),
            chunk({"content": "hel"}, **head),
            chunk({"content": "lo ⚡"}, **head),
            chunk({}, "stop", **head),
            b"data: " + as_body({"id": "chatcmpl-1", "choices": [], "usage": USAGE}) + b"\n\n",
        ],
    )

    assert whole == {
        "id": "chatcmpl-1",
        "created": 1_790_000_000,
        "model": "gpt-5-mini-2026",
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello ⚡", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE,
    }


def test_tool_calls_come_together_from_their_pieces() -> None:
    def piece(index: int, **more: object) -> bytes:
        return chunk({"tool_calls": [{"index": index, **more}]})

    whole = folded(
        CHAT,
        [
            chunk({"role": "assistant", "content": None}),
            piece(0, id="call_1", type="function", function={"name": "weather", "arguments": ""}),
            piece(0, function={"arguments": '{"city"'}),
            piece(1, id="call_2", type="custom", custom={"name": "code", "input": "print"}),
            piece(0, id="call_1", function={"name": "weather", "arguments": ': "Bern"}'}),
            piece(1, custom={"input": "(1)"}),
            chunk({}, "tool_calls"),
        ],
    )

    message = cast("Tree", choice(whole)["message"])
    assert message["tool_calls"] == [CALL, OTHER_CALL]
    assert message["content"] is None


def test_logprobs_reasoning_and_the_older_function_call_are_folded() -> None:
    token = {"token": "hi", "logprob": -1e-7, "bytes": [104, 105], "top_logprobs": []}
    logged = {"index": 0, "delta": {"content": "hi"}, "logprobs": {"content": [token], "refusal": None}}
    whole = folded(
        CHAT,
        [
            chunk({"reasoning_content": "think", "role": "assistant"}),
            chunk({"reasoning_content": "ing", "content": None}),
            b"data: " + as_body({"id": "x", "choices": [logged]}) + b"\n\n",
            chunk({"function_call": {"name": "weather", "arguments": "{"}}),
            chunk({"function_call": {"arguments": "}"}}),
            chunk({}, "function_call"),
        ],
    )

    message = cast("Tree", choice(whole)["message"])
    assert message["reasoning_content"] == "thinking"
    assert message["function_call"] == {"name": "weather", "arguments": "{}"}
    assert choice(whole)["logprobs"] == {"content": [token], "refusal": None}


@pytest.mark.parametrize(
    "event",
    [
        b"data: {not json}\n\n",
        chunk({"annotations": [{"type": "url_citation"}]}),
        chunk({"audio": {"id": "a"}}),
        chunk({"refusal": "No."}),
        chunk({"made_up_tomorrow": 1}),
        chunk({"content": ["a part"]}),
        chunk({"tool_calls": [{"id": "no index"}]}),
        chunk({"tool_calls": [{"index": 0, "extra_content": {"signature": "s"}}]}),
        chunk({"tool_calls": [{"index": 0, "id": "other"}]}),
        b"data: " + as_body({"choices": [{"index": 1, "delta": {"content": "b"}}]}) + b"\n\n",
        chunk({"content": "x" * (ANSWER_MAX_BYTES + 1)}),
    ],
)
def test_a_chunk_that_cannot_be_put_together_with_others_keeps_nothing(event: bytes) -> None:
    folding = form(CHAT).folding()
    folding.add(chunk({"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "f", "arguments": ""}}]}))

    with pytest.raises(Unkept):
        folding.add(event)


def test_an_event_is_read_however_it_is_written() -> None:
    one, lines, crlf = b'data: {"a": 1}\n\n', b': ping\nevent: x\ndata:{"a":\ndata: 1}\n\n', b'data: {"a": 1}\r\n\r\n'

    assert [json.loads(data_of(event)) for event in (one, lines, crlf)] == [{"a": 1}] * 3


# --- chat: as a stream ----------------------------------------------------------------------------------------------


@given(
    text=TEXT.filter(bool),
    reasoning=TEXT,
    calls=st.lists(st.sampled_from([CALL, OTHER_CALL]), max_size=3),
    usage_asked=st.booleans(),
)
def test_a_whole_answer_as_a_stream_folds_back_into_itself(
    text: str, reasoning: str, calls: list[Tree], usage_asked: bool
) -> None:
    whole = chat_answer(
        text, finish="tool_calls" if calls else "stop", reasoning_content=reasoning or None, tool_calls=calls
    )

    back = folded(CHAT, streamed(CHAT, whole, usage_asked=usage_asked))

    expected = json.loads(whole)
    message = expected["choices"][0]["message"]
    for name in ("annotations", *(name for name in ("reasoning_content", "tool_calls") if not message[name])):
        del message[name]
    if not usage_asked:
        del expected["usage"]
    assert back == {**expected, "id": "chatcmpl-2"}


def test_a_replayed_stream_has_the_frames_of_a_real_one() -> None:
    first, *said, finish, usage = data(streamed(CHAT, chat_answer("word " * 200)))

    assert choice(first)["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert len(said) > 3
    assert "".join(cast("Tree", choice(piece)["delta"])["content"] for piece in said) == "word " * 200  # type: ignore[misc]
    assert (choice(finish)["delta"], choice(finish)["finish_reason"]) == ({}, "stop")
    assert (usage["choices"], usage["usage"]) == ([], USAGE)
    assert all(each["usage"] is None for each in (first, *said, finish))
    assert {(each["id"], each["object"], each["created"], each["model"]) for each in (first, *said, finish, usage)} == {
        ("chatcmpl-2", "chat.completion.chunk", 1_790_000_000, "gpt-5-mini-2026")
    }


def test_usage_comes_only_if_it_was_asked_for() -> None:
    events = data(streamed(CHAT, chat_answer(), usage_asked=False))

    assert all("usage" not in event for event in events)
    assert choice(events[-1])["finish_reason"] == "stop"


@given(TEXT)
def test_pieces_are_short_and_lose_nothing(text: str) -> None:
    cut = pieces(text)

    assert "".join(cut) == text
    assert all(len(piece) <= DELTA_CHARACTERS for piece in cut)


def test_pieces_end_at_white_space() -> None:
    cut = pieces("abcdefg " * 100)

    assert all(piece.endswith(" ") for piece in cut[:-1])


# --- chat: what may be kept -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (chat_answer("yes"), Said("yes")),
        (chat_answer("yes", finish="tool_calls", tool_calls=[CALL, OTHER_CALL]), Said("yes", calls=True)),
        (chat_answer(None, finish="tool_calls", tool_calls=[CALL]), Said("", calls=True)),
        (chat_answer(None, finish="function_call", function_call={"name": "f", "arguments": ""}), Said("", calls=True)),
        (chat_answer("yes", reasoning_content="because", tool_calls=[], audio=None), Said("yes")),
    ],
)
def test_a_complete_answer_is_read(whole: bytes, said: Said) -> None:
    assert form(CHAT).read(whole) == said


def with_arguments(arguments: object) -> bytes:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    return chat_answer(None, finish="tool_calls", tool_calls=[call])


@pytest.mark.parametrize(
    "whole",
    [
        chat_answer(finish="length"),
        chat_answer(finish="content_filter"),
        chat_answer(finish="made_up"),
        chat_answer(""),
        chat_answer(None),
        chat_answer(None, finish="tool_calls"),
        chat_answer(refusal="I cannot."),
        chat_answer(annotations=[{"type": "url_citation"}]),
        chat_answer(audio={"id": "a"}),
        chat_answer(made_up_tomorrow="x"),
        chat_answer(cast("str", [{"type": "text", "text": "a"}])),
        with_arguments('{"city": '),
        with_arguments("[1]"),
        with_arguments(None),
        chat_answer(None, finish="tool_calls", tool_calls=["call"]),
        chat_answer(None, finish="tool_calls", tool_calls=[{"id": "c", "type": "hosted", "hosted": {}}]),
        as_body({"choices": []}),
        as_body({"error": {"message": "no"}}),
        as_body({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}] * 2}),
        b"not json",
    ],
)
def test_an_answer_that_is_cut_refused_or_strange_is_not_kept(whole: bytes) -> None:
    with pytest.raises(Unkept):
        form(CHAT).read(whole)


# --- chat: the official client --------------------------------------------------------------------------------------


def test_the_official_client_reads_a_whole_answer_again() -> None:
    with client_reading(CHAT, chat_answer("hello you")) as client:
        answer = client.chat.completions.create(model="fast", messages=MESSAGES)

    assert answer.id == "chatcmpl-again"
    assert answer.choices[0].message.content == "hello you"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 17


def test_the_official_client_reads_a_replayed_stream() -> None:
    with client_reading(CHAT, chat_answer("hello you " * 90)) as client:
        with client.chat.completions.create(
            model="fast", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        ) as stream:
            chunks = list(stream)

    assert "".join(each.choices[0].delta.content or "" for each in chunks[:-1]) == "hello you " * 90
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 5
    assert chunks[-1].model_extra == {"tollhouse": {"cost_usd": "0"}}


def test_the_official_clients_accumulator_takes_replayed_tool_calls() -> None:
    whole = chat_answer("Let me look.", finish="tool_calls", tool_calls=[CALL])
    with client_reading(CHAT, whole) as client:
        with client.chat.completions.stream(model="fast", messages=MESSAGES) as stream:
            kinds = [event.type for event in stream]
            final = stream.get_final_completion()

    message = final.choices[0].message
    assert message.content == "Let me look."
    assert message.tool_calls is not None
    assert message.tool_calls[0].function.arguments == '{"city": "Bern"}'
    assert message.tool_calls[0].function.name == "weather"
    assert "tool_calls.function.arguments.done" in kinds


# --- responses ------------------------------------------------------------------------------------------------------


def response(*output: Mapping[str, object], **more: object) -> bytes:
    return as_body(
        {
            "id": "resp_1",
            "object": "response",
            "created_at": 1_790_000_000,
            "status": "completed",
            "completed_at": 1_790_000_009,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {"a": "b"},
            "model": "gpt-5-mini-2026",
            "output": list(output),
            "parallel_tool_calls": True,
            "store": False,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "usage": {
                "input_tokens": 12,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": 5,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": 17,
            },
            **more,
        }
    )


def a_message(*texts: str, **more: object) -> Tree:
    parts = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []} for text in texts]
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": parts, **more}


A_CALL: Tree = {
    "id": "fc_1",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_1",
    "name": "weather",
    "arguments": '{"city": "Bern"}',
}
A_CUSTOM_CALL: Tree = {
    "id": "ctc_1",
    "type": "custom_tool_call",
    "call_id": "call_2",
    "name": "code",
    "input": "print(1)",
}
A_THOUGHT: Tree = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "I thought."}],
    "content": [{"type": "reasoning_text", "text": "Let me see."}],
    "encrypted_content": "gAAAA",
}


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        (response(a_message("one ", "two")), Said("one two")),
        (response(A_THOUGHT, a_message("one")), Said("one")),
        (response(A_THOUGHT, A_CALL, A_CUSTOM_CALL), Said("", calls=True)),
    ],
)
def test_a_complete_response_is_read(whole: bytes, said: Said) -> None:
    assert form(RESPONSES).read(whole) == said


@pytest.mark.parametrize(
    "whole",
    [
        response(a_message("a"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
        response(a_message("a"), status="failed", error={"code": "server_error", "message": "no"}),
        response(a_message("a"), status="in_progress"),
        response(a_message("a"), store=True),
        response(a_message("a"), background=True),
        response(a_message("a"), previous_response_id="resp_0"),
        response(a_message("a"), conversation={"id": "conv_1"}),
        response(),
        response(a_message("")),
        response(A_THOUGHT),
        response(a_message("a", status="incomplete")),
        response(a_message("a", content=[{"type": "refusal", "refusal": "No."}])),
        response(a_message("a"), output="text"),
        response(a_message("a"), output=["text"]),
        response({"id": "ws_1", "type": "web_search_call", "status": "completed"}, a_message("a")),
        response({**A_CALL, "arguments": "{"}),
        response({**A_CUSTOM_CALL, "input": None}),
        b"[]",
        b"not json",
    ],
)
def test_a_response_that_is_cut_refused_or_strange_is_not_kept(whole: bytes) -> None:
    with pytest.raises(Unkept):
        form(RESPONSES).read(whole)


@pytest.mark.parametrize(
    "whole",
    [
        response(a_message("hello you " * 90, "and more")),
        response(A_THOUGHT, A_CALL, A_CUSTOM_CALL),
        response(A_THOUGHT, a_message("x", phase="final"), temperature=1.0),
    ],
)
def test_a_whole_response_as_a_stream_folds_back_into_itself(whole: bytes) -> None:
    assert folded(RESPONSES, streamed(RESPONSES, whole)) == {**json.loads(whole), "id": "resp_2"}


def test_a_stream_without_its_last_event_keeps_nothing() -> None:
    folding = form(RESPONSES).folding()
    for event in streamed(RESPONSES, response(a_message("a")))[:-1]:
        folding.add(event)

    with pytest.raises(Unkept):
        folding.whole()


def test_numbers_of_a_replayed_response_stay_as_they_were_spelled() -> None:
    whole = response(a_message("a")).replace(b'"top_p":1.0', b'"top_p":1.00')

    assert b'"top_p":1.00' in streamed(RESPONSES, whole)[-1]


def test_the_official_client_reads_a_response_again() -> None:
    with client_reading(RESPONSES, response(a_message("hello you"))) as client:
        answer = client.responses.create(model="fast", input="hello", store=False)

    assert (answer.id, answer.output_text, answer.status) == ("resp_again", "hello you", "completed")


def test_the_official_client_reads_a_replayed_response_event_by_event() -> None:
    text = "hello you " * 90
    whole = response(A_THOUGHT, a_message(text), A_CALL, A_CUSTOM_CALL)
    with client_reading(RESPONSES, whole) as client:
        with client.responses.create(model="fast", input="hello", store=False, stream=True) as stream:
            events = list(stream)

    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == text
    assert kinds.count("response.output_item.added") == kinds.count("response.output_item.done") == 4
    final = events[-1]
    assert final.type == "response.completed"
    assert final.response.output_text == text
    assert final.response.usage is not None
    assert final.response.usage.total_tokens == 17
    assert final.response.model_extra is not None
    assert final.response.model_extra["tollhouse"] == {"cost_usd": "0"}


def test_the_official_clients_accumulator_takes_a_replayed_response() -> None:
    with client_reading(RESPONSES, response(A_THOUGHT, a_message("one ", "two"), A_CALL)) as client:
        with client.responses.stream(model="fast", input="hello", extra_body={"store": False}) as stream:
            kinds = {event.type for event in stream}
            final = stream.get_final_response()

    assert final.output_text == "one two"
    assert {"response.output_text.done", "response.function_call_arguments.done"} <= kinds


# --- completions, embeddings, moderations ---------------------------------------------------------------------------


def completion(text: str | None = "hello you", finish: str = "stop", **more: object) -> bytes:
    said = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish, **more}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1_790_000_000, "model": "m", "choices": [said]}
    return as_body({**head, "usage": USAGE})


@given(TEXT.filter(bool), st.booleans())
def test_a_completion_as_a_stream_folds_back_into_itself(text: str, usage_asked: bool) -> None:
    whole = completion(text)

    back = folded(COMPLETIONS, streamed(COMPLETIONS, whole, usage_asked=usage_asked))

    expected = json.loads(whole)
    if not usage_asked:
        del expected["usage"]
    assert back == {**expected, "id": "cmpl-2"}


def test_the_official_client_reads_completions_again() -> None:
    logprobs = {"tokens": ["a"], "token_logprobs": [-0.1], "top_logprobs": [], "text_offset": [0]}
    with client_reading(COMPLETIONS, completion("hello you " * 90, logprobs=logprobs)) as client:
        whole = client.completions.create(model="fast", prompt="hello")
        with client.completions.create(model="fast", prompt="hello", stream=True) as stream:
            chunks = list(stream)

    assert whole.choices[0].text == "".join(each.choices[0].text for each in chunks) == "hello you " * 90
    assert chunks[0].choices[0].logprobs == whole.choices[0].logprobs
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    "whole",
    [completion(finish="length"), completion(""), completion(None), as_body({"choices": []}), b"x"],
)
def test_a_completion_that_is_cut_or_empty_is_not_kept(whole: bytes) -> None:
    with pytest.raises(Unkept):
        form(COMPLETIONS).read(whole)


@pytest.mark.parametrize(
    "event",
    [
        b"data: " + as_body({"choices": [{"index": 1, "text": "b"}]}) + b"\n\n",
        b"data: " + as_body({"choices": [{"index": 0, "text": "b", "logprobs": {"tokens": []}}]}) + b"\n\n",
        b"data: " + as_body({"choices": [{"index": 0, "text": "x" * (ANSWER_MAX_BYTES + 1)}]}) + b"\n\n",
    ],
)
def test_a_completions_chunk_that_cannot_be_joined_keeps_nothing(event: bytes) -> None:
    with pytest.raises(Unkept):
        form(COMPLETIONS).folding().add(event)


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        (EMBEDDINGS, {"object": "list", "data": [{"index": 0, "embedding": [0.10]}], "model": "m", "usage": USAGE}),
        (MODERATIONS, {"id": "modr-1", "model": "m", "results": [{"flagged": False}]}),
    ],
)
def test_embeddings_and_moderations_come_again_byte_for_byte(path: str, whole: Tree) -> None:
    body = as_body(whole)

    assert form(path).read(body) == Said()
    assert form(path).again(body, "x") == body


@pytest.mark.parametrize("path", [EMBEDDINGS, MODERATIONS])
@pytest.mark.parametrize("whole", [b"{}", as_body({"data": [], "results": None}), b"x"])
def test_an_empty_embedding_or_moderation_is_not_kept(path: str, whole: bytes) -> None:
    with pytest.raises(Unkept):
        form(path).read(whole)


@pytest.mark.parametrize("path", [EMBEDDINGS, MODERATIONS])
def test_what_is_never_streamed_has_no_stream(path: str) -> None:
    never: list[Callable[[], object]] = [form(path).folding, lambda: form(path).stream(b"{}", "x", usage_asked=False)]

    for each in never:
        with pytest.raises(ValueError, match="never streamed"):
            each()
