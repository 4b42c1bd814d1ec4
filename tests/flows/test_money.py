"""Money at the edge: no budget is overspent, whoever leaves pays for what was used, and every screen says the same."""

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from http.client import HTTPConnection
from urllib.parse import urlsplit

import openai
import pytest

from flow_house import (
    Answer,
    Tree,
    admin,
    budgets,
    chat,
    eventually,
    get,
    last_call,
    post,
    read_event,
    route,
    running,
    streaming,
    tree,
    use_case,
)
from tollhouse.adapters.tokens import TokTok
from tollhouse.domain.money import nano_from_usd, usd_from_nano
from tollhouse.testing.house import TestHouse

OPEN = chat("sim-paced:50:400", max_completion_tokens=1000)
"""A call that goes on until its caller leaves."""
CALLERS = 30


@pytest.fixture(scope="module")
def house() -> Iterator[TestHouse]:
    with running(tree(use_cases={"tests": use_case(), "other": use_case()})) as house:
        yield house


# --- budgets --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worst_case(house: TestHouse) -> tuple[int, int]:
    """What OPEN holds, in nano-USD: by the bytes of its body, and by its tokens if that does not fit."""
    with streaming(house, OPEN) as stream:
        read_event(stream)
    (attempt,) = last_call(house).attempts
    (body,) = house.at_rest(lambda _: [each.body for each in house.simulator.requests])
    counted = TokTok().count(body.decode()) * 250 + 1000 * 2000
    assert attempt.held_nanousd == len(body) * 250 + 1000 * 2000
    return attempt.held_nanousd, counted


def capped(scope: str, limit_nanousd: int) -> Tree:
    budget = {"limit_usd": usd_from_nano(limit_nanousd), "period": "total"}
    settings = tree()
    if scope == "organisation":
        return {**settings, "organisation": {"budget": budget}}
    if scope == "team":
        return {**settings, "teams": {"tests": {"budget": budget}}}
    if scope == "use_case":
        return {**settings, "use_cases": {"tests": use_case(budget=budget)}}
    key = {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>", "budget": budget}
    return {**settings, "keys": [key]}


@pytest.mark.parametrize("scope", ["organisation", "team", "use_case", "key"])
def test_a_budget_takes_exactly_as_many_worst_cases_as_fit(scope: str, worst_case: tuple[int, int]) -> None:
    by_bytes, by_tokens = worst_case
    with running(capped(scope, 2 * by_bytes + by_tokens)) as house, ExitStack() as streams:
        for _ in range(3):
            stream = streams.enter_context(streaming(house, OPEN))
            assert stream.status == 200

        refused = post(house, {**OPEN, "stream": True})

        assert (refused.status, refused.code) == (429, "budget_exceeded")
        assert refused.headers["x-should-retry"] == "false"
        assert "retry-after" not in refused.headers
        assert scope.replace("use_case", "use case").split()[0] in str(refused.json()["detail"])
        (state,) = budgets(house)
        assert (state.scope.kind, state.spent_nanousd, state.leased_nanousd) == (scope, 0, 2 * by_bytes + by_tokens)


@pytest.mark.parametrize("scope", ["organisation", "key"])
def test_a_nano_dollar_less_takes_one_call_less(scope: str, worst_case: tuple[int, int]) -> None:
    by_bytes, by_tokens = worst_case
    with running(capped(scope, 2 * by_bytes + by_tokens - 1)) as house, ExitStack() as streams:
        statuses = [streams.enter_context(streaming(house, OPEN)).status for _ in range(3)]

        assert statuses == [200, 200, 429]
        assert house.simulator.requests.arrived == 2


def test_what_a_call_did_not_use_can_be_spent_again(worst_case: tuple[int, int]) -> None:
    by_bytes, _ = worst_case
    with running(capped("team", by_bytes + 500_000)) as house:
        statuses = []
        for _ in range(3):
            with streaming(house, OPEN) as stream:
                statuses.append(stream.status)
                read_event(stream)
            house.calls()  # waits until the call has ended

        (state,) = budgets(house)
        assert statuses == [200, 200, 200]
        assert 0 < state.spent_nanousd < by_bytes


def test_many_at_once_never_overspend(worst_case: tuple[int, int]) -> None:
    by_bytes, _ = worst_case
    fitting = 10

    async def crowd(house: TestHouse) -> list[int]:
        async with openai.AsyncOpenAI(base_url=house.base_url, api_key=house.api_key, max_retries=0) as client:
            return await asyncio.gather(*(enter(client, house) for _ in range(CALLERS)))

    ready = 0
    everybody_has_asked = asyncio.Event()

    async def enter(client: openai.AsyncOpenAI, house: TestHouse) -> int:
        nonlocal ready
        try:
            stream = await client.chat.completions.create(**OPEN, stream=True)  # type: ignore[call-overload]
        except openai.RateLimitError:
            stream = None
        ready += 1
        if ready == CALLERS:
            everybody_has_asked.set()
        await everybody_has_asked.wait()  # nobody leaves before everybody has been let in or refused
        if stream is None:
            return 429
        await stream.close()
        return 200

    with running(capped("team", fitting * by_bytes)) as house:
        statuses = asyncio.run(crowd(house))

        assert (statuses.count(200), statuses.count(429)) == (fitting, CALLERS - fitting)
        refused = [call for call in house.calls() if call.status == 429]
        assert {call.error for call in refused} == {"budget_exceeded"}
        eventually(lambda: budgets(house)[0].leased_nanousd == 0)
        assert budgets(house)[0].spent_nanousd == house.usage().total.cost_nanousd <= fitting * by_bytes


def test_a_crowd_of_short_calls_spends_a_budget_to_its_end_and_not_beyond() -> None:
    body = chat("sim-echo", max_completion_tokens=2)
    limit = 60_000
    with running(capped("organisation", limit)) as house:
        answers: list[Answer] = []
        callers = [
            threading.Thread(target=lambda: answers.extend(post(house, body) for _ in range(8))) for _ in range(6)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()

        eventually(lambda: budgets(house)[0].leased_nanousd == 0)
        statuses = [answer.status for answer in answers]
        spent = budgets(house)[0].spent_nanousd
        assert set(statuses) == {200, 429}
        assert spent == statuses.count(200) * 4500 <= limit
        assert spent > limit // 2
        assert sum(line.nano_usd for line in house.bill) == spent


# --- callers who leave ----------------------------------------------------------------------------------------------


def test_a_caller_who_leaves_pays_for_what_was_used(house: TestHouse) -> None:
    with streaming(house, chat("sim-paced:20:400@left")) as stream:
        for _ in range(6):
            read_event(stream)

    line = house.bill[-1]
    call = last_call(house)
    (attempt,) = call.attempts
    (request,) = house.at_rest(lambda _: [each for each in house.simulator.requests if each.model.endswith("@left")])
    assert (call.status, call.outcome, call.error) == (499, "cancelled", "caller_left")
    assert (attempt.state, attempt.outcome, attempt.estimated) == ("settled", "cancelled", True)
    assert 5 <= line.tokens_out <= attempt.tokens_out < 100  # we count by another tokeniser than the simulator
    assert request.outcome == "client closed"
    assert attempt.cost_nanousd < attempt.held_nanousd


@pytest.mark.parametrize("streamed", [False, True])
def test_a_caller_who_leaves_before_any_output_leaves_an_unknown_cost(house: TestHouse, streamed: bool) -> None:
    model = f"sim-slow:20000@{streamed}"

    ask_and_leave(house, chat(model, stream=streamed))

    call = last_call(house)
    (attempt,) = call.attempts
    assert (call.status, call.outcome) == (499, "cancelled")
    assert (attempt.state, attempt.cost_nanousd, attempt.estimated) == ("unknown", attempt.held_nanousd, True)
    assert house.bill[-1].model == model  # booked there too: the connection to the provider is closed


def test_a_caller_who_leaves_between_two_attempts_ends_the_call(house: TestHouse) -> None:
    house.script("leaver", "sim-503:3:float", "sim-echo")

    ask_and_leave(house, chat("leaver"))

    call = last_call(house)
    assert (call.model, call.status, call.outcome) == ("leaver", 499, "cancelled")
    assert [attempt.state for attempt in call.attempts] == ["void"]


def ask_and_leave(house: TestHouse, body: Tree) -> None:
    """Hang up as soon as the provider has the request."""
    parts = urlsplit(house.url)
    with closing(HTTPConnection(parts.hostname or "", parts.port)) as connection:
        headers = {"authorization": f"Bearer {house.api_key}", "content-type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        eventually(lambda: body["model"] in [request.model for request in list(house.simulator.requests)])


# --- one figure on every screen -------------------------------------------------------------------------------------


def test_every_screen_shows_the_ledgers_figures() -> None:
    settings = tree(
        models={"*": route("*"), "fast": route("sim-echo@fast")},
        use_cases={"tests": use_case(models=["*", "fast"]), "second": use_case(models=["fast"])},
        keys=[{"name": "tests", "team": "tests", "secret": "<api_key>"}],
    )
    with running(settings) as house:
        for model in ("fast", "sim-no-usage", "sim-503", "sim-cached", "sim-404", "sim-reset-billed"):
            for streamed in (False, True):
                post(house, chat(model, stream=streamed), headers={"x-tollhouse-use-case": "tests"})
        post(house, chat("fast"), headers={"x-tollhouse-use-case": "second"})
        calls, total = house.calls(), house.usage().total

        assert total.calls == len(calls) == 13
        assert total.cost_nanousd == sum(call.cost_nanousd for call in calls)
        assert total.attempts == sum(len(call.attempts) for call in calls)
        by_command, by_api = asked_by_command(house), admin(house, "/api/v1/usage?by=team,use_case,model")
        assert by_command["items"] == by_api["items"]
        for shown in (admin(house, "/api/v1/usage")["total"], by_api["total"], by_command["total"]):
            assert isinstance(shown, dict)
            assert nano_from_usd(shown["cost_usd"]) == total.cost_nanousd
            assert (shown["calls"], shown["errors"], shown["attempts"]) == (total.calls, total.errors, total.attempts)
            assert (shown["tokens_in"], shown["tokens_out"]) == (total.tokens_in, total.tokens_out)
        assert scraped(house, "tollhouse_cost_nanousd_total") == total.cost_nanousd
        assert scraped(house, "tollhouse_calls_total") == total.calls
        assert scraped(house, "tollhouse_attempts_total") == total.attempts
        listed = admin(house, "/api/v1/calls?limit=1000")["items"]
        assert isinstance(listed, list)
        assert sum(nano_from_usd(call["cost_usd"]) for call in listed) == total.cost_nanousd
        assert (
            sum(nano_from_usd(each["cost_usd"]) for call in listed for each in call["attempts"]) == total.cost_nanousd
        )


def test_an_answers_own_cost_is_the_ledgers(house: TestHouse) -> None:
    whole = post(house, chat("sim-odd-price"))
    streamed = post(house, chat("sim-odd-price", stream=True, stream_options={"include_usage": True}))

    second, first = house.calls()[:2]
    assert whole.headers["x-tollhouse-cost-usd"] == usd_from_nano(first.cost_nanousd)
    assert json.loads(streamed.events()[-2])["tollhouse"] == {"cost_usd": usd_from_nano(second.cost_nanousd)}


def asked_by_command(house: TestHouse) -> dict[str, object]:
    command = [sys.executable, "-m", "tollhouse", "usage", "--json", "--config", str(house.folder / "tollhouse.yaml")]
    told = subprocess.run(command, capture_output=True, check=True, timeout=30, env={**os.environ, "NO_COLOR": "1"})
    found = json.loads(told.stdout)
    assert isinstance(found, dict)
    return found


def scraped(house: TestHouse, name: str) -> int:
    """The sum over all labels."""
    page = get(house, "/metrics", key="").body.decode()
    values = re.findall(rf"^{name}{{[^}}]*}} (\S+)$", page, re.MULTILINE)
    return int(sum(Decimal(value) for value in values))


# --- idempotency ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
def test_the_same_key_and_body_are_answered_and_paid_once(house: TestHouse, streamed: bool) -> None:
    body = chat("sim-echo@replay", stream=streamed)
    headers = {"idempotency-key": f"order-{streamed}"}
    before = house.usage().total.calls

    first, second = (post(house, body, headers=headers) for _ in range(2))

    assert second.body == first.body
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["x-tollhouse-call"] == first.headers["x-tollhouse-call"]
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    assert house.usage().total.calls == before + 1


def test_the_same_key_with_another_body_is_refused(house: TestHouse) -> None:
    headers = {"idempotency-key": "mismatch"}
    post(house, chat("sim-echo"), headers=headers)

    for other in (chat("sim-text"), chat("sim-echo", stream=True)):
        answer = post(house, other, headers=headers)

        assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    elsewhere = post(house, chat("sim-echo"), headers=headers, path="/v1/completions")
    assert elsewhere.status in (400, 422)


def test_a_key_whose_first_request_still_runs_has_to_wait_and_is_free_when_its_caller_leaves(house: TestHouse) -> None:
    headers = {"idempotency-key": "in-flight"}
    with streaming(house, OPEN, headers=headers) as stream:
        read_event(stream)

        answer = post(house, {**OPEN, "stream": True}, headers=headers)

        assert (answer.status, answer.code) == (409, "idempotency_in_flight")
        assert answer.headers["retry-after"] == "1"
    house.calls()
    with streaming(house, OPEN, headers=headers) as again:
        assert again.status == 200


@pytest.mark.parametrize("model", ["sim-503", "sim-400", "sim-cut:1"])
def test_a_failure_is_not_kept(house: TestHouse, model: str) -> None:
    body = chat("unlucky", stream=model.startswith("sim-cut"))
    headers = {"idempotency-key": f"failed-{model}"}
    house.script("unlucky", *[model] * 3, "sim-echo")

    answers = [post(house, body, headers=headers) for _ in range(4)]

    assert answers[-1].status == 200
    assert b"hello" in answers[-1].body
    assert not any("idempotency-replayed" in answer.headers for answer in answers[:2])


def test_another_keys_replay_is_out_of_reach() -> None:
    settings = tree(
        teams={"tests": {}, "others": {}},
        use_cases={"tests": use_case(), "others": use_case("others")},
        keys=[
            {"name": "tests", "team": "tests", "secret": "<api_key>"},
            {"name": "others", "team": "others", "secret": "th-others-key-0123456789"},
        ],
    )
    with running(settings) as house:
        mine = post(house, chat("sim-echo"), headers={"idempotency-key": "same"})

        theirs = post(house, chat("sim-echo"), headers={"idempotency-key": "same"}, key="th-others-key-0123456789")

        assert theirs.status == 200
        assert theirs.headers["x-tollhouse-call"] != mine.headers["x-tollhouse-call"]


def test_a_replay_belongs_to_the_use_case_it_was_paid_by() -> None:
    settings = tree(
        use_cases={"tests": use_case(), "second": use_case()},
        keys=[{"name": "tests", "team": "tests", "secret": "<api_key>"}],
    )
    with running(settings) as house:
        first, other = (
            post(house, chat("sim-echo"), headers={"idempotency-key": "same", "x-tollhouse-use-case": name})
            for name in ("tests", "second")
        )

        assert first.status == 200
        assert (other.status, other.code) == (422, "idempotency_key_reused")


def test_without_a_master_key_nothing_is_stored_and_the_caller_is_told() -> None:
    with running(tree(privacy={})) as house:
        answer = post(house, chat("sim-echo"), headers={"idempotency-key": "order-1"})

        assert (answer.status, answer.code) == (400, "invalid_request")
        assert "master_key" in str(answer.json()["detail"])
        assert post(house, chat("sim-echo")).status == 200
        assert house.simulator.requests.arrived == 1


def test_an_answer_at_rest_is_sealed(house: TestHouse) -> None:
    post(house, chat("sim-text:verysecretwords"), headers={"idempotency-key": "sealed"})

    house.calls()
    for path in (house.folder / "data").rglob("*"):
        assert not path.is_file() or b"verysecretwords" not in path.read_bytes().replace(
            b"sim-text:verysecretwords", b""
        )
