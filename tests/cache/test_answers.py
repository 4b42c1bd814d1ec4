"""Visits: what is found, what is shared in the air, what is kept, and what may stand in."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from cache_words import (
    COST,
    DEPLOYMENT,
    DONE,
    EMBEDDINGS,
    HELLO,
    PURGE,
    RESPONSES,
    ROUTE,
    TOLD,
    USAGE,
    USE_CASE,
    House,
    Tree,
    as_body,
    ask,
    body_of,
    chat_answer,
    chunk,
    data,
    events_of,
    give,
    question,
    turns,
    visit,
)
from tollhouse.cache.answers import STALE_AFTER_S, Answers, Hit, Visit
from tollhouse.cache.flights import ALONE_S, LEADERS_MAX, Limits
from tollhouse.cache.question import Keys, Question
from tollhouse.domain.errors import (
    BudgetExceeded,
    InhouseCannot,
    NoRoom,
    NotSent,
    TollhouseError,
    UpstreamReset,
    UpstreamStatus,
    UpstreamTimeout,
)
from tollhouse.domain.governance import CacheRules, Route
from tollhouse.domain.money import Usage

ANSWER = chat_answer("hello you")
STREAM = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "hello "}),
    chunk({"content": "you"}),
    chunk({}, "stop", usage={"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}),
]
HOUR = replace(USE_CASE, cache=CacheRules(exact=True, ttl_s=3600))
STALE = replace(USE_CASE, cache=CacheRules(exact=True, ttl_s=3600, stale_if_error=True))
ONLY_STALE = replace(USE_CASE, cache=CacheRules(stale_if_error=True, ttl_s=3600))
CHEAP = Route("cheap", (replace(DEPLOYMENT, model="cheap"),))
DOWN = UpstreamTimeout("first_token", 5)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def answers(house: House) -> Answers:
    return await house.open()


# --- found ----------------------------------------------------------------------------------------------------------


async def test_the_same_question_is_answered_once(answers: Answers) -> None:
    assert await ask(answers, question(), ANSWER) is None

    hit = await ask(answers, question(as_body({**HELLO, "temperature": 1}).replace(b',"temperature":1', b"")))

    assert body_of(hit)["choices"] == data([b"data: " + ANSWER])[0]["choices"]
    assert hit is not None
    assert (hit.state, hit.age_s, hit.kept.cost_nanousd) == ("exact", 0, COST)
    assert (hit.kept.provider, hit.kept.deployment) == ("openai", "openai/gpt-5-mini")


async def test_an_answer_given_again_has_an_id_of_its_own_and_else_the_same_bytes(answers: Answers) -> None:
    await ask(answers, question(), ANSWER)

    hit = await ask(answers, question())

    assert hit is not None
    (event,) = hit.events("abc", TOLD)
    assert event.data == ANSWER.replace(b"chatcmpl-1", b"chatcmpl-abc")


async def test_a_streamed_answer_serves_whoever_does_not_stream_and_the_other_way_round(answers: Answers) -> None:
    streaming = question({**HELLO, "stream": True, "stream_options": {"include_usage": True}})
    await ask(answers, streaming, STREAM)
    hit = await ask(answers, question())
    whole = body_of(hit)

    assert [choice["message"]["content"] for choice in whole["choices"]] == ["hello you"]  # type: ignore[attr-defined]
    assert whole["usage"] == {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
    again = await ask(answers, streaming)
    assert again is not None
    *events, done = again.events("again", TOLD)
    assert done == DONE
    assert data([event.data for event in events])[-1]["tollhouse"] == {"cost_usd": "0"}


async def test_usage_that_we_counted_stays_marked(answers: Answers) -> None:
    streaming = question({**HELLO, "stream": True, "stream_options": {"include_usage": True}})
    call = visit(answers, streaming)
    await call.find()
    for event in events_of([*STREAM[:-1], chunk({}, "stop")]):
        call.add(event)
    call.answered(usage=Usage(9, 3, estimated=True), cost_nanousd=COST, provider="openai", deployment=DEPLOYMENT.name)

    whole = body_of(await ask(answers, question()))
    again = await ask(answers, streaming)

    assert whole["tollhouse"] == {"estimated": True}
    assert whole["usage"] == {
        "prompt_tokens": 9,
        "completion_tokens": 3,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert again is not None
    assert data([event.data for event in again.events("x", TOLD)[:-1]])[-1]["tollhouse"] == {
        "cost_usd": "0",
        "estimated": True,
    }


async def test_done_and_usage_events_of_a_relayed_stream_do_no_harm(answers: Answers) -> None:
    call = visit(answers, question({**HELLO, "stream": True}))
    await call.find()
    for event in [*events_of(STREAM), DONE]:
        call.add(event)
    call.answered(usage=USAGE, cost_nanousd=COST, provider="openai", deployment=DEPLOYMENT.name)

    assert await ask(answers, question()) is not None


async def test_parameters_that_were_cut_down_are_remembered(answers: Answers) -> None:
    call = visit(answers, question())
    await call.find()
    call.add(events_of([ANSWER])[0])
    call.answered(usage=USAGE, cost_nanousd=1, provider="openai", deployment=DEPLOYMENT.name, clamped=("temperature",))

    hit = await ask(answers, question())

    assert hit is not None
    assert hit.kept.clamped == ("temperature",)


@pytest.mark.parametrize("rules", [CacheRules(), CacheRules(exact=False, stale_if_error=False)])
def test_a_use_case_without_a_cache_has_no_visits(rules: CacheRules) -> None:
    async def asking() -> Visit | None:
        return (await House().open()).visit(question(use_case=replace(USE_CASE, cache=rules)))

    assert asyncio.run(asking()) is None


async def test_a_provider_that_moved_is_asked_again_and_calls_under_way_keep_the_former_one(answers: Answers) -> None:
    moved = answers.renewed(Keys({"openai": "https://elsewhere.example/v1"}))
    await ask(answers, question(), ANSWER)

    assert await ask(moved, question()) is None
    assert await ask(answers, question()) is not None


async def test_a_question_that_has_no_key_has_no_visit(answers: Answers) -> None:
    assert answers.visit(question({"input": "hello"}, RESPONSES)) is None


async def test_nothing_is_found_before_the_epochs_are_known(house: House) -> None:
    assert house.unready().visit(question()) is None


# --- walls ----------------------------------------------------------------------------------------------------------


async def test_no_team_ever_gets_another_teams_answer(answers: Answers) -> None:
    teams = [f"team-{number}" for number in range(60)]
    for team in teams:
        await ask(answers, question(team=team), chat_answer(f"for {team} only"))

    for team in teams:
        for use_case in ("triage", "other"):
            hit = await ask(answers, question(team=team, use_case=replace(USE_CASE, name=use_case)))
            if use_case == "other":
                assert hit is None
            else:
                assert f"for {team} only" in str(body_of(hit))


async def test_identical_questions_of_two_teams_in_the_air_are_asked_twice(answers: Answers) -> None:
    ours, theirs = visit(answers, question()), visit(answers, question(team="thieves"))

    assert await ours.find() is None
    assert await asyncio.wait_for(theirs.find(), 5) is None


# --- for how long ---------------------------------------------------------------------------------------------------


async def test_an_answer_is_given_for_its_time_however_often_and_not_longer(house: House) -> None:
    answers = await house.open()
    asked = question(use_case=HOUR)
    await ask(answers, asked, ANSWER)

    for age_s in (900, 1800, 2700, 3599):
        house.clock.advance(900_000 if age_s < 3000 else 899_000)
        hit = await ask(answers, asked)
        assert hit is not None
        assert hit.age_s == age_s
    house.clock.advance(1_000)

    assert await ask(answers, asked) is None


async def test_a_shorter_time_counts_for_what_is_kept_already(house: House) -> None:
    answers = await house.open()
    await ask(answers, question(use_case=HOUR), ANSWER)
    house.clock.advance(60_000)

    shorter = replace(USE_CASE, cache=CacheRules(exact=True, ttl_s=60))

    assert await ask(answers, question(use_case=shorter)) is None
    assert await ask(answers, question(use_case=HOUR)) is not None


async def test_an_answer_of_a_clock_that_went_ahead_is_new(house: House) -> None:
    answers = await house.open()
    await ask(answers, question(use_case=HOUR), ANSWER)
    house.clock.set_ms(house.clock.now_ms() - 600_000)

    hit = await ask(answers, question(use_case=HOUR))

    assert hit is not None
    assert hit.age_s == 0


# --- what may be kept -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "whole",
    [chat_answer(finish="length"), chat_answer(finish="content_filter"), chat_answer(refusal="No."), chat_answer("")],
)
async def test_an_answer_that_is_cut_refused_or_empty_is_asked_for_again(answers: Answers, whole: bytes) -> None:
    await ask(answers, question(), whole)

    assert await ask(answers, question()) is None


async def test_an_answer_that_never_came_to_its_end_is_not_kept(answers: Answers) -> None:
    call = visit(answers, question({**HELLO, "stream": True}))
    await call.find()
    for event in events_of(STREAM):
        call.add(event)
    call.close()

    assert await ask(answers, question()) is None


async def test_a_fallbacks_answer_is_not_kept_for_the_route_that_was_asked(answers: Answers) -> None:
    call = visit(answers, question())
    await call.find()
    give(call, ANSWER, deployment="openai/cheap")

    assert await ask(answers, question()) is None


async def test_every_deployment_of_the_route_may_answer_for_it(answers: Answers) -> None:
    both = Route("fast", (DEPLOYMENT, replace(DEPLOYMENT, provider="azure")))
    call = visit(answers, question(route=both))
    await call.find()
    give(call, ANSWER, deployment="azure/gpt-5-mini")

    assert await ask(answers, question(route=both)) is not None


async def test_an_answer_that_is_not_for_all_is_neither_kept_nor_shared(answers: Answers) -> None:
    call, other = visit(answers, question()), visit(answers, question())
    await call.find()
    waiting = asyncio.create_task(other.find())
    await turns()
    give(call, ANSWER, is_for_all=False)

    assert await asyncio.wait_for(waiting, 5) is None
    assert await ask(answers, question()) is None


SCHEMA: Tree = {"type": "object", "properties": {"urgency": {"enum": ["low", "high"]}}, "required": ["urgency"]}
FORMATS: dict[str, Tree] = {
    "object": {"type": "json_object"},
    "schema": {"type": "json_schema", "json_schema": {"name": "t", "schema": SCHEMA}},
    "no schema": {"type": "json_schema", "json_schema": {"name": "t", "schema": {"type": "made up"}}},
    "text": {"type": "text"},
}


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("object", '{"a": 1}', True),
        ("object", '{"a": 1', False),
        ("object", "Sure! {}", False),
        ("schema", '{"urgency": "low"}', True),
        ("schema", '{"urgency": "medium"}', False),
        ("schema", "{}", False),
        ("no schema", "{}", False),
        ("text", "{", True),
    ],
)
async def test_only_an_answer_in_the_format_asked_for_is_kept(
    answers: Answers, kind: str, text: str, kept: bool
) -> None:
    asked = question({**HELLO, "response_format": FORMATS[kind]})
    await ask(answers, asked, chat_answer(text))

    assert (await ask(answers, asked) is not None) is kept


async def test_an_embedding_is_kept(answers: Answers) -> None:
    asked = question({"model": "fast", "input": "a"}, EMBEDDINGS)
    whole = as_body({"object": "list", "data": [{"index": 0, "embedding": "AAAA"}], "model": "m"})
    await ask(answers, asked, whole)

    hit = await ask(answers, asked)

    assert hit is not None
    assert hit.events("x", TOLD)[0].data == whole


# --- in the air -----------------------------------------------------------------------------------------------------


async def test_identical_calls_in_the_air_share_one_answer(answers: Answers) -> None:
    leader = visit(answers, question())
    assert await leader.find() is None
    others = [visit(answers, question({**HELLO, "stream": number % 2 == 0})) for number in range(50)]
    waiting = [asyncio.create_task(other.find()) for other in others]
    await turns()
    assert not any(task.done() for task in waiting)

    give(leader, ANSWER)

    hits = await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert [hit.state for hit in hits if hit is not None] == ["exact"] * 50
    assert len(answers.flights) == 0


async def test_a_fallbacks_answer_is_shared_in_the_air_though_it_is_not_kept(answers: Answers) -> None:
    asked = question(fallbacks=(CHEAP,))
    leader, other = visit(answers, asked), visit(answers, asked)
    await leader.find()
    waiting = asyncio.create_task(other.find())
    await turns()
    give(leader, ANSWER, deployment="openai/cheap")

    hit = await asyncio.wait_for(waiting, 5)

    assert hit is not None
    assert hit.kept.deployment == "openai/cheap"


async def test_who_may_not_use_a_fallback_does_not_get_its_answer_from_who_may(answers: Answers) -> None:
    leader, other = visit(answers, question(fallbacks=(CHEAP,))), visit(answers, question())
    await leader.find()
    waiting = asyncio.create_task(other.find())
    await turns()
    give(leader, ANSWER, deployment="openai/cheap")

    assert await asyncio.wait_for(waiting, 5) is None


async def test_when_the_leader_fails_or_leaves_the_next_one_leads(answers: Answers) -> None:
    leader, second, third = (visit(answers, question()) for _ in range(3))
    await leader.find()
    waiting_second, waiting_third = asyncio.create_task(second.find()), asyncio.create_task(third.find())
    await turns()

    leader.close()
    assert await asyncio.wait_for(waiting_second, 5) is None
    assert not waiting_third.done()
    give(second, ANSWER)

    assert await asyncio.wait_for(waiting_third, 5) is not None


async def test_after_a_few_failures_everybody_goes_alone(answers: Answers) -> None:
    calls = [visit(answers, question()) for _ in range(6)]
    await calls[0].find()
    waiting = [asyncio.create_task(call.find()) for call in calls[1:]]
    await turns()

    for number in range(LEADERS_MAX):
        calls[number].close()
        await turns()

    done = [task.done() for task in waiting]
    assert done == [True] * 5
    assert await asyncio.gather(*waiting) == [None] * 5


async def test_a_follower_who_leaves_disturbs_nobody(answers: Answers) -> None:
    leader, leaving, staying = (visit(answers, question()) for _ in range(3))
    await leader.find()
    first, second = asyncio.create_task(leaving.find()), asyncio.create_task(staying.find())
    await turns()

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    leaving.close()
    assert not second.done()
    give(leader, ANSWER)

    assert await asyncio.wait_for(second, 5) is not None


async def test_an_answer_that_cannot_be_shared_keeps_nobody_waiting(house: House) -> None:
    answers = await house.open()
    streaming = question({**HELLO, "stream": True})
    leader, follower = visit(answers, streaming), visit(answers, question())
    await leader.find()
    waiting = asyncio.create_task(follower.find())
    await turns()

    leader.add(events_of([chunk({"refusal": "No"})])[0])
    assert await asyncio.wait_for(waiting, 5) is None

    later = [visit(answers, question()) for _ in range(2)]
    assert [await asyncio.wait_for(call.find(), 5) for call in later] == [None, None]
    house.clock.advance(int(ALONE_S * 1000))
    first, second = visit(answers, question()), visit(answers, question())
    await first.find()
    assert not (shared := asyncio.create_task(second.find())).done()
    await turns()
    give(first, ANSWER)
    assert await asyncio.wait_for(shared, 5) is not None


async def test_nobody_waits_longer_than_the_limit(house: House) -> None:
    house.limits = Limits(wait_s=0.01)
    answers = await house.open()
    leader, follower = visit(answers, question()), visit(answers, question())
    await leader.find()

    assert await asyncio.wait_for(follower.find(), 5) is None


async def test_a_crowd_beyond_the_limit_goes_alone(house: House) -> None:
    house.limits = Limits(flights=1, followers=2)
    answers = await house.open()
    leader = visit(answers, question())
    await leader.find()
    waiting = [asyncio.create_task(visit(answers, question()).find()) for _ in range(3)]
    await turns()

    assert [task.done() for task in waiting] == [False, False, True]
    another = question({**HELLO, "seed": 1})
    alone = [visit(answers, another), visit(answers, another)]
    assert [await asyncio.wait_for(call.find(), 5) for call in alone] == [None, None]
    give(leader, ANSWER)
    await asyncio.gather(*waiting)


async def test_whoever_waits_says_for_how_long(house: House) -> None:
    answers = await house.open()
    leader, follower = visit(answers, question()), visit(answers, question())
    await leader.find()
    waiting = asyncio.create_task(follower.find())
    await turns()
    house.clock.advance(2_500)
    give(leader, ANSWER)
    await waiting

    assert leader.waited_s == 0
    assert follower.waited_s == pytest.approx(2.5)


async def test_a_purge_in_the_air_keeps_what_was_asked_before_it(house: House) -> None:
    answers = await house.open()
    leader = visit(answers, question())
    await leader.find()
    await answers.shelf.purge(PURGE)
    give(leader, ANSWER)

    assert await ask(answers, question()) is None


# --- stand-ins ------------------------------------------------------------------------------------------------------


async def old_answer(house: House, age_s: int, asked: Question) -> Answers:
    answers = await house.open()
    call = visit(answers, asked)
    await call.find()
    give(call, ANSWER)
    call.close()
    house.clock.advance(age_s * 1000)
    return answers


async def failing(answers: Answers, asked: Question, error: TollhouseError = DOWN) -> Hit | None:
    call = visit(answers, asked)
    try:
        assert await call.find() is None
        return await call.stale(error)
    finally:
        call.close()


@pytest.mark.parametrize("use_case", [STALE, ONLY_STALE])
async def test_an_older_answer_stands_in_when_no_deployment_answers(house: House, use_case: object) -> None:
    asked = question(use_case=STALE if use_case is STALE else ONLY_STALE)
    answers = await old_answer(house, 5_000, asked)

    hit = await failing(answers, asked)

    assert hit is not None
    assert (hit.state, hit.age_s) == ("stale", 5_000)
    assert "hello you" in str(body_of(hit))


async def test_an_answer_stands_in_up_to_its_age_and_no_longer(house: House) -> None:
    asked = question(use_case=STALE)
    answers = await old_answer(house, 3_600 + STALE_AFTER_S - 1, asked)
    assert await failing(answers, asked) is not None

    house.clock.advance(1_000)

    assert await failing(answers, asked) is None


async def test_a_shorter_time_counts_for_what_may_stand_in_too(house: House) -> None:
    answers = await old_answer(house, 61 + STALE_AFTER_S, question(use_case=STALE))
    shorter = replace(USE_CASE, cache=CacheRules(exact=True, ttl_s=60, stale_if_error=True))

    assert await failing(answers, question(use_case=shorter)) is None
    assert await failing(answers, question(use_case=STALE)) is not None


async def test_nothing_stands_in_unless_the_use_case_says_so(house: House) -> None:
    asked = question(use_case=HOUR)
    answers = await old_answer(house, 5_000, asked)

    assert await failing(answers, asked) is None


async def test_nothing_stands_in_where_nothing_was_kept(answers: Answers) -> None:
    assert await failing(answers, question(use_case=STALE)) is None


@pytest.mark.parametrize(
    ("error", "stands_in"),
    [
        (DOWN, True),
        (NotSent(), True),
        (NoRoom(), True),
        (UpstreamReset(), True),
        (UpstreamStatus("overloaded", upstream_status=503), True),
        (UpstreamStatus("slow down", upstream_status=429, status=429), True),
        (UpstreamStatus("unauthorised", upstream_status=401), True),
        (UpstreamStatus("too long", upstream_status=400, status=400), False),
        (UpstreamStatus("no such", upstream_status=404, status=404), False),
        (InhouseCannot(), False),
        (BudgetExceeded(), False),
    ],
)
async def test_only_an_outage_lets_an_older_answer_stand_in(
    house: House, error: TollhouseError, stands_in: bool
) -> None:
    asked = question(use_case=STALE)
    answers = await old_answer(house, 5_000, asked)

    assert (await failing(answers, asked, error) is not None) is stands_in


async def test_who_waited_for_a_call_that_failed_gets_the_stand_in_too(house: House) -> None:
    asked = question(use_case=STALE)
    answers = await old_answer(house, 5_000, asked)
    leader, follower = visit(answers, asked), visit(answers, asked)
    await leader.find()
    waiting = asyncio.create_task(follower.find())
    await turns()

    await leader.stale(DOWN)

    hit = await asyncio.wait_for(waiting, 5)
    assert hit is not None
    assert hit.state == "stale"


async def test_a_purged_answer_never_stands_in(house: House) -> None:
    asked = question(use_case=STALE)
    answers = await old_answer(house, 5_000, asked)
    await answers.shelf.purge(PURGE)

    assert await failing(answers, asked) is None


async def test_a_use_case_that_only_wants_stand_ins_asks_each_time(house: House) -> None:
    asked = question(use_case=ONLY_STALE)
    answers = await old_answer(house, 0, asked)
    first, second = visit(answers, asked), visit(answers, asked)

    assert [await first.find(), await asyncio.wait_for(second.find(), 5)] == [None, None]


CHANGES: dict[str, Callable[[Question], Question]] = {
    "the prompt": lambda asked: replace(asked, prompt="triage@2"),
    "a parameter": lambda asked: replace(asked, use_case=replace(asked.use_case, max_output_tokens=9)),
    "the model": lambda asked: replace(asked, route=replace(ROUTE, deployments=(replace(DEPLOYMENT, model="gpt-6"),))),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_a_change_of_the_use_case_leaves_older_answers_behind(answers: Answers, what: str) -> None:
    await ask(answers, question(use_case=STALE), ANSWER)
    changed = CHANGES[what](question(use_case=STALE))

    assert await ask(answers, changed) is None
    assert await failing(answers, changed) is None
