"""A provider's bad day, seen from both sides: what the callers get, and what the provider is asked."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from flow_house import PRICE, Tree, route, tree, use_case
from inner_house import InnerHouse, Told, inner_house
from tollhouse.domain.errors import NoRoom, RateLimited
from tollhouse.gateway.terms import Terms
from tollhouse.gateway.turns import LOOK_S
from tollhouse.routing.retry_budget import RETRIES_PER_S, RETRY_PART_PERCENT

TOUCHY: Tree = {"min_calls": 5, "cooldown_ms": 200}
GOOD = {"good": route("sim-text:saved")}


def a_tree(models: Mapping[str, object], **more: object) -> Tree:
    return tree(models=dict(models), **{"use_cases": {"tests": use_case(models=list(models))}, **more})


def statuses(told: list[Told]) -> list[int]:
    return sorted(each.status for each in told)


# --- the breaker ----------------------------------------------------------------------------------------------------


async def test_a_provider_that_fails_is_left_alone_and_nobody_notices(tmp_path: Path) -> None:
    models = {"fast": route("sim-503@dead", retries=0, fallbacks=["good"], breaker={"min_calls": 5}), **GOOD}
    async with inner_house(tmp_path, a_tree(models)) as house:
        told = [await house.calls("fast") for _ in range(30)]

        assert [each.text for each in told] == ["saved"] * 30
        assert house.seen() == {"sim-503@dead": 5, "sim-text:saved": 30}


async def test_it_is_asked_again_by_itself_once_it_is_well(tmp_path: Path) -> None:
    models = {"fast": route("flaky", retries=0, fallbacks=["good"], breaker=TOUCHY), **GOOD}
    async with inner_house(tmp_path, a_tree(models)) as house:
        house.simulator.script("flaky", ["sim-503"] * 6 + ["sim-text:well"])
        for _ in range(8):
            await house.calls("fast")
        assert house.seen()["flaky"] == 5

        await asyncio.sleep(0.25)
        probes = [(await house.calls("fast")).text for _ in range(3)]  # the first probe fails: another cooldown
        await asyncio.sleep(0.25)
        after = [(await house.calls("fast")).text for _ in range(3)]

    assert (probes, after) == (["saved"] * 3, ["well"] * 3)


async def test_when_all_are_left_alone_the_caller_is_told_promptly_and_nothing_is_sent(tmp_path: Path) -> None:
    models = {"fast": route("sim-503@one", "sim-500@two", retries=0, breaker={"min_calls": 3})}
    async with inner_house(tmp_path, a_tree(models)) as house:
        for _ in range(3):
            await house.calls("fast")
        before = house.seen()

        refused = await house.calls("fast")

        assert isinstance(refused.error, NoRoom)
        assert (refused.status, refused.error.code) == (503, "overloaded")
        assert 1 <= (refused.error.retry_after_ms or 0) <= 5_000
        assert house.seen() == before
        assert refused.call is not None
        assert (refused.call.attempts, refused.call.outcome) == ([], "error")


async def test_a_rejection_costs_a_fraction_of_a_millisecond(tmp_path: Path) -> None:
    models = {"fast": route("sim-quota", retries=0)}
    async with inner_house(tmp_path, a_tree(models)) as house:
        await house.calls("fast")
        took = []
        for _ in range(200):
            begun = time.perf_counter()
            assert (await house.calls("fast")).status == 503
            took.append(time.perf_counter() - begun)

    assert sorted(took)[len(took) // 2] < 0.005


async def test_an_empty_account_is_not_asked_again(tmp_path: Path) -> None:
    models = {"fast": route("sim-quota", fallbacks=["good"]), **GOOD}
    async with inner_house(tmp_path, a_tree(models)) as house:
        told = [await house.calls("fast") for _ in range(5)]

        assert statuses(told) == [200] * 5
        assert house.seen()["sim-quota"] == 1


@pytest.mark.parametrize("model", ["sim-400", "sim-content-filter", "sim-context-length", "sim-404"])
async def test_requests_that_are_refused_for_themselves_never_open_it(tmp_path: Path, model: str) -> None:
    models = {"fast": route(model, breaker={"min_calls": 3})}
    async with inner_house(tmp_path, a_tree(models)) as house:
        told = [await house.calls("fast") for _ in range(10)]

        assert 503 not in statuses(told)
        assert house.seen()[model] == 10


async def test_switched_off_it_lets_every_call_through(tmp_path: Path) -> None:
    models = {"fast": route("sim-503@dead", retries=0, breaker="off")}
    async with inner_house(tmp_path, a_tree(models)) as house:
        for _ in range(40):
            await house.calls("fast")

        assert house.seen()["sim-503@dead"] == 40


# --- the retry budget -----------------------------------------------------------------------------------------------


async def test_a_storm_sees_a_fifth_more_than_the_calls_and_ten_a_second(tmp_path: Path) -> None:
    """2 s of nothing but 503 at 200 calls a second, with five retries allowed and no breaker in the way."""
    models = {"fast": route("sim-503@storm", retries=5, retry_wait_max_ms=20, breaker="off")}
    async with inner_house(tmp_path, a_tree(models)) as house:
        begun = time.monotonic()
        calls = 0
        for _ in range(40):
            calls += len(await house.many(10, "fast"))
            await asyncio.sleep(max(0.0, begun + calls / 200 - time.monotonic()))
        lasted_s = time.monotonic() - begun

        seen = house.seen()["sim-503@storm"]

    part = calls * RETRY_PART_PERCENT / 100
    assert calls + 0.9 * part < seen <= calls + part + RETRIES_PER_S * (lasted_s + 1)


async def test_fallbacks_at_the_same_provider_share_its_budget_and_others_do_not_need_it(tmp_path: Path) -> None:
    models = {
        "fast": route("sim-503@one", "sim-503@two", retries=0, breaker="off", fallbacks=["elsewhere"]),
        "elsewhere": {"deployments": [{"provider": "elsewhere", "model": "sim-text:saved"}], "price": PRICE},
    }
    providers: Tree = {
        name: {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-0123"}
        for name in ("simulator", "elsewhere")
    }
    async with inner_house(tmp_path, a_tree(models, providers=providers)) as house:
        told = await house.many(200, "fast")

        assert [each.text for each in told] == ["saved"] * 200
        assert house.seen()["sim-503@one"] == 200
        assert house.seen()["sim-503@two"] <= 200 * RETRY_PART_PERCENT / 100 + RETRIES_PER_S * 2


# --- balance, stickiness, keys --------------------------------------------------------------------------------------


async def test_weights_share_the_calls(tmp_path: Path) -> None:
    deployments = [
        {"provider": "simulator", "model": model, "weight": weight}
        for model, weight in (("sim-text:a", 9), ("sim-text:b", 1))
    ]
    models: Tree = {"fast": {"deployments": deployments, "price": PRICE}}
    async with inner_house(tmp_path, a_tree(models)) as house:
        await house.many(300, "fast")

        assert house.seen()["sim-text:a"] + house.seen()["sim-text:b"] == 300
        assert 10 <= house.seen()["sim-text:b"] <= 60


@pytest.mark.parametrize(
    ("sticky", "one", "other"),
    [
        (True, Terms("one"), Terms("two", subject="bo")),
        (True, Terms("one", subject="ana"), Terms("two", subject="bo")),
        ("X-Talk", Terms("one", named=(("x-talk", "1"),)), Terms("two", named=(("x-talk", "2"),))),
    ],
)
async def test_a_conversation_stays_where_it_is(tmp_path: Path, sticky: object, one: Terms, other: Terms) -> None:
    models = {"fast": route(*(f"sim-text:{n}" for n in range(8)), sticky=sticky)}
    async with inner_house(tmp_path, a_tree(models)) as house:
        first = {(await house.calls("fast", terms=one)).model for _ in range(6)}
        second = {(await house.calls("fast", terms=other)).model for _ in range(6)}

    assert (len(first), len(second)) == (1, 1)
    assert first != second


async def test_a_key_that_is_refused_rests_and_no_caller_notices(tmp_path: Path) -> None:
    providers: Tree = {
        "simulator": {
            "dialect": "openai",
            "base_url": "<simulator>",
            "api_keys": ["sk-revoked-1", "sk-good-2", "sk-good-3"],
        }
    }
    models = {"fast": route("sim-echo")}
    settings = a_tree(models, providers=providers)
    async with inner_house(tmp_path, settings, api_keys=["sk-good-2", "sk-good-3"]) as house:
        told = [await house.calls("fast") for _ in range(9)]

        assert statuses(told) == [200] * 9
        assert house.keys_seen().count("sk-revoked-1") == 1
        assert house.keys_seen().count("sk-good-2") >= 4
        assert house.keys_seen().count("sk-good-3") >= 4


async def test_an_only_key_is_tried_every_time(tmp_path: Path) -> None:
    async with inner_house(tmp_path, a_tree({"fast": route("sim-echo")}), api_keys=["sk-another"]) as house:
        told = [await house.calls("fast") for _ in range(25)]

        assert statuses(told) == [502] * 25
        assert len(house.keys_seen()) == 25


# --- room -----------------------------------------------------------------------------------------------------------

QUEUE: Tree = {"max_wait_ms": 5_000, "max_length": 10}


def slow(**more: object) -> Tree:
    return route("sim-slow:150@slow", **{"limits": {"concurrency": 1}, **more})


async def test_a_full_deployment_sends_calls_to_the_fallback(tmp_path: Path) -> None:
    async with inner_house(tmp_path, a_tree({"fast": slow(fallbacks=["good"]), **GOOD})) as house:
        told = await house.many(5, "fast")

        assert sorted(each.model for each in told) == ["sim-slow:150@slow"] + ["sim-text:saved"] * 4


async def test_with_a_queue_calls_wait_for_it_first(tmp_path: Path) -> None:
    settings = a_tree(
        {"fast": slow(fallbacks=["good"]), **GOOD},
        use_cases={"tests": use_case(models=["fast", "good"], queue=QUEUE)},
    )
    async with inner_house(tmp_path, settings) as house:
        told = await house.many(4, "fast")

        assert [each.model for each in told] == ["sim-slow:150@slow"] * 4
        assert max(each.call.overhead_ms or 0 for each in told if each.call) < 140, "waiting is not our overhead"


async def test_a_queue_that_is_full_sends_the_rest_to_the_fallback(tmp_path: Path) -> None:
    settings = a_tree(
        {"fast": slow(fallbacks=["good"]), **GOOD},
        use_cases={"tests": use_case(models=["fast", "good"], queue={"max_wait_ms": 5_000, "max_length": 2})},
    )
    async with inner_house(tmp_path, settings) as house:
        told = await house.many(10, "fast")

        assert sorted(each.model for each in told).count("sim-text:saved") == 7


async def test_only_when_none_is_left_is_a_call_refused(tmp_path: Path) -> None:
    async with inner_house(tmp_path, a_tree({"fast": slow()})) as house:
        told = await house.many(3, "fast")

        assert statuses(told) == [200, 503, 503]
        assert all(isinstance(each.error, NoRoom) for each in told if each.error)


async def test_declared_requests_per_minute_are_never_exceeded(tmp_path: Path) -> None:
    models = {"fast": route("sim-text:paid", limits={"requests_per_minute": 3}, fallbacks=["good"]), **GOOD}
    async with inner_house(tmp_path, a_tree(models)) as house:
        await house.many(20, "fast")

        assert house.seen() == {"sim-text:paid": 3, "sim-text:saved": 17}


async def test_where_a_provider_said_that_nothing_is_left_calls_go_elsewhere(tmp_path: Path) -> None:
    models = {"fast": route("sim-429:9:reset-requests", fallbacks=["good"]), **GOOD}
    async with inner_house(tmp_path, a_tree(models)) as house:
        told = [await house.calls("fast") for _ in range(4)]

        assert [each.text for each in told] == ["saved"] * 4
        assert house.seen()["sim-429:9:reset-requests"] == 1


async def test_a_good_answer_that_says_that_nothing_is_left_is_heard(tmp_path: Path) -> None:
    asked: list[bytes] = []
    body = b'{"choices": [{"index": 0, "message": {"content": "paid"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"x-ratelimit-remaining-requests: 1\r\nx-ratelimit-reset-requests: 1m\r\n"
            b"content-length: %d\r\n\r\n" % len(body) + body
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    limited: Tree = {"dialect": "openai", "base_url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"}
    providers: Tree = {
        "limited": limited,
        "simulator": {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-0123"},
    }
    deployments = [{"provider": "limited", "model": "m"}]
    models: Tree = {"fast": {"deployments": deployments, "price": PRICE, "fallbacks": ["good"]}, **GOOD}
    async with server, inner_house(tmp_path, a_tree(models, providers=providers)) as house:
        told = [(await house.calls("fast")).text for _ in range(2)]
        told += [each.text for each in await house.many(3, "fast")]

    assert sorted(told) == ["paid"] * 3 + ["saved"] * 2, "one was left each time it was asked"
    assert len(asked) == 3


async def test_a_short_wait_that_a_provider_named_is_kept_where_there_is_nowhere_else(tmp_path: Path) -> None:
    models = {"fast": route("limited", retries=1)}
    async with inner_house(tmp_path, a_tree(models)) as house:
        house.simulator.script("limited", ["sim-429:0.2:float", "sim-echo"])

        told = await asyncio.gather(house.calls("fast"), _after(0.05, house))

        assert statuses(list(told)) == [200, 200]
        assert house.seen()["limited"] == 3


async def _after(delay_s: float, house: InnerHouse) -> Told:
    await asyncio.sleep(delay_s)
    return await house.calls("fast")


async def test_a_peak_with_an_in_house_fallback_ends_in_no_refusal(tmp_path: Path) -> None:
    models = {"fast": slow(fallbacks=["good"], limits={"concurrency": 4, "requests_per_minute": 30}), **GOOD}
    use_cases = {"tests": use_case(models=["fast", "good"], queue={"max_wait_ms": 20_000, "max_length": 20})}
    async with inner_house(tmp_path, a_tree(models, use_cases=use_cases)) as house:
        told = await house.many(150, "fast")

        assert statuses(told) == [200] * 150
        assert house.seen()["sim-slow:150@slow"] >= 8


# --- the queue for the call's own rate ------------------------------------------------------------------------------


async def test_calls_wait_for_their_own_concurrency(tmp_path: Path) -> None:
    use_cases = {"tests": use_case(models=["fast"], rate={"concurrency": 1}, queue=QUEUE)}
    async with inner_house(tmp_path, a_tree({"fast": route("sim-slow:20")}, use_cases=use_cases)) as house:
        begun = time.monotonic()
        told = await house.many(11, "fast")

        assert statuses(told) == [200] * 11
        assert time.monotonic() - begun < 10 * LOOK_S, (
            "each goes when the one before it has ended, not at the next look"
        )


async def test_a_wait_for_a_rate_that_would_be_in_vain_is_refused_at_once(tmp_path: Path) -> None:
    use_cases = {"tests": use_case(models=["fast"], rate={"requests_per_minute": 2}, queue=QUEUE)}
    async with inner_house(tmp_path, a_tree({"fast": route("sim-echo")}, use_cases=use_cases)) as house:
        await house.many(2, "fast")
        begun = time.monotonic()
        refused = await house.calls("fast")

        assert isinstance(refused.error, RateLimited)
        assert refused.error.retry_after_ms is not None
        assert time.monotonic() - begun < 1
        assert refused.call is not None
        assert (refused.call.outcome, refused.call.status) == ("refused", 429)


async def test_a_wait_for_a_rate_that_pays_is_kept(tmp_path: Path) -> None:
    use_cases = {"tests": use_case(models=["fast"], rate={"requests_per_minute": 60}, queue=QUEUE)}
    async with inner_house(tmp_path, a_tree({"fast": route("sim-echo")}, use_cases=use_cases)) as house:
        told = await house.many(62, "fast")

        assert statuses(told) == [200] * 62


async def test_no_more_than_the_queues_length_waits(tmp_path: Path) -> None:
    use_cases = {
        "tests": use_case(models=["fast"], rate={"concurrency": 1}, queue={"max_wait_ms": 5_000, "max_length": 2})
    }
    async with inner_house(tmp_path, a_tree({"fast": route("sim-slow:100")}, use_cases=use_cases)) as house:
        told = await house.many(6, "fast")

        assert statuses(told) == [200, 200, 200, 429, 429, 429]


async def test_a_batch_call_makes_way(tmp_path: Path) -> None:
    use_cases = {
        "tests": use_case(models=["fast"], rate={"concurrency": 1}, queue={"max_wait_ms": 5_000, "max_length": 1})
    }
    async with inner_house(tmp_path, a_tree({"fast": route("sim-slow:150")}, use_cases=use_cases)) as house:
        running = asyncio.create_task(house.calls("fast"))
        await asyncio.sleep(0.02)
        batch = asyncio.create_task(house.calls("fast", terms=Terms("req", run="run_1")))
        await asyncio.sleep(0.02)
        interactive = asyncio.create_task(house.calls("fast"))

        told = await asyncio.gather(running, batch, interactive)

        assert [each.status for each in told] == [200, 429, 200]


async def test_a_budget_is_never_waited_for(tmp_path: Path) -> None:
    use_cases = {"tests": use_case(models=["fast"], queue=QUEUE, budget={"limit_usd": "0.0000001", "period": "total"})}
    async with inner_house(tmp_path, a_tree({"fast": route("sim-echo")}, use_cases=use_cases)) as house:
        begun = time.monotonic()
        refused = await house.calls("fast")

        assert refused.error is not None
        assert refused.error.code == "budget_exceeded"
        assert time.monotonic() - begun < 1


async def test_nothing_is_left_behind_when_callers_hang_up_while_they_wait(tmp_path: Path) -> None:
    use_cases = {"tests": use_case(models=["fast"], queue=QUEUE)}
    async with inner_house(tmp_path, a_tree({"fast": slow()}, use_cases=use_cases)) as house:
        tasks = [asyncio.create_task(house.calls("fast")) for _ in range(5)]
        await asyncio.sleep(0.05)
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

        upstreams = house.house.gateway.upstreams
        assert upstreams.queues.waiting == 0
        assert (await house.calls("fast")).status == 200
        assert house.seen()["sim-slow:150@slow"] == 2
