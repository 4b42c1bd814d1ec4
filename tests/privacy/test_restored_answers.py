import json
from collections.abc import Iterable
from typing import Any

import pytest

from tollhouse.domain.errors import UpstreamUnusable
from tollhouse.domain.sse import data_of
from tollhouse.privacy.answers import restoration
from tollhouse.privacy.masking import Masking

QUOTED = 'Anna "Nan" Meier'
ESCAPED = 'Anna \\"Nan\\" Meier'


def a_masking(value: str = "Anna Meier") -> Masking:
    masking = Masking()
    masking.name("PERSON", value)
    return masking


# --- chat -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(1, 14))
def test_a_chat_streams_choices_and_tool_calls_each_get_their_own(size: int) -> None:
    said: dict[tuple[object, ...], str] = {
        (0, "content"): "Dear <PERSON_1>, x < y",
        (1, "content"): "<PERSON_1",
        (1, "reasoning_content"): "It is PERSON_1",
        (1, "calls", 0): '{"to":"<PERSON_1>"}',
        (1, "calls", 1): '{"cc":"\\u003cPERSON_1\\u003e"}',
    }
    events = chat_events(said, size)

    heard = hear_chat(restored("chat.completions", events, a_masking(QUOTED)))

    assert heard == {
        (0, "content"): f"Dear {QUOTED}, x < y",
        (1, "content"): f"<{QUOTED}",
        (1, "reasoning_content"): f"It is {QUOTED}",
        (1, "calls", 0): f'{{"to":"{ESCAPED}"}}',
        (1, "calls", 1): f'{{"cc":"{ESCAPED}"}}',
    }


def test_chunks_without_placeholders_pass_byte_for_byte() -> None:
    events = [
        b'data: {"id": "x",  "choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n',
        b'data: {"choices": [{"index":0,"delta":{"content":"Gr\\u00fcezi"},"logprobs":null}]}\n\n',
        b'event: x\r\ndata: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\r\n\r\n',
        b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n',
        b"data: [DONE]\n\n",
    ]

    assert restored("chat.completions", events, a_masking()) == events


def test_what_a_choice_holds_goes_out_with_its_last_chunk() -> None:
    events = [
        sse({"choices": [{"index": 0, "delta": {"content": "Ask PERSON_1"}}]}),
        sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ]

    first, last = restored("chat.completions", events, a_masking())

    assert read(first)["choices"] == [{"index": 0, "delta": {"content": "Ask "}}]
    assert read(last)["choices"] == [{"index": 0, "delta": {"content": "Anna Meier"}, "finish_reason": "stop"}]


def test_parts_of_a_message_are_texts_of_their_own() -> None:
    parts = [("text", "To <PER"), ("text", "SON_1> P")]
    events = [
        sse({"choices": [{"index": 0, "delta": {"content": [{"type": kind, kind: piece}]}}]}) for kind, piece in parts
    ]
    events.append(sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))

    out = [
        read(event)["choices"][0]["delta"].get("content") for event in restored("chat.completions", events, a_masking())
    ]

    assert out[:2] == [[{"type": "text", "text": "To "}], [{"type": "text", "text": "Anna Meier "}]]
    assert out[2] == [{"index": 0, "type": "text", "text": "P"}]


def test_bytes_for_machines_are_left_as_they_are() -> None:
    delta = {"audio": {"data": "PERSON_1", "transcript": "<PERSON_1>"}, "signature": "P"}
    events = [sse({"choices": [{"index": 0, "delta": delta, "logprobs": {"content": [{"token": "<PERSON_1>"}]}}]})]

    choice = read(restored("chat.completions", events, a_masking())[0])["choices"][0]

    assert choice["delta"] == {"audio": {"data": "PERSON_1", "transcript": "Anna Meier"}, "signature": "P"}
    assert choice["logprobs"] == {"content": [{"token": "<PERSON_1>"}]}


@pytest.mark.parametrize("size", range(1, 14))
def test_an_answer_asked_for_in_json_gets_its_originals_escaped(size: int) -> None:
    events = chat_events({(0, "content"): '"<PERSON_1>"'}, size)

    heard = hear_chat(restored("chat.completions", events, a_masking(QUOTED), is_json=True))

    assert json.loads(heard[0, "content"]) == QUOTED


def test_a_text_completion_has_its_text_in_the_choice() -> None:
    events = [
        sse({"choices": [{"index": 1, "text": "for <PERS", "finish_reason": None}]}),
        sse({"choices": [{"index": 0, "text": "x <", "finish_reason": None}]}),
        sse({"choices": [{"index": 1, "text": "ON_1>, P", "finish_reason": "stop"}]}),
        sse({"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}),
    ]

    texts = [read(event)["choices"][0]["text"] for event in restored("completions", events, a_masking())]

    assert texts == ["for ", "x ", "Anna Meier, P", "<"]


# --- responses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(1, 14))
def test_a_responses_stream_says_the_same_in_its_deltas_and_in_its_ends(size: int) -> None:
    events = responses_events("Dear <PERSON_1>, ask PERSON_1", '{"to":"<PERSON_1>"}', size)

    out = [read(event) for event in restored("responses", events, a_masking(QUOTED))]

    said = f"Dear {QUOTED}, ask {QUOTED}"
    assert "".join(each["delta"] for each in out if each["type"] == "response.output_text.delta") == said
    arguments = [each["delta"] for each in out if each["type"] == "response.function_call_arguments.delta"]
    assert json.loads("".join(arguments)) == {"to": QUOTED}
    assert [each["text"] for each in out if each["type"] == "response.output_text.done"] == [said]
    ended = out[-1]["response"]
    assert ended["output"][0]["content"][0]["text"] == said
    assert json.loads(ended["output"][1]["arguments"]) == {"to": QUOTED}
    assert ended["instructions"] == f"Write to {QUOTED}."
    assert [each["sequence_number"] for each in out] == list(range(len(out)))


def test_an_annotation_in_the_middle_of_a_text_ends_nothing() -> None:
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events = [
        sse({"type": "response.output_text.delta", "sequence_number": 0, **place, "delta": "To <PER"}),
        sse({"type": "response.output_text.annotation.added", "sequence_number": 1, **place, "annotation": {}}),
        sse({"type": "response.output_text.delta", "sequence_number": 2, **place, "delta": "SON_1>"}),
    ]

    out = [read(event) for event in restored("responses", events, a_masking())]

    assert [each.get("delta") for each in out] == ["To ", None, "Anna Meier"]


def test_events_of_a_response_without_placeholders_pass_byte_for_byte() -> None:
    events = responses_events("Nothing.", "{}", 3)

    assert restored("responses", events, a_masking()) == events


# --- whole answers --------------------------------------------------------------------------------------------------


def test_a_whole_answer_is_restored_wherever_it_has_text() -> None:
    message = {
        "role": "assistant",
        "content": "Dear <PERSON_1>",
        "tool_calls": [{"id": "PERSON_1", "function": {"name": "mail", "arguments": '{"to":"<PERSON_1>"}'}}],
    }
    body = {"id": "x", "created": 12345678901, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    (out,) = whole("chat.completions", json.dumps(body).encode(), a_masking(QUOTED))

    said = json.loads(out)["choices"][0]["message"]
    assert said["content"] == f"Dear {QUOTED}"
    assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"to": QUOTED}


def test_a_whole_answer_without_placeholders_passes_byte_for_byte() -> None:
    body = b'{ "choices" : [ {"message":{"content":"Gr\\u00fcezi <PERSON_2>"}, "n": 1.50 } ] }'

    assert whole("chat.completions", body, a_masking()) == [body]


@pytest.mark.parametrize("endpoint", ["embeddings", "moderations"])
def test_answers_of_numbers_are_not_looked_at(endpoint: str) -> None:
    assert whole(endpoint, b"<PERSON_1>", a_masking()) == [b"<PERSON_1>"]


def test_an_answer_nested_beyond_reason_is_unusable() -> None:
    with pytest.raises(UpstreamUnusable):
        whole("chat.completions", b"[" * 100_000 + b"]" * 100_000, a_masking())


# --- words ----------------------------------------------------------------------------------------------------------


def restored(endpoint: str, events: Iterable[bytes], masking: Masking, *, is_json: bool = False) -> list[bytes]:
    restore = restoration(endpoint, masking, streamed=True, is_json=is_json)
    return [out for event in events for out in restore(event)]


def whole(endpoint: str, body: bytes, masking: Masking) -> list[bytes]:
    return restoration(endpoint, masking, streamed=False, is_json=False)(body)


def sse(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def read(event: bytes) -> dict[str, Any]:
    value = json.loads(data_of(event))
    assert isinstance(value, dict)
    return value


def in_pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def chat_events(said: dict[tuple[object, ...], str], size: int) -> list[bytes]:
    """All texts interleaved, piece by piece, then the end of every choice."""
    queues = {place: in_pieces(text, size) for place, text in said.items()}
    events = []
    while any(queues.values()):
        for place, pieces in queues.items():
            if pieces:
                events.append(sse({"choices": [{"index": place[0], "delta": delta(place, pieces.pop(0))}]}))
    ends = sorted({place[0] for place in said}, key=str)
    return [*events, *(sse({"choices": [{"index": i, "delta": {}, "finish_reason": "stop"}]}) for i in ends)]


def delta(place: tuple[object, ...], piece: str) -> dict[str, object]:
    if place[1] == "calls":
        return {"tool_calls": [{"index": place[2], "function": {"arguments": piece}}]}
    return {str(place[1]): piece}


def hear_chat(events: Iterable[bytes]) -> dict[tuple[object, ...], str]:
    heard: dict[tuple[object, ...], str] = {}
    for event in events:
        for choice in read(event)["choices"]:
            for name, value in choice["delta"].items():
                pieces: dict[tuple[object, ...], str] = {(choice["index"], name): value}
                if name == "tool_calls":
                    pieces = {
                        (choice["index"], "calls", call["index"]): call["function"]["arguments"] for call in value
                    }
                for place, piece in pieces.items():
                    heard[place] = heard.get(place, "") + piece
    return heard


def responses_events(text: str, arguments: str, size: int) -> list[bytes]:
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [part]}
    call = {"id": "fc_1", "type": "function_call", "name": "mail", "arguments": arguments}
    whole = {"id": "resp_1", "instructions": "Write to <PERSON_1>." if "<" in text else None, "output": [message, call]}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    of_call = {"item_id": "fc_1", "output_index": 1}
    events: list[dict[str, object]] = [{"type": "response.created", "response": {**whole, "output": []}}]
    events += [{"type": "response.output_text.delta", **place, "delta": each} for each in in_pieces(text, size)]
    events += [{"type": "response.output_text.done", **place, "text": text}]
    events += [{"type": "response.output_item.done", "output_index": 0, "item": message}]
    kind = "response.function_call_arguments"
    events += [{"type": f"{kind}.delta", **of_call, "delta": each} for each in in_pieces(arguments, size)]
    events += [{"type": f"{kind}.done", **of_call, "arguments": arguments}]
    events += [{"type": "response.completed", "response": whole}]
    return [sse({**event, "sequence_number": number}) for number, event in enumerate(events)]
