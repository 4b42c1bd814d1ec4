import json

import pytest

from privacy_words import masked, sent
from tollhouse.domain.errors import InvalidJson, PrivacyBlocked
from tollhouse.domain.privacy import BLOCK, MASK, PrivacyRules
from tollhouse.privacy.requests import read, rewritten, shown

NAME, MASKED = "Anna Meier", "<PERSON_1>"


def a_chat(*messages: object, **members: object) -> dict[str, object]:
    return {"model": "m", "messages": list(messages), **members}


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


ASSISTANT_CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "mail", "arguments": json.dumps({"to": NAME})}}
    ],
}
SCHEMA = {"type": "object", "properties": {"who": {"type": "string", "enum": [NAME], "description": f"not {NAME}"}}}

PLACES = {
    "system prompt": a_chat({"role": "system", "content": f"You serve {NAME}."}, user("hi")),
    "developer prompt": a_chat({"role": "developer", "content": f"You serve {NAME}."}, user("hi")),
    "user text": a_chat(user(f"I am {NAME}.")),
    "text part": a_chat(user([{"type": "text", "text": f"I am {NAME}."}])),
    "history": a_chat(user("hi"), {"role": "assistant", "content": f"Hello {NAME}"}, user("bye")),
    "refusal": a_chat({"role": "assistant", "refusal": f"Not for {NAME}"}, user("bye")),
    "tool call": a_chat(ASSISTANT_CALL, user("hi")),
    "legacy call": a_chat({"role": "assistant", "function_call": {"name": "f", "arguments": f'{{"a":"{NAME}"}}'}}),
    "tool result": a_chat({"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"who": NAME})}),
    "thinking of history": a_chat({"role": "assistant", "content": "x", "reasoning_content": f"{NAME} asks"}),
    "prediction": a_chat(user("hi"), prediction={"type": "content", "content": f"Dear {NAME}"}),
    "user member": a_chat(user("hi"), user=NAME),
    "safety identifier": a_chat(user("hi"), safety_identifier=NAME),
    "metadata": a_chat(user("hi"), metadata={"customer": NAME}),
    "names of metadata": a_chat(user("hi"), metadata={NAME: "yes"}),
    "tool description": a_chat(
        user("hi"), tools=[{"type": "function", "function": {"name": "f", "description": NAME}}]
    ),
    "tool schema": a_chat(user("hi"), tools=[{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]),
    "answer schema": a_chat(user("hi"), response_format={"type": "json_schema", "json_schema": {"schema": SCHEMA}}),
    "stop": a_chat(user("hi"), stop=[f"{NAME}:"]),
    "unknown member": a_chat(user("hi"), provider_options={"deep": [{"er": NAME}]}),
    "unknown text": a_chat(user("hi"), provider_note=NAME),
    "role": a_chat({"role": NAME, "content": "hi"}),
    "an id": a_chat({"role": "tool", "tool_call_id": NAME, "content": "x"}),
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_chat_sends_no_name_wherever_it_stands(place: str) -> None:
    found = await masked(PLACES[place])

    said = json.dumps(sent(found), ensure_ascii=False)
    assert NAME not in said
    assert "PERSON_1" in said
    assert found.restore is not None


INPUTS = {
    "text": f"I am {NAME}.",
    "message": [{"role": "user", "content": f"I am {NAME}."}],
    "text part": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": NAME}]}],
    "answer of history": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": NAME}]}],
    "call": [{"type": "function_call", "call_id": "call_1", "name": "f", "arguments": json.dumps({"to": NAME})}],
    "result": [{"type": "function_call_output", "call_id": "call_1", "output": json.dumps({"to": NAME})}],
    "parts of a result": [{"type": "function_call_output", "output": [{"type": "input_text", "text": NAME}]}],
    "thoughts": [{"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": NAME}]}],
    "custom call": [{"type": "custom_tool_call", "call_id": "call_1", "name": "f", "input": NAME}],
}


@pytest.mark.parametrize("place", INPUTS)
async def test_a_response_sends_no_name_wherever_it_stands(place: str) -> None:
    found = await masked({"model": "m", "input": INPUTS[place]}, "/v1/responses")

    said = json.dumps(sent(found), ensure_ascii=False)
    assert NAME not in said
    assert MASKED in said


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/responses", {"input": "hi", "instructions": f"You serve {NAME}."}),
        ("/v1/responses", {"prompt": {"id": "pmpt_1", "variables": {"who": NAME}}}),
        ("/v1/completions", {"prompt": f"Dear {NAME},"}),
        ("/v1/completions", {"prompt": ["x", f"Dear {NAME},"], "suffix": f"Yours, {NAME}"}),
        ("/v1/embeddings", {"input": f"Dear {NAME},"}),
        ("/v1/embeddings", {"input": ["x", f"Dear {NAME},"]}),
        ("/v1/moderations", {"input": f"Dear {NAME},"}),
        ("/v1/moderations", {"input": [{"type": "text", "text": NAME}]}),
    ],
)
async def test_every_endpoint_sends_no_name(path: str, body: dict[str, object]) -> None:
    said = json.dumps(sent(await masked({"model": "m", **body}, path)), ensure_ascii=False)

    assert NAME not in said
    assert MASKED in said


async def test_the_same_value_has_one_placeholder_in_all_of_a_request() -> None:
    body = a_chat(
        {"role": "system", "content": "For Jörg Müller."}, user(f"{NAME}, Jörg Müller and a.m@x.ch"), user=NAME
    )

    out = sent(await masked(body))

    assert out["messages"] == [
        {"role": "system", "content": "For <PERSON_1>."},
        {"role": "user", "content": "<PERSON_2>, <PERSON_1> and <EMAIL_ADDRESS_1>"},
    ]
    assert out["user"] == "<PERSON_2>"


async def test_a_placeholder_that_the_caller_wrote_stays_the_callers() -> None:
    found = await masked(a_chat(user(f"What is <PERSON_1>? Ask {NAME}.")))

    assert sent(found)["messages"] == [user("What is <PERSON_1>? Ask <PERSON_2>.")]
    assert found.restore is not None
    answer = json.dumps({"choices": [{"message": {"content": "<PERSON_1>, says <PERSON_2>"}}]}).encode()
    assert json.loads(found.restore()(answer)[0])["choices"][0]["message"]["content"] == f"<PERSON_1>, says {NAME}"


async def test_a_request_without_personal_data_leaves_byte_for_byte() -> None:
    body = a_chat(user("Grüezi"), metadata={"a": "b"}, seed=123456789012)

    found = await masked(body)

    assert found.restore is None
    assert sent(found) == body


async def test_words_of_the_api_and_ids_of_providers_stay() -> None:
    call = {"id": "call_41791234567890", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = a_chat(
        user(f"I am {NAME}"),
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_41791234567890", "content": "41791234567890"},
    )

    messages = sent(await masked(body))["messages"]

    assert isinstance(messages, list)
    assert messages[1] == {"role": "assistant", "tool_calls": [call]}
    assert messages[2]["tool_call_id"] == "call_41791234567890"
    assert messages[2]["content"] == "<PHONE_NUMBER_1>"


async def test_names_in_which_providers_take_no_brackets_get_none() -> None:
    messages = sent(await masked(a_chat({"role": "user", "name": NAME, "content": f"I am {NAME}"})))["messages"]

    assert messages == [{"role": "user", "name": "PERSON_1", "content": "I am <PERSON_1>"}]


async def test_numbers_are_looked_at_where_they_may_be_somebodys() -> None:
    out = sent(
        await masked(a_chat(user("hi"), metadata={"phone": 41791234567}, customer=41791234567, seed=41791234567))
    )

    assert out["metadata"] == {"phone": "<PHONE_NUMBER_1>"}
    assert out["customer"] == "<PHONE_NUMBER_1>"
    assert out["seed"] == 41791234567


# --- what cannot be read --------------------------------------------------------------------------------------------

PNG = "data:image/png;base64,iVBORw0KGgo="
UNREAD: dict[str, tuple[str, dict[str, object]]] = {
    "image": ("/v1/chat/completions", a_chat(user([{"type": "image_url", "image_url": {"url": PNG}}]))),
    "audio": ("/v1/chat/completions", a_chat(user([{"type": "input_audio", "input_audio": {"data": "QUJD"}}]))),
    "file": ("/v1/chat/completions", a_chat(user([{"type": "file", "file": {"file_id": "file-1"}}]))),
    "data": ("/v1/chat/completions", a_chat(user(f"See {PNG}"))),
    "data alone": ("/v1/chat/completions", a_chat(user("QUJD" * 100))),
    "image of a response": ("/v1/responses", {"input": [user([{"type": "input_image", "image_url": PNG}])]}),
    "file of a response": ("/v1/responses", {"input": [user([{"type": "input_file", "file_url": "https://x.ch/a"}])]}),
    "file of an unknown type": ("/v1/responses", {"input": [{"type": "novelty", "file_data": "QUJD"}]}),
    "image of a screen": ("/v1/responses", {"input": [{"type": "x", "output": {"type": "computer_screenshot"}}]}),
    "tokens": ("/v1/embeddings", {"input": [1, 2, 3]}),
    "tokens in lists": ("/v1/completions", {"prompt": [[1, 2], [3]]}),
    "image to moderate": ("/v1/moderations", {"input": [{"type": "image_url", "image_url": {"url": PNG}}]}),
}


@pytest.mark.parametrize("mode", [MASK, BLOCK])
@pytest.mark.parametrize("what", UNREAD)
async def test_what_cannot_be_read_is_refused(what: str, mode: str) -> None:
    path, body = UNREAD[what]

    with pytest.raises(PrivacyBlocked) as caught:
        await masked({"model": "m", **body}, path, PrivacyRules(mode))

    assert caught.value.status == 403
    assert caught.value.message.startswith(f"The use case does not let this leave: {what.split(maxsplit=1)[0]} in ")


@pytest.mark.parametrize("what", UNREAD)
async def test_what_cannot_be_read_leaves_as_it_is_if_that_is_allowed(what: str) -> None:
    path, body = UNREAD[what]

    found = await masked({"model": "m", **body}, path, PrivacyRules(MASK, unreadable=True))

    assert sent(found) == {"model": "m", **body}


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "messages",
    [
        b'[{"role":"user","content":"Anna Meier","content":"hi"}]',
        b'[{"role":"user","content":[{"type":"text","text":"Anna Meier","text":"\\"hi\\""}]}]',
        b'[{"role":"user","content":"\\ud83d"}]',
        b"[" * 3_000 + b"]" * 3_000,
    ],
)
def test_what_readers_may_understand_in_two_ways_is_refused(messages: bytes) -> None:
    with pytest.raises(InvalidJson):
        read({"messages": messages})


def test_members_without_a_change_stay_byte_for_byte() -> None:
    members = {"messages": b'[ {"role":"user", "content":"Gr\\u00fcezi", "x": 1.50} ]', "metadata": b'{ "a" : 1 }'}

    assert rewritten(members, lambda part: part.text) == members


def test_a_path_is_shown_without_what_a_caller_made_up() -> None:
    assert shown(("messages", 2, "content", 0, "text")) == "messages[2].content[0].text"
    assert shown(("tools", 0, "function", "parameters", "properties", "anna")) == "tools[0].function.parameters.…"
    assert shown(("metadata",)) == "metadata"
