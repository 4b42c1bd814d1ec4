"""What a provider's failure means to a caller: often nothing, because somebody else answers."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from flow_house import Tree, chat, last_call, post, route, running, sent_bodies, shown, tree, use_case
from tollhouse.testing.house import TestHouse

LONG: Tree = {"messages": [{"role": "user", "content": "one two three four five six seven"}]}
QUICK: Tree = {"connect_ms": 300, "first_token_ms": 150, "idle_ms": 150, "total_ms": 600}
CAP_KEY = "th-capped-key-0123456789"


def failing(name: str, model: str, **more: object) -> tuple[str, Tree]:
    """A route whose one deployment behaves like this, with a good fallback."""
    return name, route(model, **{"retries": 0, "fallbacks": ["good"], **more})


ROUTES = dict(
    [
        ("good", route("sim-text:saved")),
        ("bad", route("sim-503@bad", retries=0)),
        ("scripted", route("scripted", retries=2, retry_wait_max_ms=50)),
        ("pair", route("sim-503@one", "sim-500@two", "sim-text:third@three", retries=0)),
        ("chain", route("sim-503@chain", retries=0, fallbacks=["bad", "hidden", "good"])),
        ("hidden", route("sim-text:hidden")),
        ("both-bad", route("sim-500@first", retries=0, fallbacks=["last-bad"])),
        ("last-bad", route("sim-429:7@last", retries=0, retry_wait_max_ms=50)),
        ("circle", route("sim-503@circle", retries=0, fallbacks=["hidden"])),
        ("patient", route("sim-cut-close:3", retries=0, fallbacks=["good"], release="complete")),
        ("patient-echo", route("sim-echo@patient", release="complete")),
        ("eager", route("sim-cut-close:3", retries=2, fallbacks=["good"])),
        ("roles-only", route("sim-cut-close:0", retries=0, fallbacks=["good"])),
        failing("silent", "sim-stall-headers", timeouts=QUICK),
        failing("slow-first", "sim-slow:3000", timeouts=QUICK),
        failing("stalled", "sim-stall:2", timeouts=QUICK, release="complete"),
        failing("endless", "sim-paced:60:200", timeouts=QUICK, release="complete"),
        failing("unreachable", "any", timeouts=QUICK),
        failing("unanswered", "any", timeouts=QUICK, retries=5),
        failing("reset", "sim-reset"),
        failing("refused", "sim-401"),
        failing("quota", "sim-quota", retries=5),
        failing("too-long", "sim-context-length", retries=5),
        failing("filtered", "sim-content-filter", retries=5),
        failing("wrong", "sim-400", retries=5),
    ]
)
FORMS = [
    *("seconds", "float", "date", "retry-after-ms", "both", "reset-requests", "reset-tokens-ms"),
    *("past-date", "negative", "garbage", "empty", "nan", "huge"),
]
"""Each form of a wait has a deployment of its own: one that named a wait is not asked again before."""
for waits in ("short", "long"):
    ROUTES |= {f"{waits}-{form}": route(f"{waits}-{form}", retries=1, retry_wait_max_ms=300) for form in FORMS}
ROUTES["unreachable"]["deployments"] = [{"provider": "nobody", "model": "any"}]
ROUTES["unanswered"]["deployments"] = [{"provider": "deaf", "model": "any"}]

SETTINGS = tree(
    providers={
        "simulator": {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-simulator-0123"},
        "nobody": {"dialect": "openai", "base_url": "http://127.0.0.1:1/v1"},
        "deaf": {"dialect": "openai", "base_url": "http://127.0.0.1:<deaf_port>/v1"},
    },
    models=ROUTES,
    use_cases={"tests": use_case(models=[name for name in ROUTES if name != "hidden"])},
    keys=[
        {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>"},
        {
            "name": "capped",
            "team": "tests",
            "use_cases": ["tests"],
            "secret": CAP_KEY,
            "budget": {"limit_usd": "0.0000001", "period": "total"},
        },
    ],
)


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    with ExitStack() as knocking, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):  # after so many the kernel ignores who knocks
            knock = knocking.enter_context(socket.socket())
            knock.setblocking(False)
            knock.connect_ex(deaf.getsockname())
        settings = json.loads(json.dumps(SETTINGS).replace("<deaf_port>", str(deaf.getsockname()[1])))
        with running(settings) as house:
            yield house


# --- retries --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
def test_a_failing_deployment_is_tried_again(house: TestHouse, streamed: bool) -> None:
    house.script("scripted", "sim-503", "sim-503", "sim-echo")

    answer = post(house, chat("scripted", stream=streamed))

    assert answer.status == 200
    assert answer.headers["x-tollhouse-attempts"] == "3"
    assert [state for _, state, _ in shown(last_call(house))] == ["void", "void", "settled"]
    assert last_call(house).tokens_out == 2


def test_retries_end(house: TestHouse) -> None:
    house.script("scripted", "sim-503")

    answer = post(house, chat("scripted"))

    assert (answer.status, answer.code) == (502, "upstream_error")
    assert len(last_call(house).attempts) == 3
    assert last_call(house).cost_nanousd == 0
    assert answer.headers["x-tollhouse-call"] == last_call(house).id, "an error names the call it belongs to"


@pytest.mark.parametrize(
    "form", ["seconds", "float", "date", "retry-after-ms", "both", "reset-requests", "reset-tokens-ms"]
)
def test_a_wait_longer_than_allowed_moves_on_at_once(house: TestHouse, form: str) -> None:
    house.script(f"long-{form}", f"sim-429:9:{form}", "sim-echo")

    began = time.monotonic()
    answer = post(house, chat(f"long-{form}"))

    assert answer.status == 429
    assert 7 <= int(answer.headers["retry-after"]) <= 9  # a date is whole seconds, and time passes
    assert time.monotonic() - began < 2
    assert len(last_call(house).attempts) == 1


@pytest.mark.parametrize("form", ["float", "retry-after-ms", "both", "reset-tokens-ms"])
def test_a_wait_within_the_limit_is_kept(house: TestHouse, form: str) -> None:
    seconds = "0.2" if form != "both" else "0.25"
    house.script(f"short-{form}", f"sim-429:{seconds}:{form}", "sim-echo")

    began = time.monotonic()
    answer = post(house, chat(f"short-{form}"))

    assert answer.status == 200
    assert time.monotonic() - began >= 0.2
    assert len(last_call(house).attempts) == 2


@pytest.mark.parametrize("form", ["past-date", "negative", "garbage", "empty", "nan", "huge"])
def test_a_wait_that_says_nothing_does_not_stop_the_retry(house: TestHouse, form: str) -> None:
    house.script(f"short-{form}", f"sim-429:1:{form}", "sim-echo")

    answer = post(house, chat(f"short-{form}"))

    assert answer.status == 200, answer.body


@pytest.mark.parametrize("route_name", ["quota", "too-long", "refused"])
def test_some_errors_move_on_without_a_retry(house: TestHouse, route_name: str) -> None:
    answer = post(house, chat(route_name))

    assert text(answer.body) == "saved"
    assert len(last_call(house).attempts) == 2


@pytest.mark.parametrize("route_name", ["filtered", "wrong"])
def test_some_errors_are_final(house: TestHouse, route_name: str) -> None:
    answer = post(house, chat(route_name))

    assert answer.status == 400
    assert len(last_call(house).attempts) == 1


# --- fallbacks ------------------------------------------------------------------------------------------------------


def test_deployments_are_tried_in_order(house: TestHouse) -> None:
    answer = post(house, chat("pair"))

    assert text(answer.body) == "third"
    assert [name for name, _, _ in shown(last_call(house))] == ["sim-503@one", "sim-500@two", "sim-text:third@three"]


def test_fallbacks_are_tried_in_order_and_those_outside_the_use_case_are_skipped(house: TestHouse) -> None:
    answer = post(house, chat("chain"))

    call = last_call(house)
    assert text(answer.body) == "saved"
    assert (call.model, call.deployment) == ("chain", "simulator/sim-text:saved")
    assert answer.headers["x-tollhouse-model"] == "chain"
    assert [name for name, _, _ in shown(call)] == ["sim-503@chain", "sim-503@bad", "sim-text:saved"]


def test_a_route_whose_only_fallback_is_out_of_reach_fails(house: TestHouse) -> None:
    answer = post(house, chat("circle"))

    assert answer.status == 502
    assert [name for name, _, _ in shown(last_call(house))] == ["sim-503@circle"]


def test_when_all_fail_the_last_error_is_told(house: TestHouse) -> None:
    answer = post(house, chat("both-bad"))

    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "rate_limit_exceeded", "7")
    assert [name for name, _, _ in shown(last_call(house))] == ["sim-500@first", "sim-429:7@last"]


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route_name", "state", "error"),
    [
        ("silent", "unknown", "upstream_timeout"),
        ("slow-first", "unknown", "upstream_timeout"),
        ("stalled", "settled", "upstream_timeout"),
        ("endless", "settled", "upstream_timeout"),
        ("unreachable", "void", "upstream_error"),
        ("unanswered", "void", "upstream_timeout"),
        ("reset", "unknown", "upstream_error"),
    ],
)
def test_a_provider_that_hangs_or_breaks_is_replaced_and_what_it_may_cost_is_kept(
    house: TestHouse, route_name: str, state: str, error: str
) -> None:
    answer = post(house, chat(route_name, stream=True, **LONG))

    first, last = last_call(house).attempts
    assert b"saved" in answer.body
    assert (first.state, first.error, last.state) == (state, error, "settled")
    assert (first.cost_nanousd > 0) == (state != "void")


@pytest.mark.parametrize(
    ("route_name", "state"),
    [("silent", "unknown"), ("slow-first", "unknown"), ("stalled", "unknown"), ("unanswered", "void")],
)
def test_the_same_holds_for_a_whole_answer(house: TestHouse, route_name: str, state: str) -> None:
    answer = post(house, chat(route_name))

    first, _ = last_call(house).attempts
    assert text(answer.body) == "saved"
    assert (first.state, first.cost_nanousd) == (state, 0 if state == "void" else first.held_nanousd)


# --- release --------------------------------------------------------------------------------------------------------


def test_a_complete_release_hides_a_break_after_output(house: TestHouse) -> None:
    answer = post(house, chat("patient", stream=True, **LONG))

    first, _ = last_call(house).attempts
    assert b"one" not in answer.body
    assert b"saved" in answer.body
    assert (first.state, first.outcome, first.estimated) == ("settled", "error", True)


def test_a_complete_release_is_still_a_stream(house: TestHouse) -> None:
    answer = post(house, chat("patient-echo", stream=True, **LONG))

    assert len(answer.events()) > 7
    assert answer.events()[-1] == b"[DONE]"


def test_after_the_first_output_nothing_is_tried_again(house: TestHouse) -> None:
    answer = post(house, chat("eager", stream=True, **LONG))

    assert answer.status == 200
    assert json.loads(answer.events()[-1])["error"]["code"] == "upstream_error"
    assert b"[DONE]" not in answer.body
    assert b"saved" not in answer.body
    assert len(last_call(house).attempts) == 1


def test_a_role_is_not_output(house: TestHouse) -> None:
    answer = post(house, chat("roles-only", stream=True, **LONG))

    assert b"saved" in answer.body
    assert answer.body.count(b'"role"') == 1
    assert len(last_call(house).attempts) == 2


# --- money ----------------------------------------------------------------------------------------------------------


def test_a_refused_budget_keeps_every_attempt_from_the_provider(house: TestHouse) -> None:
    before = len(sent_bodies(house, "sim-503@chain"))

    answer = post(house, chat("chain"), key=CAP_KEY)

    assert (answer.status, answer.code) == (429, "budget_exceeded")
    assert len(sent_bodies(house, "sim-503@chain")) == before
    assert last_call(house).attempts == []


def text(body: bytes) -> object:
    return json.loads(body)["choices"][0]["message"]["content"]
