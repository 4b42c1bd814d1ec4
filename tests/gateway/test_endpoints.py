"""What each endpoint's adapter reads, writes and scans."""

import json
from typing import Any

import pytest

from tollhouse.domain.errors import BoundUnknown, InvalidRequest, ParameterNotAllowed
from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import Answer, Shaped
from tollhouse.gateway.endpoints import ENDPOINTS

CHAT = ENDPOINTS["/v1/chat/completions"]
RESPONSES = ENDPOINTS["/v1/responses"]
COMPLETIONS = ENDPOINTS["/v1/completions"]
EMBEDDINGS = ENDPOINTS["/v1/embeddings"]
MODERATIONS = ENDPOINTS["/v1/moderations"]

PLAIN = Deployment("openai", "gpt-5-mini", "openai")
FREE = Parameters()
HELLO = [{"role": "user", "content": "hello"}]


def body(**members: object) -> bytes:
    return json.dumps({"model": "fast", **members}).encode()


def shape_chat(
    deployment: Deployment = PLAIN, parameters: Parameters = FREE, most: int | None = None, **members: object
) -> tuple[dict[str, Any], Shaped]:
    asked = CHAT.read(body(messages=HELLO, **members))
    shaped = CHAT.shape(asked, deployment, parameters=parameters, output_tokens_max=most)
    return json.loads(shaped.body), shaped


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "members", "param"),
    [
        ("/v1/chat/completions", {}, "messages"),
        ("/v1/chat/completions", {"messages": []}, "messages"),
        ("/v1/chat/completions", {"messages": "hi"}, "messages"),
        ("/v1/chat/completions", {"messages": HELLO, "n": 0}, "n"),
        ("/v1/chat/completions", {"messages": HELLO, "n": 129}, "n"),
        ("/v1/chat/completions", {"messages": HELLO, "n": "2"}, "n"),
        ("/v1/chat/completions", {"messages": HELLO, "max_tokens": -1}, "max_tokens"),
        ("/v1/chat/completions", {"messages": HELLO, "max_tokens": 2**40}, "max_tokens"),
        ("/v1/chat/completions", {"messages": HELLO, "max_completion_tokens": 1.5}, "max_completion_tokens"),
        ("/v1/chat/completions", {"messages": HELLO, "stream": "yes"}, "stream"),
        ("/v1/chat/completions", {"messages": HELLO, "model": 7}, "model"),
        ("/v1/chat/completions", {"messages": HELLO, "service_tier": "priority"}, "service_tier"),
        ("/v1/responses", {"input": "hi", "service_tier": "flex"}, "service_tier"),
        ("/v1/responses", {}, "input"),
        ("/v1/responses", {"input": "hi", "background": True}, "background"),
        ("/v1/responses", {"input": "hi", "max_output_tokens": 0}, "max_output_tokens"),
        ("/v1/completions", {}, "prompt"),
        ("/v1/completions", {"prompt": "hi", "best_of": 1000}, "best_of"),
        ("/v1/embeddings", {}, "input"),
        ("/v1/embeddings", {"input": ""}, "input"),
        ("/v1/moderations", {"input": 5}, "input"),
    ],
)
def test_a_member_that_is_missing_wrong_or_out_of_bounds_is_named(
    path: str, members: dict[str, object], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ENDPOINTS[path].read(body(**members))

    assert refused.value.param == param


def test_parts_that_are_not_text_are_counted_and_a_file_id_is_held_elsewhere() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
    file = {"type": "file", "file": {"file_id": "file-1"}}

    seen = CHAT.read(body(messages=[{"role": "user", "content": [image, image, {"type": "text", "text": "?"}]}]))
    held = CHAT.read(body(messages=[{"role": "user", "content": [file]}]))

    assert (seen.parts, seen.held_elsewhere) == (("image", "image"), False)
    assert (held.parts, held.held_elsewhere) == (("file",), True)


@pytest.mark.parametrize(
    "members",
    [{"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}}, {"tools": [{"type": "web_search"}]}],
)
def test_input_that_only_the_provider_knows_is_held_elsewhere(members: dict[str, object]) -> None:
    assert RESPONSES.read(body(input="hi", **members)).held_elsewhere


# --- shaping --------------------------------------------------------------------------------------------------------


def test_unknown_members_pass_byte_for_byte() -> None:
    raw = b'{"model":"fast","x_new":{ "deep" : [1.0, 2e3] },"messages":[{"role":"user","content":"h\\u00e9"}]}'

    shaped = CHAT.shape(CHAT.read(raw), PLAIN, parameters=Parameters(), output_tokens_max=None)

    assert b'"x_new":{ "deep" : [1.0, 2e3] }' in shaped.body
    assert b'[{"role":"user","content":"h\\u00e9"}]' in shaped.body


@pytest.mark.parametrize(
    ("members", "most", "model_max", "written", "clamped"),
    [
        ({}, None, None, 4096, ()),
        ({}, None, 900, 900, ()),
        ({}, 500, 900, 500, ()),
        ({"max_tokens": 300}, 500, 900, 300, ()),
        ({"max_tokens": 501}, 500, 900, 500, ("max_tokens",)),
        ({"max_completion_tokens": 9000}, None, 900, 9000, ()),
    ],
)
def test_the_output_bound_is_the_callers_cut_to_the_use_cases_else_the_models(
    members: dict[str, Any], most: int | None, model_max: int | None, written: int, clamped: tuple[str, ...]
) -> None:
    deployment = Deployment("openai", "m", "openai", output_tokens_max=model_max)

    sent, shaped = shape_chat(deployment, most=most, **members)

    assert sent["max_completion_tokens"] == written
    assert "max_tokens" not in sent
    assert (shaped.output_bound, shaped.clamped) == (written, clamped)


def test_an_older_deployment_gets_the_limit_under_its_own_name_only() -> None:
    sent, _ = shape_chat(Deployment("o", "m", "openai", limit_parameter="max_tokens"), max_completion_tokens=7)

    assert sent["max_tokens"] == 7
    assert "max_completion_tokens" not in sent


def test_the_bound_covers_every_choice_also_one_that_a_default_added() -> None:
    _, asked = shape_chat(n=3, max_tokens=10)
    _, filled = shape_chat(parameters=Parameters(default={"n": 4}), max_tokens=10)
    _, capped = shape_chat(parameters=Parameters(maximum={"n": 2}), n=5, max_tokens=10)

    assert (asked.output_bound, filled.output_bound, capped.output_bound) == (30, 40, 20)


def test_parameters_fill_in_clamp_and_refuse() -> None:
    rules = Parameters(
        default={"temperature": 0.2}, maximum={"temperature": 0.5, "top_p": 0.9}, locked=frozenset({"seed"})
    )

    filled, _ = shape_chat(parameters=rules)
    clamped, told = shape_chat(parameters=rules, temperature=1.5)

    assert filled["temperature"] == 0.2
    assert filled["top_p"] == 0.9, "the provider's own default of 1 would be above the ceiling"
    assert clamped["temperature"] == 0.5
    assert told.clamped == ("temperature",)
    with pytest.raises(ParameterNotAllowed):
        shape_chat(parameters=rules, seed=1)


def test_a_deployment_declared_without_a_parameter_never_receives_it() -> None:
    reasoning = Deployment("o", "o4", "openai", refuses=frozenset({"temperature"}))

    given, _ = shape_chat(reasoning, temperature=1)
    filled, _ = shape_chat(reasoning, Parameters(default={"temperature": 0.2}))

    assert "temperature" not in given
    assert "temperature" not in filled


def test_a_deployment_that_takes_no_limit_has_to_say_what_its_model_can_write() -> None:
    unbounded = Deployment("o", "m", "openai", refuses=frozenset({"max_completion_tokens"}))
    bounded = Deployment("o", "m", "openai", refuses=frozenset({"max_completion_tokens"}), output_tokens_max=64)

    with pytest.raises(BoundUnknown):
        shape_chat(unbounded)
    sent, shaped = shape_chat(bounded, max_tokens=5)

    assert "max_tokens" not in sent
    assert shaped.output_bound == 64


def test_usage_is_asked_for_on_every_stream_and_other_stream_options_stay() -> None:
    sent, _ = shape_chat(stream=True, stream_options={"include_obfuscation": False})

    assert sent["stream_options"] == {"include_obfuscation": False, "include_usage": True}


def test_embeddings_and_moderations_are_bounded_by_their_input_and_get_nothing_written() -> None:
    for endpoint in (EMBEDDINGS, MODERATIONS):
        asked = endpoint.read(body(input="hi"))
        shaped = endpoint.shape(asked, PLAIN, parameters=Parameters(), output_tokens_max=10)

        assert shaped.output_bound == 0
        assert json.loads(shaped.body) == {"model": "gpt-5-mini", "input": "hi"}


def test_completions_bound_every_prompt_and_the_best_of() -> None:
    asked = COMPLETIONS.read(body(prompt=["a", "b"], best_of=3, n=2, max_tokens=10))

    shaped = COMPLETIONS.shape(asked, PLAIN, parameters=Parameters(), output_tokens_max=None)

    assert shaped.output_bound == 60


# --- scanning -------------------------------------------------------------------------------------------------------


def chunk(delta: dict[str, object], **choice: object) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": delta, **choice}]}).encode()


@pytest.mark.parametrize(
    ("data", "output"),
    [
        (chunk({"role": "assistant", "content": ""}), False),
        (chunk({}), False),
        (chunk({"content": "hi"}), True),
        (chunk({"refusal": "no"}), True),
        (chunk({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}), True),
        (chunk({"content": None, "tool_calls": None}), False),
        (b'{"choices":[],"prompt_filter_results":[]}', False),
    ],
)
def test_output_is_text_a_refusal_or_a_tool_call_never_a_role_or_an_empty_delta(data: bytes, output: bool) -> None:
    assert CHAT.scan(data).output is output


def test_a_usage_chunk_of_its_own_is_told_apart_from_usage_beside_output() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}

    alone = CHAT.scan(json.dumps({"choices": [], "usage": usage}).encode())
    beside = CHAT.scan(
        json.dumps({"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}], "usage": usage}).encode()
    )

    assert alone.usage == beside.usage == Usage(5, 2, 3)
    assert (alone.usage_only, beside.usage_only) == (True, False)
    assert beside.finished == (1,)


@pytest.mark.parametrize("data", [b"", b"hello", b"[1]", b'{"choices":[', b"\xff\xfe"])
def test_an_event_that_is_not_json_of_its_kind_is_a_value_error(data: bytes) -> None:
    for endpoint in (CHAT, COMPLETIONS, RESPONSES):
        with pytest.raises(ValueError, match=r".*"):
            endpoint.scan(data)


def test_an_error_object_is_a_fault_whatever_its_shape() -> None:
    whole = CHAT.scan_whole(b'{"error":{"message":"no","type":"t","code":429,"param":"p"}}').fault
    text = CHAT.scan(b'{"error":"it broke"}').fault
    failed = RESPONSES.scan(
        b'{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"m"},"output":[]}}'
    ).fault

    assert whole is not None
    assert (whole.message, whole.code, whole.param) == ("no", "429", "p")
    assert text is not None
    assert text.message == "it broke"
    assert failed is not None
    assert failed.code == "server_error"


def test_a_whole_answer_without_its_own_members_is_no_answer() -> None:
    for endpoint in ENDPOINTS.values():
        with pytest.raises(ValueError, match="the answer has no"):
            endpoint.scan_whole(b'{"hello":"world"}')


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v1/chat/completions", {"choices": [{"index": 0, "message": {"content": "half of"}, "finish_reason": None}]}),
        ("/v1/completions", {"choices": [{"index": 0, "text": "half of"}]}),
        ("/v1/responses", {"status": "in_progress", "output": []}),
    ],
)
def test_an_answer_that_does_not_say_how_it_ended_was_cut(path: str, answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cut"):
        ENDPOINTS[path].scan_whole(json.dumps(answer).encode())


# --- answers of our own ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/completions"])
@pytest.mark.parametrize("streamed", [True, False])
def test_an_answer_of_our_own_scans_as_it_was_told(path: str, streamed: bool) -> None:
    endpoint = ENDPOINTS[path]
    asked = endpoint.read(body(messages=HELLO, input="hi", prompt="hi", stream=streamed))
    answer = Answer("the text", Usage(3, 2))

    pieces = list(endpoint.render(answer, asked, model="inhouse", id_suffix="x1", created=7))

    for data, told in pieces:
        payload = data[data.index(b"{") : data.rindex(b"}") + 1]
        assert (endpoint.scan(payload) if streamed else endpoint.scan_whole(payload)) == told
    assert "".join(told.text for _, told in pieces if told.output) == "the text"
    assert [told.usage for _, told in pieces if told.usage] == [Usage(3, 2)]


def test_missing_usage_is_added_to_an_answer_with_the_mark_that_we_counted() -> None:
    amended = json.loads(CHAT.with_usage(b'{"choices":[]}', Usage(9, 4, estimated=True), {"estimated": True}))

    assert amended["usage"]["total_tokens"] == 13
    assert amended["tollhouse"] == {"estimated": True}


def test_the_last_event_of_a_responses_stream_carries_the_cost_and_keeps_its_framing() -> None:
    event = (
        b'event: response.completed\r\ndata: {"type":"response.completed","response":{"id":"r","usage":null}}\r\n\r\n'
    )

    amended = RESPONSES.usage_event(event, Usage(9, 4), {"cost_usd": "0.1"})

    assert amended.startswith(b"event: response.completed\r\ndata: ")
    assert amended.endswith(b"\r\n\r\n")
    response = json.loads(amended[amended.index(b"{") : amended.rindex(b"}") + 1])["response"]
    assert response["usage"]["output_tokens"] == 4
    assert response["tollhouse"] == {"cost_usd": "0.1"}
