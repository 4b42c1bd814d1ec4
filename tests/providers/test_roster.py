"""Providers come and go while calls are under way: nobody loses the one that a call was let in with."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from tollhouse.domain.errors import ConfigError
from tollhouse.domain.providers import ProviderSpec, Secret
from tollhouse.domain.wire import Event
from tollhouse.ports.provider import Outgoing
from tollhouse.providers import Roster

A = ProviderSpec("a", "openai", "https://a.example/v1", Secret("sk-a"))
B = ProviderSpec("b", "openai", "https://b.example/v1")


class Connected:
    """A provider that remembers how it is reached, and whether it was closed."""

    degraded = False

    def __init__(self, spec: ProviderSpec) -> None:
        if spec.region == "nowhere":
            raise ConfigError("it cannot be reached")
        self.name = spec.name
        self.spec = spec
        self.is_closed = False

    def send(self, outgoing: Outgoing) -> AsyncGenerator[Event, None]:
        raise NotImplementedError

    async def close(self) -> None:
        self.is_closed = True


class Connects:
    def __init__(self) -> None:
        self.made: list[Connected] = []

    def __call__(self, spec: ProviderSpec) -> Connected:
        self.made.append(Connected(spec))
        return self.made[-1]


async def test_who_is_reached_in_the_same_way_stays_as_it_is() -> None:
    connects = Connects()
    roster = Roster(connects, [A, B])
    before = roster.providers

    gone = roster.renew([replace(A), replace(B)])

    assert gone == frozenset()
    assert roster.providers == before
    assert len(connects.made) == 2


@pytest.mark.parametrize("now", [[B], [B, replace(A, api_key=Secret("sk-other"))], [B, replace(A, region="eu")]])
async def test_who_left_is_closed_when_the_last_call_of_its_time_has_ended(now: list[ProviderSpec]) -> None:
    connects = Connects()
    roster = Roster(connects, [A, B])
    first, other = connects.made

    gone = roster.renew(now, under_way=["call_1", "call_2"])
    await roster.let_go(["call_2", "call_3"])
    while_one_runs = first.is_closed
    await roster.let_go(["call_3"])

    assert gone == {"a"}
    assert (while_one_runs, first.is_closed, other.is_closed, roster.leaving) == (False, True, False, 0)


async def test_an_older_mapping_still_has_those_who_left() -> None:
    roster = Roster(Connects(), [A, B])
    before = roster.providers

    roster.renew([B])

    assert set(before) == {"a", "b"}
    assert set(roster.providers) == {"b"}


async def test_a_spec_that_cannot_be_used_changes_nothing() -> None:
    roster = Roster(Connects(), [A, B])
    before = roster.providers

    with pytest.raises(ConfigError):
        roster.renew([replace(A, api_key=None), replace(B, region="nowhere")])

    assert roster.providers is before
    assert roster.leaving == 0


async def test_closing_closes_those_who_left_too() -> None:
    connects = Connects()
    roster = Roster(connects, [A, B])
    roster.renew([B], under_way=["call_1"])

    await roster.close()

    assert [each.is_closed for each in connects.made] == [True, True]
