"""What passes the house passes unchanged, byte for byte, but for what the house has to say or to keep."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from flow_house import HELLO, Answer, Tree, chat, last_call, post, read, running, sending, sent_bodies, tree, use_case
from tollhouse.testing.house import TestHouse

IDS = re.compile(rb'"(id|created|created_at|completed_at|item_id|call_id)": ?(?:"[^"]*"|\d+(?:\.\d+)?)')
EVENT = re.compile(rb".+?(?:\r\n\r\n|\n\n)", re.DOTALL)
ASKED_USAGE: Tree = {"stream": True, "stream_options": {"include_usage": True}}


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    with running(tree()) as house:
        yield house


# --- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["sim-echo", "sim-json", "sim-refusal", "sim-reasoning", "sim-cached", "sim-split"])
def test_a_whole_answer_is_the_providers_bytes(house: TestHouse, model: str) -> None:
    asked = chat(model, max_completion_tokens=500)

    answer = post(house, asked)

    assert answer.status == 200
    assert without_ids(answer.body) == without_ids(direct(house, asked).body)


@pytest.mark.parametrize("model", ["sim-echo", "sim-split", "sim-split:5", "sim-crlf", "sim-multiline", "sim-tool"])
def test_a_stream_is_the_providers_events_and_one_of_ours(house: TestHouse, model: str) -> None:
    asked = chat(model, max_completion_tokens=500, **ASKED_USAGE)

    answer = post(house, asked)

    *given, usage, done = EVENT.findall(without_ids(answer.body))
    *sent, _, _ = EVENT.findall(without_ids(direct(house, asked).body))
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert given == sent
    assert data_of(usage)["choices"] == []
    assert done == b"data: [DONE]\n\n"


def test_pings_and_comments_stay_at_the_door(house: TestHouse) -> None:
    answer = post(house, chat("sim-pings", stream=True))

    assert not [line for line in answer.body.split(b"\n") if line.startswith(b":")]
    assert text_of(answer) == "hello"


@pytest.mark.parametrize("model", ["sim-echo", "sim-no-done", "sim-crlf", "sim-multiline", "sim-pings", "sim-hang-up"])
def test_a_good_stream_ends_with_done_once(house: TestHouse, model: str) -> None:
    answer = post(house, chat(model, stream=True))

    assert answer.body.count(b"[DONE]") == 1
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert last_call(house).attempts[0].state == "settled"


def test_a_usage_chunk_that_nobody_asked_for_is_removed(house: TestHouse) -> None:
    answer = post(house, chat("sim-echo", stream=True))

    assert not [chunk for chunk in chunks(answer) if chunk.get("usage") or not chunk["choices"]]
    assert last_call(house).tokens_out == 2


@pytest.mark.parametrize("model", ["sim-echo", "sim-usage-twice"])
def test_usage_asked_for_comes_last_and_says_what_it_cost(house: TestHouse, model: str) -> None:
    answer = post(house, chat(model, **ASKED_USAGE))

    *_, usage, done = answer.events()
    told = json.loads(usage)
    assert done == b"[DONE]"
    assert [chunk for chunk in chunks(answer) if chunk.get("usage")] == [told]
    assert (told["choices"], told["usage"]["prompt_tokens"], told["usage"]["completion_tokens"]) == ([], 2, 2)
    assert told["tollhouse"] == {"cost_usd": "0.0000045"}


def test_every_event_of_a_responses_stream_passes(house: TestHouse) -> None:
    asked: Tree = {"model": "sim-echo", "input": "hello there", "stream": True, "max_output_tokens": 500}

    answer = post(house, asked, path="/v1/responses")

    *given, last = EVENT.findall(without_ids(answer.body))
    *sent, completed = EVENT.findall(without_ids(direct(house, asked, "/v1/responses").body))
    assert given == sent
    assert last.startswith(b"event: response.completed\n")
    assert b"[DONE]" not in answer.body
    mine, theirs = data_of(last)["response"], data_of(completed)["response"]
    assert isinstance(mine, dict)
    assert mine.pop("tollhouse") == {"cost_usd": "0.00000675"}
    assert mine == theirs


def test_a_responses_event_on_several_lines_is_read_and_amended(house: TestHouse) -> None:
    asked: Tree = {"model": "sim-multiline", "input": "hello there", "stream": True}

    answer = post(house, asked, path="/v1/responses")

    *_, last = EVENT.findall(answer.body)
    response = data_of(last)["response"]
    assert isinstance(response, dict)
    assert (response["status"], response["tollhouse"]) == ("completed", {"cost_usd": "0.00000675"})


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/completions", {"prompt": "hello", "max_tokens": 9}),
        ("/v1/embeddings", {"input": ["hello", "there"], "encoding_format": "base64"}),
        ("/v1/moderations", {"input": "hello"}),
        ("/v1/responses", {"input": "hello", "max_output_tokens": 9}),
    ],
)
def test_every_endpoint_relays_the_providers_bytes(house: TestHouse, path: str, asked: Tree) -> None:
    asked = {"model": "sim-echo", **asked}

    answer = post(house, asked, path=path)

    assert answer.status == 200
    assert without_ids(answer.body) == without_ids(direct(house, asked, path).body)


def test_an_answer_without_a_price_is_relayed_as_it_is() -> None:
    settings = tree(
        models={"*": {"deployments": [{"provider": "simulator", "model": "*"}]}},
        use_cases={"tests": use_case(unpriced="allow")},
    )
    with running(settings) as house:
        answer = post(house, chat("sim-reasoning", max_completion_tokens=500))

        assert without_ids(answer.body) == without_ids(
            direct(house, chat("sim-reasoning", max_completion_tokens=500)).body
        )
        call = last_call(house)
        assert (call.cost_nanousd, call.estimated, call.attempts[0].price) == (0, True, "unpriced")


# --- usage that is missing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["sim-no-usage", "sim-usage-null"])
def test_missing_usage_is_counted_added_and_flagged(house: TestHouse, model: str) -> None:
    answer = post(house, chat(model))

    told = answer.json()
    assert told["usage"] == {
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "total_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert told["tollhouse"] == {"estimated": True}
    assert answer.headers["x-tollhouse-estimated"] == "true"
    assert last_call(house).estimated


@pytest.mark.parametrize("model", ["sim-no-usage", "sim-usage-null"])
def test_missing_usage_is_added_to_a_stream_that_asked_for_it(house: TestHouse, model: str) -> None:
    answer = post(house, chat(model, **ASKED_USAGE))

    told = json.loads(answer.events()[-2])
    assert told["usage"]["total_tokens"] == 2
    assert told["tollhouse"] == {"cost_usd": "0.00000225", "estimated": True}


def test_missing_usage_is_not_added_to_a_stream_that_did_not_ask(house: TestHouse) -> None:
    answer = post(house, chat("sim-no-usage", stream=True))

    assert not [chunk for chunk in chunks(answer) if chunk.get("usage")]
    assert last_call(house).estimated


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("path", ["/v1/completions", "/v1/responses"])
def test_missing_usage_is_counted_on_every_endpoint_with_text(house: TestHouse, path: str, streamed: bool) -> None:
    asked: Tree = {"model": "sim-no-usage", "prompt": "hello", "input": "hello", "stream": streamed}

    answer = post(house, asked, path=path)

    assert answer.status == 200, answer.body
    call = last_call(house)
    assert (call.tokens_in, call.tokens_out, call.estimated) == (1, 1, True)


@pytest.mark.parametrize("streamed", [False, True])
def test_usage_is_counted_for_what_only_the_provider_can_read(house: TestHouse, streamed: bool) -> None:
    strange = [{"role": "user", "content": [{"type": "text", "text": "hello"}, {"type": "text", "text": None}]}]

    answer = post(house, {"model": "sim-no-usage", "messages": strange, "stream": streamed})

    (attempt,) = last_call(house).attempts
    assert answer.status == 200
    assert (attempt.state, attempt.estimated) == ("settled", True)
    assert 0 < attempt.cost_nanousd < attempt.held_nanousd


def test_missing_usage_of_a_continued_response_counts_what_it_continues(house: TestHouse) -> None:
    first = post(house, {"model": "sim-echo", "input": "hello " * 50}, path="/v1/responses").json()
    before = last_call(house)
    house.script("sim-echo", "sim-no-usage")

    answer = post(
        house, {"model": "sim-echo", "input": "more", "previous_response_id": first["id"]}, path="/v1/responses"
    )

    house.script("sim-echo", "sim-echo")
    call = last_call(house)
    assert answer.status == 200, answer.body
    assert call.estimated
    assert call.tokens_in > before.tokens_in + before.tokens_out


# --- requests -------------------------------------------------------------------------------------------------------


def test_request_members_nobody_knows_arrive_byte_for_byte(house: TestHouse) -> None:
    strange = b'{ "depth" : [1.50, 1e3, -0.0, null, {"\\u00e9" : "\xc3\xa9\\n"}] , "n":  "2" }'
    body = b'{"x_new": %s, "model": "sim-echo@strange", "messages": [ {"role":"user", "content" : "hi", "x": 1.0} ]}'

    answer = post(house, body % strange)

    (sent,) = sent_bodies(house, "sim-echo@strange")
    assert answer.status == 200
    assert strange in sent
    assert b'[ {"role":"user", "content" : "hi", "x": 1.0} ]' in sent


def test_images_and_files_arrive_byte_for_byte(house: TestHouse) -> None:
    content = (
        b'[{"type":"text","text":"what is this?"},'
        b'{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},'
        b'{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}},'
        b'{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERg=="}}]'
    )

    answer = post(house, b'{"model":"sim-echo@media","messages":[{"role":"user","content":%s}]}' % content)

    (sent,) = sent_bodies(house, "sim-echo@media")
    assert answer.status == 200, answer.body
    assert content in sent


def test_only_model_limit_and_stream_options_are_spliced(house: TestHouse) -> None:
    asked = chat("sim-echo@splice", max_tokens=7, stream=True, stream_options={"x": 1}, temperature=0.5)

    post(house, asked)

    (sent,) = sent_bodies(house, "sim-echo@splice")
    assert json.loads(sent) == {
        "model": "sim-echo@splice",
        "messages": list(HELLO),
        "stream": True,
        "stream_options": {"x": 1, "include_usage": True},
        "temperature": 0.5,
        "max_completion_tokens": 7,
    }


def test_the_provider_never_sees_the_callers_key_or_headers(house: TestHouse) -> None:
    post(house, chat("sim-echo@headers"), headers={"x-secret": "mine", "cookie": "a=b", "x-tollhouse-tags": "a=b"})

    (sent,) = house.at_rest(lambda _: [each for each in house.simulator.requests if each.model == "sim-echo@headers"])
    assert sent.header("authorization") == "Bearer sk-simulator-0123"
    assert house.api_key.encode() not in b"".join(value for _, value in sent.headers)
    assert {name.decode().lower() for name, _ in sent.headers} == {
        "accept", "accept-encoding", "authorization", "content-length", "content-type", "host", "user-agent",
        "x-client-request-id",
    }  # fmt: skip


# --- answers that cannot be used ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    [
        "sim-200-html", "sim-200-empty", "sim-bad-json", "sim-bad-utf8", "sim-cut", "sim-truncated", "sim-no-finish",
        "sim-gzip-bomb", "sim-wrong-type", "sim-huge-header",
    ],
)  # fmt: skip
def test_a_whole_answer_that_cannot_be_used_is_our_502(house: TestHouse, model: str) -> None:
    answer = post(house, chat(model + "@whole"))

    assert (answer.status, answer.code) == (502, "upstream_error"), answer.body
    assert last_call(house).status == 502


@pytest.mark.parametrize("model", ["sim-bad-json", "sim-bad-utf8", "sim-cut", "sim-cut-close", "sim-cut-reset"])
def test_a_stream_that_breaks_after_output_ends_with_an_error_event(house: TestHouse, model: str) -> None:
    long: Tree = {"messages": [{"role": "user", "content": "one two three four five six seven"}]}

    answer = post(house, {"model": f"{model}:2", "stream": True, **long})

    assert answer.status == 200
    error = json.loads(answer.events()[-1])["error"]
    assert error["code"] == "upstream_error"
    assert b"[DONE]" not in answer.body
    (attempt,) = last_call(house).attempts
    assert (attempt.state, attempt.outcome, attempt.estimated) == ("settled", "error", True)
    assert 0 < attempt.cost_nanousd < attempt.held_nanousd


# --- helpers --------------------------------------------------------------------------------------------------------


def direct(house: TestHouse, body: Tree, path: str = "/v1/chat/completions") -> Answer:
    """What the provider itself answers."""
    base = urlsplit(house.simulator.base_url)
    with sending(f"http://{base.netloc}", body, path=path, headers={"content-type": "application/json"}) as response:
        return read(response)


def without_ids(body: bytes) -> bytes:
    """Every answer has its own id and time; nothing else may differ."""
    return IDS.sub(rb'"\1":0', body)


def data_of(event: bytes) -> Tree:
    found = json.loads(event.partition(b"data: ")[2])
    assert isinstance(found, dict)
    return found


def chunks(answer: Answer) -> list[Tree]:
    return [json.loads(event) for event in answer.events() if event != b"[DONE]"]


def text_of(answer: Answer) -> str:
    deltas = re.findall(rb'"content":"((?:[^"\\]|\\.)*)"', answer.body)
    return b"".join(deltas).decode()
