import json

import pytest

from tollhouse.privacy.answers.said import Said


def said(*events: object, streamed: bool = False) -> list[tuple[str, str]]:
    collected = Said(streamed=streamed)
    for event in events:
        data = event if isinstance(event, str) else json.dumps(event)
        collected.add(f"data: {data}\n\n".encode() if streamed else data.encode())
    return collected.texts()


CALL = {"id": "call_1", "type": "function", "function": {"name": "mail", "arguments": '{"to": "ana"}'}}


def test_a_whole_chat_answers_texts_and_arguments_are_told_with_their_places() -> None:
    message = {"role": "assistant", "content": "Hello", "refusal": None, "tool_calls": [CALL]}
    body = {"id": "chatcmpl-1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}

    assert said(body) == [
        ("choices[0].content", "Hello"),
        ("choices[0].tool_calls[0].function.arguments", '{"to": "ana"}'),
    ]


def test_a_streams_pieces_make_the_same_texts_at_the_same_places() -> None:
    def chunk(choice: int, **delta: object) -> object:
        return {"choices": [{"index": choice, "delta": delta, "finish_reason": None}]}

    def arguments(piece: str) -> object:
        return chunk(0, tool_calls=[{"index": 1, "function": {"arguments": piece}}])

    events = [
        chunk(0, role="assistant", content="Hel"),
        chunk(1, content="Sa"),
        chunk(0, content="lo"),
        arguments('{"to": '),
        arguments('"ana"}'),
        chunk(1, content="lut"),
        {"choices": [], "usage": {"prompt_tokens": 1}},
        "[DONE]",
    ]

    assert said(*events, streamed=True) == [
        ("choices[0].content", "Hello"),
        ("choices[1].content", "Salut"),
        ("choices[0].tool_calls[1].function.arguments", '{"to": "ana"}'),
    ]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_text_completions_choices_are_told(streamed: bool) -> None:
    events = [{"choices": [{"index": 0, "text": text}]} for text in (("a", "b") if streamed else ("ab",))]

    assert said(*events, streamed=streamed) == [("choices[0].text", "ab")]


RESPONSE = {
    "object": "response",
    "instructions": "what the caller wrote",
    "output": [
        {
            "type": "message",
            "content": [{"type": "output_text", "text": "Hello", "annotations": [{"url": "https://a.example"}]}],
        },
        {"type": "function_call", "name": "mail", "arguments": "{}"},
    ],
}
TEXTS = [
    ("output[0].content[0].text", "Hello"),
    ("output[0].content[0].annotations[0].url", "https://a.example"),
    ("output[1].arguments", "{}"),
]


def test_of_a_response_only_its_output_is_said() -> None:
    assert said(RESPONSE) == TEXTS


def test_what_a_response_streams_and_says_again_at_its_end_is_told_once() -> None:
    def delta(piece: str, index: int = 0) -> object:
        return {"type": "response.output_text.delta", "output_index": index, "content_index": 0, "delta": piece}

    events = [
        {"type": "response.created", "response": {**RESPONSE, "output": []}},
        delta("Hel"),
        delta("only streamed", 7),
        delta("lo"),
        {"type": "response.output_text.done", "text": "Hello"},
        {"type": "response.completed", "response": RESPONSE},
    ]

    assert sorted(said(*events, streamed=True)) == sorted([*TEXTS, ("response.output_text[7][0]", "only streamed")])


def test_vectors_and_labels_say_nothing() -> None:
    assert said({"object": "list", "data": [{"embedding": [0.1]}], "model": "m"}) == []
    assert said({"results": [{"flagged": True, "categories": {"hate": False}}]}) == []
