"""Keys: everything that changes the answer changes the key, and nothing else does."""

import hashlib
import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import fields, replace

import pytest

from cache_words import (
    ADDRESSES,
    CHAT,
    COMPLETIONS,
    DEPLOYMENT,
    EMBEDDINGS,
    HELLO,
    MODERATIONS,
    RESPONSES,
    USE_CASE,
    Tree,
    as_body,
    key,
    question,
)
from tollhouse.cache.question import KEYED, MAX_IDENTITIES, NOT_KEYED, QUESTION_MAX_BYTES, Keys
from tollhouse.domain.governance import Budget, CacheRules, Deployment, Parameters, Rate, Route
from tollhouse.domain.periods import PeriodKind

TOOL: Tree = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Says how the weather is.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"default": 1}}},
    },
}
FULL: Tree = {
    "model": "fast",
    "messages": [
        {"role": "system", "content": "You sort damage reports."},
        {"role": "user", "content": "Hagelschaden, Fr. 1'250.00"},
        {
            "role": "assistant",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "hail"},
    ],
    "tools": [TOOL],
    "tool_choice": "auto",
    "response_format": {"type": "json_schema", "json_schema": {"name": "t", "schema": {"type": "object"}}},
    "temperature": 0.2,
    "top_p": 0.9,
    "max_completion_tokens": 100,
    "seed": 7,
    "stop": ["END"],
    "logit_bias": {"50256": -100},
    "presence_penalty": 0.5,
    "reasoning_effort": "low",
    "verbosity": "low",
}

ENDPOINT_BODIES: dict[str, Tree] = {
    CHAT: FULL,
    RESPONSES: {"model": "fast", "input": "hello", "instructions": "short", "store": False, "metadata": {"a": "b"}},
    COMPLETIONS: {"model": "fast", "prompt": "hello", "temperature": 1, "suffix": "!"},
    EMBEDDINGS: {"model": "fast", "input": ["a", "b"], "dimensions": 8},
    MODERATIONS: {"model": "fast", "input": "hello"},
}


def shuffled(value: object, dice: random.Random) -> object:
    if isinstance(value, dict):
        names = list(value)
        dice.shuffle(names)
        return {name: shuffled(value[name], dice) for name in names}
    return [shuffled(each, dice) for each in value] if isinstance(value, list) else value


# --- the same question ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ENDPOINT_BODIES)
def test_the_same_question_has_one_key_whatever_its_order_and_spelling(path: str) -> None:
    body, dice, keys = ENDPOINT_BODIES[path], random.Random(4), Keys(ADDRESSES)
    expected = key(question(body, path), keys=keys)

    for number in range(200):
        written = json.dumps(shuffled(body, dice), ensure_ascii=number % 2 == 0, indent=number % 3 or None).encode()
        assert key(question(written, path), keys=keys) == expected

    assert expected is not None


@pytest.mark.parametrize(
    ("path", "member", "value"),
    [
        (CHAT, "stream", True),
        (CHAT, "stream_options", {"include_usage": True}),
        (CHAT, "user", "u-1"),
        (CHAT, "safety_identifier", "s"),
        (CHAT, "metadata", {"a": "b"}),
        (CHAT, "prompt_cache_key", "p"),
        (CHAT, "prompt_cache_retention", "24h"),
        (CHAT, "store", False),
        (CHAT, "model", "another-name-of-the-route"),
        (RESPONSES, "stream", True),
        (RESPONSES, "stream_options", {"include_obfuscation": False}),
        (COMPLETIONS, "stream", True),
        (COMPLETIONS, "stream_options", {"include_usage": True}),
        (COMPLETIONS, "user", "u-1"),
        (EMBEDDINGS, "user", "u-1"),
        (MODERATIONS, "user", "u-1"),
    ],
)
def test_members_that_only_frame_an_answer_do_not_change_the_key(path: str, member: str, value: object) -> None:
    body = ENDPOINT_BODIES[path]

    assert key(question({**body, member: value}, path)) == key(question(body, path))


@pytest.mark.parametrize("path", ENDPOINT_BODIES)
@pytest.mark.parametrize(
    "member",
    ["user_", "service_tier", "seed", "n", "best_of", "made_up_tomorrow", "encoding_format", "prompt_cache_options"],
)
def test_any_other_member_changes_the_key(path: str, member: str) -> None:
    value: object = {"service_tier": "auto", "n": 1, "best_of": 1, "seed": 3}.get(member, "x")
    body = ENDPOINT_BODIES[path]

    assert key(question({**body, member: value}, path)) != key(question(body, path))


@pytest.mark.parametrize("member", ["metadata", "user", "prompt_cache_key", "safety_identifier"])
def test_what_comes_back_in_a_response_is_part_of_its_key(member: str) -> None:
    body = ENDPOINT_BODIES[RESPONSES]

    assert key(question({**body, member: {"c": "d"}}, RESPONSES)) != key(question(body, RESPONSES))


# --- another question -----------------------------------------------------------------------------------------------


def near_misses(count: int) -> Iterator[Tree]:
    """Questions that differ from FULL, and from each other, in one field."""
    yield from deletions(FULL)
    for number in range(count):
        body = json.loads(json.dumps(FULL))
        yield MUTATIONS[number % len(MUTATIONS)](body, number)


def deletions(body: Tree) -> Iterator[Tree]:
    for name in body:
        if name not in ("messages", "model"):
            yield {other: value for other, value in body.items() if other != name}


def _text(at: int, number: int, body: Tree) -> Tree:
    messages = body["messages"]
    assert isinstance(messages, list)
    messages[at]["content"] = f"{messages[at].get('content')} {number}"
    return body


def _tool(body: Tree, number: int) -> Tree:
    tools = body["tools"]
    assert isinstance(tools, list)
    tools[0]["function"]["parameters"]["properties"]["days"]["default"] = number + 2
    return body


MUTATIONS: list[Callable[[Tree, int], Tree]] = [
    lambda body, number: {**body, "temperature": 0.2 + (number + 1) * 1e-9},
    lambda body, number: {**body, "top_p": 0.9 - (number + 1) * 1e-9},
    lambda body, number: {**body, "seed": 8 + number},
    lambda body, number: {**body, "max_completion_tokens": 101 + number},
    lambda body, number: {**body, "stop": ["END", str(number)]},
    lambda body, number: {**body, "logit_bias": {"50256": -100, str(number): 1}},
    lambda body, number: {**body, f"member_{number}": None},
    lambda body, number: {**body, "response_format": {"type": "json_object", "x": number}},
    lambda body, number: _text(0, number, body),
    lambda body, number: _text(1, number, body),
    lambda body, number: _text(3, number, body),
    _tool,
]


def check_near_misses(count: int) -> int:
    """Return how many questions were asked; raise if any two of them have one key."""
    keys, seen = Keys(ADDRESSES), {key(question(FULL))}
    asked = 1
    for body in near_misses(count):
        found = key(question(body), keys=keys)
        assert found is not None
        seen.add(found)
        asked += 1
    assert len(seen) == asked
    return asked


def test_twenty_thousand_questions_that_differ_in_one_field_have_keys_of_their_own() -> None:
    assert check_near_misses(20_000) == 20_000 + len(FULL) - 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_million_questions_that_differ_in_one_field_have_keys_of_their_own() -> None:
    assert check_near_misses(1_000_000) == 1_000_000 + len(FULL) - 1


def test_no_part_of_a_key_runs_into_the_next() -> None:
    """Names are chosen by people: none may be moved from one part to another and mean the same."""
    found = {
        key(question(team=team, use_case=replace(USE_CASE, name=name), prompt=prompt))
        for team in ("a", 'a","b', "a\0b", "")
        for name in ("b", 'b","c', "a\0b", "")
        for prompt in ("c", "b", None, "", 'c"')
    }

    assert len(found) == 4 * 4 * 5


# --- whose question -------------------------------------------------------------------------------------------------


def test_teams_and_use_cases_never_share_a_key() -> None:
    walls = [(f"team-{t}", f"case-{c}") for t in range(100) for c in range(20)]

    found = {key(question(team=team, use_case=replace(USE_CASE, name=name, team=team))) for team, name in walls}

    assert len(found) == len(walls)


def test_endpoints_prompts_and_epochs_never_share_a_key() -> None:
    body: Tree = {"model": "fast", "input": "hello", "prompt": "hello", "store": False, "messages": [{"role": "user"}]}
    found = [key(question(body, path)) for path in (CHAT, COMPLETIONS, EMBEDDINGS, MODERATIONS)]
    found += [key(question(prompt=prompt)) for prompt in (None, "triage@1", "triage@2")]
    found += [key(question(), epoch=epoch) for epoch in (1, 2, 1_790_000_000_000)]

    assert None not in found
    assert len(set(found)) == len(found)


CHANGED_DEPLOYMENTS = {
    "provider": "azure",
    "model": "gpt-5",
    "dialect": "anthropic",
    "region": "eu",
    "output_tokens_max": 5,
    "refuses": frozenset({"seed"}),
    "limit_parameter": "max_tokens",
    "simulated": True,
}


@pytest.mark.parametrize("name", sorted(KEYED[Deployment]))
def test_another_deployment_is_another_question(name: str) -> None:
    other = replace(DEPLOYMENT, **{name: CHANGED_DEPLOYMENTS[name]})  # type: ignore[arg-type]

    assert key(question(route=Route("fast", (other,)))) != key(question())


@pytest.mark.parametrize(
    "changed",
    [
        {"parameters": Parameters(default={"temperature": 0})},
        {"parameters": Parameters(maximum={"temperature": 0})},
        {"parameters": Parameters(locked=frozenset({"seed"}))},
        {"max_output_tokens": 5},
    ],
)
def test_another_rule_of_the_use_case_is_another_question(changed: dict[str, object]) -> None:
    assert key(question(use_case=replace(USE_CASE, **changed))) != key(question())  # type: ignore[arg-type]


def test_another_address_of_the_provider_is_another_question() -> None:
    moved = Keys({"openai": "https://elsewhere.example/v1"})

    assert key(question(), keys=moved) != key(question())


@pytest.mark.parametrize(
    "changed",
    [
        {"owner": "b@b.example"},
        {"budget": Budget(1, PeriodKind.DAY)},
        {"rate": Rate(1)},
        {"cache": CacheRules(exact=True, ttl_s=5, stale_if_error=True)},
        {"models": ("fast", "slow")},
    ],
)
def test_who_may_call_and_what_it_may_cost_changes_no_key(changed: dict[str, object]) -> None:
    assert key(question(use_case=replace(USE_CASE, **changed))) == key(question())  # type: ignore[arg-type]


def test_the_order_of_deployments_and_the_fallbacks_change_no_key() -> None:
    other = replace(DEPLOYMENT, model="gpt-5")
    there = question(route=Route("fast", (DEPLOYMENT, other)))
    back = question(route=Route("fast", (other, DEPLOYMENT), fallbacks=("slow",), retries=0, release_complete=True))

    assert key(there) == key(back)
    assert key(there) != key(question(route=Route("other", (DEPLOYMENT, other))))


@pytest.mark.parametrize("kind", list(KEYED))
def test_of_every_field_it_is_decided_whether_it_changes_an_answer(kind: type) -> None:
    """Whoever adds a field says in cache/question.py whether answers depend on it."""
    assert {each.name for each in fields(kind)} == KEYED[kind] | NOT_KEYED[kind]
    assert not KEYED[kind] & NOT_KEYED[kind]


def test_keys_of_many_configurations_are_right_and_take_bounded_memory() -> None:
    keys = Keys(ADDRESSES)
    routes = [
        Route(f"gpt-{number}", (replace(DEPLOYMENT, model=f"gpt-{number}"),)) for number in range(3 * MAX_IDENTITIES)
    ]

    found = [key(question(route=route), keys=keys) for route in routes]
    tracemalloc.start()
    again = [key(question(route=replace(route)), keys=keys) for route in routes]
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert found == again
    assert len(set(found)) == len(routes)
    assert grown < 5_000_000


# --- no key ---------------------------------------------------------------------------------------------------------

IMAGE = [{"type": "image_url", "image_url": {"url": "https://pictures.example/today.png"}}]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {**HELLO, "n": 2}),
        (CHAT, {**HELLO, "store": True}),
        (CHAT, {**HELLO, "store": "true"}),
        (CHAT, {**HELLO, "web_search_options": {}}),
        (CHAT, {**HELLO, "messages": [{"role": "user", "content": IMAGE}]}),
        (
            CHAT,
            as_body({**HELLO, "messages": [{"role": "user", "content": IMAGE}]}).replace(
                b"image_url", b"image\\u005furl"
            ),
        ),
        (CHAT, {**HELLO, "messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]}),
        (CHAT, b'{"messages":[{"role":"user","content":"a","x":{"y":1,"y":2}}]}'),
        (CHAT, {**HELLO, "messages": [{"role": "user", "content": "x" * QUESTION_MAX_BYTES}]}),
        (RESPONSES, {"input": "hello"}),
        (RESPONSES, {"input": "hello", "store": None}),
        (RESPONSES, {"input": "hello", "store": True}),
        (RESPONSES, {"input": "hello", "store": False, "previous_response_id": "resp_1"}),
        (RESPONSES, {"input": "hello", "store": False, "conversation": "conv_1"}),
        (RESPONSES, {"input": "hello", "store": False, "tools": [{"type": "web_search"}]}),
        (
            RESPONSES,
            {
                "input": [{"role": "user", "content": [{"type": "input_file", "file_url": "https://x.example"}]}],
                "store": False,
            },
        ),
        (COMPLETIONS, {"prompt": ["a", "b"]}),
        (COMPLETIONS, {"prompt": "a", "n": 2}),
        (MODERATIONS, {"input": IMAGE}),
    ],
)
def test_a_question_whose_answer_is_of_its_moment_has_no_key(path: str, body: bytes | Tree) -> None:
    assert key(question(body, path)) is None


def test_a_text_that_only_speaks_of_files_is_a_question_like_any_other() -> None:
    text = 'What is "image_url" and "file_id"?'

    assert key(question({**HELLO, "messages": [{"role": "user", "content": text}]})) is not None


def test_the_longest_question_still_has_a_key() -> None:
    empty = len(as_body({**HELLO, "messages": [{"role": "user", "content": ""}]}))
    body: Tree = {**HELLO, "messages": [{"role": "user", "content": "x" * (QUESTION_MAX_BYTES - empty)}]}

    assert len(as_body(body)) == QUESTION_MAX_BYTES
    assert key(question(body)) is not None


def test_the_key_is_a_sha256_and_does_not_change_between_releases() -> None:
    """Another key for the same question empties every cache: that is done on purpose, not by accident."""
    found = key(question())

    assert found is not None
    assert len(found) == hashlib.sha256().digest_size
    assert found.hex()[:16] == "6e15879f4aacaf71"
