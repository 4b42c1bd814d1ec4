"""What a use case says is what happens: parameters, ceilings, rates, and which deployment is sent what."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from flow_house import Tree, chat, last_call, post, route, running, sent_bodies, streaming, tree, use_case
from tollhouse.domain.errors import ConfigError
from tollhouse.testing.house import TestHouse

NAMES = ("shaped", "narrow", "talkative", "crowded", "few-tokens", "fallen", "several")


def keyed(name: str) -> str:
    return f"th-{name}-0123456789abcdef"


SETTINGS = tree(
    providers={
        "simulator": {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-simulator-0123"},
        "local": {"dialect": "inhouse"},
    },
    models={
        "*": route("*"),
        "plain": {
            "deployments": [
                {"provider": "simulator", "model": "sim-echo@plain", "refuses": ["temperature", "stream_options"]}
            ],
            "price": route("x")["price"],
        },
        "older": {
            "deployments": [{"provider": "simulator", "model": "sim-echo@older", "limit_parameter": "max_tokens"}],
            "price": route("x")["price"],
        },
        "dead": route("sim-503@dead", retries=0, fallbacks=["inhouse"]),
        "inhouse": {"deployments": [{"provider": "local", "model": "auto"}]},
    },
    use_cases={
        "several": use_case(parameters={"default": {"n": 3}}),
        "shaped": use_case(
            models=["*", "plain", "older"],
            parameters={"default": {"temperature": 0.2, "seed": 7}, "max": {"temperature": 1, "n": 2}},
            max_output_tokens=50,
        ),
        "narrow": use_case(models=["plain"]),
        "talkative": use_case(),
        "crowded": use_case(rate={"concurrency": 2}),
        "few-tokens": use_case(rate={"tokens_per_minute": 3000}),
        "fallen": use_case(models=["dead", "inhouse"]),
    },
    keys=[{"name": name, "team": "tests", "use_cases": [name], "secret": keyed(name)} for name in NAMES],
)


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    with running(SETTINGS) as house:
        yield house


def sent(house: TestHouse, model: str) -> Tree:
    found = json.loads(sent_bodies(house, model)[-1])
    assert isinstance(found, dict)
    return found


# --- parameters -----------------------------------------------------------------------------------------------------


def test_defaults_fill_in_and_limits_are_written(house: TestHouse) -> None:
    answer = post(house, chat("sim-echo@defaults"), key=keyed("shaped"))

    body = sent(house, "sim-echo@defaults")
    assert (body["temperature"], body["seed"], body["max_completion_tokens"]) == (0.2, 7, 50)
    assert "x-tollhouse-clamped" not in answer.headers


def test_what_is_too_much_is_clamped_and_said(house: TestHouse) -> None:
    asked = chat("sim-echo@clamped", temperature=1.8, n=5, max_tokens=900)

    answer = post(house, asked, key=keyed("shaped"))

    body = sent(house, "sim-echo@clamped")
    assert (body["temperature"], body["n"], body["max_completion_tokens"]) == (1, 2, 50)
    assert "max_tokens" not in body
    assert set(answer.headers["x-tollhouse-clamped"].split(",")) == {"temperature", "n", "max_tokens"}
    assert len(json.loads(answer.body)["choices"]) == 2


@pytest.mark.parametrize("n", [1, 5])
def test_a_stream_of_clamped_choices_is_complete_with_as_many_as_were_sent(house: TestHouse, n: int) -> None:
    answer = post(house, chat("sim-echo", n=n, stream=True), key=keyed("shaped"))

    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert last_call(house).status == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_a_stream_of_choices_that_were_filled_in_is_not_complete_before_the_last(house: TestHouse, path: str) -> None:
    answer = post(house, chat("sim-echo", stream=True, prompt="hello"), key=keyed("several"), path=path)

    reasons = [json.loads(event)["choices"][0] for event in answer.events()[:-1] if b'"finish_reason":"' in event]
    assert sorted(choice["index"] for choice in reasons) == [0, 1, 2]


def test_a_callers_own_values_within_the_ceilings_stay(house: TestHouse) -> None:
    post(house, chat("sim-echo@own", temperature=0.9, seed=1, max_tokens=20), key=keyed("shaped"))

    body = sent(house, "sim-echo@own")
    assert (body["temperature"], body["seed"], body["max_completion_tokens"]) == (0.9, 1, 20)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(("asked", "written"), [({}, 30), ({"max_tokens": 80}, 60), ({"max_completion_tokens": 9}, 9)])
def test_an_output_limit_among_the_parameters_holds_under_every_name(name: str, asked: Tree, written: int) -> None:
    parameters = {"default": {name: 30}, "max": {name: 60}}
    with running(tree(use_cases={"tests": use_case(parameters=parameters)})) as house:
        answer = post(house, chat("sim-echo", **asked))

        assert sent(house, "sim-echo")["max_completion_tokens"] == written
        assert answer.headers.get("x-tollhouse-clamped") == ("max_tokens" if written == 60 else None)


def test_a_locked_output_limit_is_locked_under_every_name() -> None:
    with running(tree(use_cases={"tests": use_case(parameters={"locked": ["max_tokens"]})})) as house:
        answer = post(house, chat("sim-echo", max_completion_tokens=5))

        assert (answer.status, answer.code) == (400, "parameter_not_allowed")
        assert post(house, chat("sim-echo")).status == 200


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"default": {"stream": True}}, "`stream` is the caller's own"),
        ({"default": {"model": "other"}}, "`model` is the caller's own"),
        ({"locked": ["messages"]}, "`messages` is the caller's own"),
        ({"max": {"max_tokens": 0.5}}, "`max_tokens` must be a whole number"),
        ({"default": {"max_tokens": "many"}}, "`max_tokens` must be a whole number"),
    ],
)
def test_parameters_that_make_no_sense_are_told_at_the_start(parameters: Tree, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        running(tree(use_cases={"tests": use_case(parameters=parameters)})).__enter__()


def test_without_any_limit_the_output_is_still_bounded(house: TestHouse) -> None:
    post(house, chat("sim-echo@unbounded"), key=keyed("talkative"))

    assert sent(house, "sim-echo@unbounded")["max_completion_tokens"] == 4096


def test_a_deployment_is_never_sent_what_it_refuses(house: TestHouse) -> None:
    answer = post(house, chat("plain", temperature=0.5, stream=True), key=keyed("shaped"))

    body = sent(house, "sim-echo@plain")
    assert answer.status == 200
    assert {"temperature", "stream_options"}.isdisjoint(body)
    assert last_call(house).estimated  # it was not asked for usage


def test_a_deployment_gets_its_limit_under_its_own_name(house: TestHouse) -> None:
    post(house, chat("older", max_completion_tokens=20), key=keyed("shaped"))

    body = sent(house, "sim-echo@older")
    assert body["max_tokens"] == 20
    assert "max_completion_tokens" not in body


def test_a_request_without_a_model_gets_the_use_cases_first(house: TestHouse) -> None:
    answer = post(house, {"messages": [{"role": "user", "content": "hello"}]}, key=keyed("narrow"))

    assert (answer.status, answer.headers["x-tollhouse-model"]) == (200, "plain")


# --- rates ----------------------------------------------------------------------------------------------------------


def test_no_more_calls_at_once_than_allowed_until_one_has_left(house: TestHouse) -> None:
    body = chat("sim-paced:40:1000")
    with ExitStack() as streams:
        for _ in range(2):
            assert streams.enter_context(streaming(house, body, key=keyed("crowded"))).status == 200

        refused = post(house, chat("sim-echo"), key=keyed("crowded"))

        assert (refused.status, refused.code) == (429, "rate_limit_exceeded")
        assert int(refused.headers["retry-after"]) >= 1
        assert "x-should-retry" not in refused.headers
    house.calls()  # waits until they have ended
    assert post(house, chat("sim-echo"), key=keyed("crowded")).status == 200


def test_tokens_that_were_not_used_come_back(house: TestHouse) -> None:
    body = chat("sim-echo", max_tokens=2500)

    answers = [post(house, body, key=keyed("few-tokens")) for _ in range(4)]

    with streaming(house, chat("sim-paced:40:1000", max_tokens=2500), key=keyed("few-tokens")) as stream:
        refused = post(house, body, key=keyed("few-tokens"))
        assert stream.status == 200

    assert [answer.status for answer in answers] == [200] * 4
    assert int(answers[-1].headers["x-ratelimit-limit-tokens"]) == 3000
    assert (refused.status, refused.code) == (429, "rate_limit_exceeded")
    assert 1 <= int(refused.headers["retry-after"]) <= 60


# --- the in-house engine behind a failed route ----------------------------------------------------------------------


def test_what_the_in_house_engine_cannot_do_is_the_first_routes_error(house: TestHouse) -> None:
    answer = post(house, chat("dead"), key=keyed("fallen"))

    assert (answer.status, answer.code) == (502, "upstream_error")
    assert [(a.provider, a.state) for a in last_call(house).attempts] == [("simulator", "void"), ("local", "void")]
    assert last_call(house).cost_nanousd == 0


def test_asked_directly_it_says_that_it_cannot(house: TestHouse) -> None:
    answer = post(house, chat("inhouse"), key=keyed("fallen"))

    assert (answer.status, answer.code) == (503, "inhouse_cannot")
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("streamed", [False, True])
def test_what_it_can_do_is_marked_as_its_own(house: TestHouse, streamed: bool) -> None:
    schema = {
        "type": "object",
        "properties": {"category": {"type": "string", "enum": ["car damage", "water damage"]}},
        "required": ["category"],
        "additionalProperties": False,
    }
    asked = chat(
        "dead",
        stream=streamed,
        response_format={"type": "json_schema", "json_schema": {"name": "claim", "schema": schema, "strict": True}},
    )
    asked["messages"] = [
        {"role": "system", "content": "Choose the category of the claim."},
        {"role": "user", "content": "A pipe burst and the cellar is full of water."},
    ]

    answer = post(house, asked, key=keyed("fallen"))

    assert answer.status == 200, answer.body
    assert answer.headers["x-tollhouse-degraded"] == "inhouse"
    assert answer.headers["x-tollhouse-provider"] == "local"
    assert b"water damage" in answer.body
    assert last_call(house).cost_nanousd == 0
