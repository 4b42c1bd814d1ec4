"""The order of deployments and keys: by the file, by weight, or by conversation."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.governance import Deployment, Route
from tollhouse.routing.balance import conversation_of, in_order, keys_in_order


def a_route(*weights: int, sticky: bool = False) -> Route:
    deployments = tuple(Deployment("p", f"m{at}", "openai", weight=weight) for at, weight in enumerate(weights))
    return Route("fast", deployments, sticky=sticky)


def models(route: Route, draw: random.Random, conversation: bytes | None = None) -> tuple[str, ...]:
    return tuple(each.model for each in in_order(route, draw.random, conversation))


def test_where_every_weight_is_one_the_files_order_holds() -> None:
    draw = random.Random(1)

    assert {models(a_route(1, 1, 1), draw) for _ in range(50)} == {("m0", "m1", "m2")}


@pytest.mark.parametrize("weights", [(3, 1), (2, 2), (1, 2, 7)])
def test_each_comes_first_as_often_as_its_weight_says(weights: tuple[int, ...]) -> None:
    draw, route = random.Random(7), a_route(*weights)
    firsts = Counter(models(route, draw)[0] for _ in range(20_000))

    for at, weight in enumerate(weights):
        assert firsts[f"m{at}"] / 20_000 == pytest.approx(weight / sum(weights), abs=0.015)


def test_the_rest_follows_by_weight_too() -> None:
    draw, route = random.Random(7), a_route(1, 1_000_000, 1_000)

    assert models(route, draw) == ("m1", "m2", "m0")


def test_a_conversation_keeps_its_order_and_conversations_are_spread_by_weight() -> None:
    draw, route = random.Random(7), a_route(1, 3, sticky=True)
    names = [conversation_of(f"talk {n}") for n in range(4_000)]

    first = [models(route, draw, name) for name in names]

    assert first == [models(route, draw, name) for name in names]
    assert Counter(order[0] for order in first)["m1"] / 4_000 == pytest.approx(0.75, abs=0.03)


def test_one_deployment_less_moves_only_its_own_conversations() -> None:
    draw, all_three, two = random.Random(7), a_route(1, 1, 1, sticky=True), a_route(1, 1, sticky=True)
    names = [conversation_of(f"talk {n}") for n in range(500)]

    for name in names:
        before = models(all_three, draw, name)
        if before[0] != "m2":
            assert models(two, draw, name)[0] == before[0]


def test_a_sticky_route_without_a_conversation_goes_by_weight_or_by_the_file() -> None:
    assert models(a_route(1, 1, sticky=True), random.Random(1), None) == ("m0", "m1")


@given(st.lists(st.integers(1, 2**40), min_size=1, max_size=6), st.binary(min_size=1, max_size=64), st.booleans())
def test_every_order_holds_each_deployment_once(weights: list[int], name: bytes, sticky: bool) -> None:
    found = models(a_route(*weights, sticky=sticky), random.Random(3), name)

    assert sorted(found) == [f"m{at}" for at in range(len(weights))]


def test_keys_take_turns() -> None:
    assert [list(keys_in_order(3, turn, None)) for turn in range(4)] == [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]


def test_a_conversation_keeps_its_key() -> None:
    name = conversation_of("talk")

    assert len({tuple(keys_in_order(3, turn, name)) for turn in range(9)}) == 1
