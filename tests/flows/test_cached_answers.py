"""The same question twice through a whole house: the second answer costs nothing and is the first one, or stands in."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from flow_house import (
    Answer,
    Tree,
    attempts,
    chat,
    eventually,
    last_call,
    post,
    route,
    running,
    sent_bodies,
    streaming,
    tree,
    use_case,
)
from tollhouse.simulator import Reply
from tollhouse.testing.house import ADMIN_TOKEN, TestHouse

THEIR_KEY = "th-their-key-0123456789abc"
POOR_KEY = "th-poor-key-0123456789abcd"
THRIFTY_KEY = "th-thrifty-key-0123456789"
CACHE: Tree = {"exact": True, "ttl_s": 3600, "stale_if_error": False}
MESSAGES: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello there"}]
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}

SETTINGS = tree(
    models={
        "*": route("*", retries=0),
        "backed": route("sim-503@a", fallbacks=["spare"], retries=0),
        "spare": route("sim-echo@b"),
        "named": route("sim-echo@named", fallbacks=["last"]),
        "last": route("sim-slow:1500@last", price={"input_per_million": "0", "output_per_million": "0"}),
    },
    teams={"tests": {}, "others": {}},
    use_cases={
        "tests": use_case(models=["*", "backed", "spare"], cache=CACHE),
        "others": use_case("others", cache=CACHE),
        "short": use_case(cache={"exact": True, "ttl_s": 1, "stale_if_error": True}),
        "off": use_case(),
        "thrifty": use_case(models=["named", "last"], cache=CACHE),
        "capped": use_case(cache=CACHE, parameters={"max": {"temperature": 0.5}}),
    },
    keys=[
        {
            "name": "tests",
            "team": "tests",
            "use_cases": ["tests", "short", "off", "capped", "thrifty"],
            "secret": "<api_key>",
        },
        {"name": "other", "team": "others", "use_cases": ["others"], "secret": THEIR_KEY},
        {
            "name": "poor",
            "team": "tests",
            "use_cases": ["tests"],
            "secret": POOR_KEY,
            "budget": {"limit_usd": "0.0000001", "period": "total"},
        },
        {
            "name": "thrifty",
            "team": "tests",
            "use_cases": ["thrifty"],
            "secret": THRIFTY_KEY,
            "budget": {"limit_usd": "0.0000001", "period": "total", "on_exhausted": "fallback"},
        },
    ],
)


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    with running(SETTINGS) as house:
        yield house


@pytest.fixture(scope="module")
def client(house: TestHouse) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=house.base_url, api_key=house.api_key, default_headers=TESTS, max_retries=0) as client:
        yield client


TESTS = {"x-tollhouse-use-case": "tests"}


def ask(
    house: TestHouse, body: Tree, *, case: str = "tests", key: str | None = None, path: str | None = None
) -> Answer:
    headers = {"x-tollhouse-use-case": case}
    return post(house, body, key=key, headers=headers, **({} if path is None else {"path": path}))


def cached(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    return answer.headers["x-tollhouse-cache"]


def said(answer: Answer) -> object:
    return answer.json()["choices"][0]["message"]["content"]  # type: ignore[index]


# --- the same question ----------------------------------------------------------------------------------------------


def test_the_second_answer_is_the_first_one_and_costs_nothing(house: TestHouse) -> None:
    first = ask(house, chat("sim-echo@twice", temperature=1, seed=3))
    paid = last_call(house)
    second = ask(house, {"seed": 3, "temperature": 1, **chat("sim-echo@twice"), "user": "somebody else"})
    free = last_call(house)

    assert [cached(first), cached(second)] == ["miss", "exact"]
    assert said(first) == said(second) == "hello"
    assert first.json()["usage"] == second.json()["usage"]
    assert first.json()["id"] != second.json()["id"]
    assert (second.headers["x-tollhouse-cost-usd"], second.headers["x-tollhouse-attempts"]) == ("0", "0")
    assert second.headers["age"] == "0"
    assert "age" not in first.headers
    assert (paid.cache, paid.saved_nanousd) == ("miss", 0)
    assert paid.cost_nanousd > 0
    assert (free.cache, free.saved_nanousd, free.cost_nanousd, free.attempts) == ("exact", paid.cost_nanousd, 0, [])
    assert (free.provider, free.deployment) == (paid.provider, paid.deployment)
    assert len(sent_bodies(house, "sim-echo@twice")) == 1


def test_what_was_saved_stands_beside_what_was_spent(house: TestHouse) -> None:
    before = house.usage().total
    for _ in range(4):
        ask(house, chat("sim-echo@sums"))

    after, paid = house.usage().total, attempts(house)[-1].cost_nanousd
    assert after.cost_nanousd - before.cost_nanousd == paid
    assert after.saved_nanousd - before.saved_nanousd == 3 * paid


@pytest.mark.parametrize(
    ("case", "body"),
    [
        ("off", chat("sim-echo@off")),
        ("tests", chat("sim-echo@n", n=2)),
        ("tests", chat("sim-echo@store", store=True)),
    ],
)
def test_where_nothing_is_kept_every_answer_is_made(house: TestHouse, case: str, body: Tree) -> None:
    assert [cached(ask(house, body, case=case)) for _ in range(2)] == ["off", "off"]
    assert len(sent_bodies(house, str(body["model"]))) == 2


@pytest.mark.parametrize("model", ["sim-filtered", "sim-refusal", "sim-empty", "sim-long:50"])
def test_an_answer_that_is_not_complete_is_made_again(house: TestHouse, model: str) -> None:
    body = chat(model, max_completion_tokens=20)

    assert [cached(ask(house, body)) for _ in range(2)] == ["miss", "miss"]
    with streaming(house, body, headers=TESTS) as response:
        assert response.headers["x-tollhouse-cache"] == "miss"
        response.read()


def test_an_error_is_not_kept(house: TestHouse) -> None:
    house.script("flaky", "sim-500", Reply("at last"))

    first = ask(house, chat("flaky"))
    second = ask(house, chat("flaky"))

    assert first.status == 502
    assert (cached(second), said(second)) == ("miss", "at last")


def test_a_fallbacks_answer_is_made_again(house: TestHouse) -> None:
    assert [cached(ask(house, chat("backed"))) for _ in range(2)] == ["miss", "miss"]


def test_a_parameter_that_was_cut_down_is_named_again(house: TestHouse) -> None:
    first, second = (ask(house, chat("sim-echo@capped", temperature=1), case="capped") for _ in range(2))

    assert cached(second) == "exact"
    assert first.headers["x-tollhouse-clamped"] == second.headers["x-tollhouse-clamped"] == "temperature"


def test_a_budget_that_is_used_up_does_not_bar_what_costs_nothing(house: TestHouse) -> None:
    body = chat("sim-echo@budget")
    assert ask(house, body, key=POOR_KEY).status == 429
    ask(house, body)

    assert cached(ask(house, body, key=POOR_KEY)) == "exact"


# --- walls ----------------------------------------------------------------------------------------------------------


def test_another_team_never_gets_this_teams_answer(house: TestHouse) -> None:
    house.script("secret", Reply("for the tests only"), Reply("for the others only"))
    body = chat("secret")

    ours = ask(house, body)
    theirs = ask(house, body, case="others", key=THEIR_KEY)

    assert (cached(theirs), said(theirs)) == ("miss", "for the others only")
    assert said(ask(house, body)) == said(ours) == "for the tests only"
    assert said(ask(house, body, case="others", key=THEIR_KEY)) == "for the others only"


def test_another_use_case_of_the_team_makes_its_own_answer(house: TestHouse) -> None:
    assert [cached(ask(house, chat("sim-echo@case"), case=case)) for case in ("tests", "capped", "tests")] == [
        "miss",
        "miss",
        "exact",
    ]


# --- streamed and not -----------------------------------------------------------------------------------------------


def test_a_whole_answer_is_given_again_as_a_stream(client: openai.OpenAI, house: TestHouse) -> None:
    client.chat.completions.create(model="sim-echo@whole", messages=MESSAGES)
    with client.chat.completions.create(
        model="sim-echo@whole", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == "hello there"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 6
    assert chunks[-1].model_extra == {"tollhouse": {"cost_usd": "0"}}
    call = last_call(house)
    assert (call.cache, call.streamed, call.status) == ("exact", True, 200)
    assert call.first_token_ms is not None


def test_a_stream_is_given_again_whole_and_as_a_stream(client: openai.OpenAI) -> None:
    def stream() -> str:
        with client.chat.completions.create(model="sim-echo@stream", messages=MESSAGES, stream=True) as chunks:
            return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)

    first = stream()
    whole = client.chat.completions.with_raw_response.create(model="sim-echo@stream", messages=MESSAGES)
    again = stream()

    assert first == again == whole.parse().choices[0].message.content == "hello there"
    assert whole.headers["x-tollhouse-cache"] == "exact"
    usage = whole.parse().usage
    assert usage is not None
    assert usage.total_tokens == 6


def test_a_tool_call_is_given_again_to_the_clients_accumulator(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model="sim-tool@again", messages=MESSAGES, tools=[TOOL])  # type: ignore[list-item]
    with client.chat.completions.stream(model="sim-tool@again", messages=MESSAGES, tools=[TOOL]) as stream:  # type: ignore[list-item]
        final = stream.get_final_completion()

    assert first.choices[0].message.tool_calls is not None
    assert final.choices[0].message.tool_calls is not None
    there, here = first.choices[0].message.tool_calls[0], final.choices[0].message.tool_calls[0]
    assert there.type == "function"
    assert (here.id, here.function.name, here.function.arguments) == (
        there.id,
        there.function.name,
        there.function.arguments,
    )


@pytest.mark.parametrize("first_streams", [False, True])
def test_a_response_is_given_again_in_either_form(client: openai.OpenAI, first_streams: bool) -> None:
    model = f"sim-echo@response-{first_streams}"

    def whole() -> tuple[str, str]:
        answer = client.responses.with_raw_response.create(model=model, input="hello there", store=False)
        return answer.parse().output_text, answer.headers["x-tollhouse-cache"]

    def stream() -> str:
        with client.responses.create(model=model, input="hello there", store=False, stream=True) as events:
            final = list(events)[-1]
        assert final.type == "response.completed"
        assert final.response.usage is not None
        return final.response.output_text

    first = stream() if first_streams else whole()[0]

    assert first == stream() == "hello there"
    assert whole() == ("hello there", "exact")


def test_completions_and_embeddings_are_given_again(client: openai.OpenAI) -> None:
    texts = [client.completions.create(model="sim-echo@old", prompt="hello there").choices[0].text for _ in range(2)]
    with client.completions.create(model="sim-echo@old", prompt="hello there", stream=True) as stream:
        texts.append("".join(chunk.choices[0].text for chunk in stream))
    vectors = [client.embeddings.with_raw_response.create(model="sim-embed@again", input="hello") for _ in range(2)]

    assert texts == ["hello there"] * 3
    assert [each.headers["x-tollhouse-cache"] for each in vectors] == ["miss", "exact"]
    assert vectors[0].content == vectors[1].content


def test_usage_that_we_counted_stays_marked(house: TestHouse) -> None:
    first, second = (ask(house, chat("sim-no-usage@again")) for _ in range(2))

    assert cached(second) == "exact"
    assert first.json()["tollhouse"] == second.json()["tollhouse"] == {"estimated": True}
    assert first.json()["usage"] == second.json()["usage"]
    assert "x-tollhouse-estimated" not in second.headers


# --- in the air -----------------------------------------------------------------------------------------------------


def test_identical_calls_at_once_are_asked_upstream_once(house: TestHouse) -> None:
    body = chat("sim-slow:400@crowd")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: ask(house, {**body, "stream": number % 4 == 3}), range(16)))

    assert sorted(cached(answer) for answer in answers) == ["exact"] * 15 + ["miss"]
    assert len(sent_bodies(house, "sim-slow:400@crowd")) == 1


def test_a_leader_that_hangs_up_leaves_its_followers_an_answer(house: TestHouse) -> None:
    house.script("leaves", "sim-stall-headers", Reply("for all who stayed"))
    body = chat("leaves")
    with ThreadPoolExecutor(3) as pool:
        with asking(house, body):
            eventually(lambda: any(each.model == "leaves" for each in house.simulator.requests))
            waiting = [pool.submit(ask, house, body) for _ in range(3)]
            eventually(lambda: house.house.answers.flights.waiting == 3)
        answers = [each.result() for each in waiting]

    assert sorted(cached(answer) for answer in answers) == ["exact", "exact", "miss"]
    assert {said(answer) for answer in answers} == {"for all who stayed"}
    assert len(sent_bodies(house, "leaves")) == 2


def test_a_follower_that_hangs_up_does_not_cancel_the_leader(house: TestHouse) -> None:
    body = chat("sim-slow:1500@stays")
    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(ask, house, body)
        eventually(lambda: len(house.house.answers.flights) == 1)
        with asking(house, body):
            eventually(lambda: house.house.answers.flights.waiting == 1)
        answer = leader.result()

    assert cached(answer) == "miss"
    assert len(sent_bodies(house, "sim-slow:1500@stays")) == 1


def test_what_a_call_gets_because_its_own_budget_is_used_up_is_its_alone(house: TestHouse) -> None:
    flights = house.house.answers.flights
    with ThreadPoolExecutor(2) as pool:
        poor = pool.submit(ask, house, chat("named"), case="thrifty", key=THRIFTY_KEY)
        eventually(lambda: len(flights) == 1)
        waiting = pool.submit(ask, house, chat("named"), case="thrifty")
        eventually(lambda: flights.waiting == 1)
        rich = waiting.result()

    assert (cached(poor.result()), cached(rich)) == ("miss", "miss")
    assert len(sent_bodies(house, "sim-slow:1500@last")) == 1
    assert len(sent_bodies(house, "sim-echo@named")) == 1


@contextmanager
def asking(house: TestHouse, body: Tree) -> Iterator[None]:
    """Ask, once the request is on its way; hang up at the end, whatever came."""
    parts = urlsplit(house.url)
    with socket.create_connection((parts.hostname, parts.port)) as line:
        content = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {house.api_key}\r\n"
        line.sendall(f"{head}x-tollhouse-use-case: tests\r\ncontent-length: {len(content)}\r\n\r\n".encode() + content)
        eventually(lambda: len(house.house.answers.flights) == 1)
        yield


# --- when nobody answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
def test_an_older_answer_stands_in_and_says_how_old_it_is(house: TestHouse, streamed: bool) -> None:
    model = f"down-{streamed}"
    house.script(model, Reply("the old answer"), "sim-503")
    ask(house, chat(model), case="short")
    time.sleep(1.1)

    answer = ask(house, {**chat(model), "stream": streamed}, case="short")

    assert cached(answer) == "stale"
    assert int(answer.headers["age"]) >= 1
    assert b"the old answer" in answer.body
    call = last_call(house)
    assert (call.cache, call.status, call.outcome.value, call.saved_nanousd) == ("stale", 200, "ok", 0)
    assert [attempt.state.value for attempt in call.attempts] == ["void"]


def test_nothing_stands_in_for_what_a_provider_refused(house: TestHouse) -> None:
    house.script("refusing", Reply("the old answer"), "sim-400")
    ask(house, chat("refusing"), case="short")
    time.sleep(1.1)

    assert ask(house, chat("refusing"), case="short").status == 400


def test_nothing_stands_in_where_the_use_case_does_not_want_it(house: TestHouse) -> None:
    house.script("strict", "sim-503")

    assert ask(house, chat("strict")).status == 502


def test_an_answer_that_broke_off_after_its_first_words_is_not_mended_with_an_older_one(house: TestHouse) -> None:
    house.script("breaks", Reply("the old answer"), "sim-cut-close:2")
    ask(house, chat("breaks"), case="short")
    time.sleep(1.1)

    answer = ask(house, {**chat("breaks"), "stream": True}, case="short")

    assert b"the old answer" not in answer.body
    assert b'"error"' in answer.body


# --- where it is kept -----------------------------------------------------------------------------------------------


def test_purged_answers_are_made_again(house: TestHouse) -> None:
    first, second = chat("sim-echo@purged"), chat("sim-echo@purged", seed=1)
    for body in (first, second, first):
        ask(house, body)

    purge = post(house, b"", method="DELETE", path="/api/v1/use-cases/tests/cache?reason=wrong", key=ADMIN_TOKEN)

    assert purge.status == 200
    assert [cached(ask(house, body)) for body in (first, second, first)] == ["miss", "miss", "exact"]


def test_nothing_readable_is_on_disk(house: TestHouse) -> None:
    house.script("private", Reply("a word that nobody else says: Zwetschgenkuchen"))
    ask(house, chat("private"))
    time.sleep(0.6)

    stored = b"".join(path.read_bytes() for path in (house.folder / "data").glob("tollhouse.db*"))
    assert b"cache_entries" in stored
    assert b"Zwetschgenkuchen" not in stored
    assert house.at_rest(lambda inside: inside.answers.shelf.state()) == (True, "in memory and in the store")


def test_without_a_master_key_it_is_said_where_answers_are_kept() -> None:
    with running({**SETTINGS, "privacy": {}}) as house:
        assert [cached(ask(house, chat("sim-echo"))) for _ in range(2)] == ["miss", "exact"]
        warnings = house.at_rest(lambda inside: inside.warnings)

    assert any("privacy.master_key" in warning and "memory only" in warning for warning in warnings)
