"""Every misbehaviour of a provider, asked for in every way: what the caller, the ledger and the provider see of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from benchmarks.faults.cases import CASES, WAYS
from benchmarks.faults.judge import Seen, problems
from benchmarks.faults.play import AT_ONCE, play, warm_up
from benchmarks.faults.stage import CANARY, MAX_ANSWER_BYTES, routes, staged

TURNS = 25

MARGIN_KIB = 20 * 1024
"""Beside the answers that may be held at once."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of all calls of a run, what the house said beside it, and by how much its memory grew at most."""

    seen: Mapping[str, Sequence[Seen]]
    told: bytes
    grown_kib: int


async def _played(client: str, turns: int) -> Played:
    async with staged(routes(turns), client=client) as stage:
        await warm_up(stage)
        before, _ = stage.memory_kib()
        stage.forget_peak()
        seen = [each for turn in range(turns) for each in await play(stage, turn)]
        by_case = {case.name: [each for each in seen if each.case is case] for case in CASES}
        return Played(by_case, stage.told(), stage.memory_kib()[1] - before)


def wrong(played: Played, client: str) -> dict[str, list[str]]:
    """Return what is not as it must be, by call. Verdict, attempts, books, bill and time are in `judge.problems`."""
    return {
        f"{name}.{each.way.name}.{each.turn}": told
        for name, seen in played.seen.items()
        for each in seen
        if (told := problems(each, client))
    }


def holds_little(played: Played) -> bool:
    """Every answer in the air may be held twice, as it came and joined; the bomb would be 80 times that."""
    return played.grown_kib < 2 * AT_ONCE * MAX_ANSWER_BYTES // 1024 + MARGIN_KIB


def test_a_provider_may_do_what_it_likes() -> None:
    """One test, because its one house serves all of it at once."""
    played = asyncio.run(_played("own", 1))

    assert {name: len(seen) for name, seen in played.seen.items()} == {case.name: len(WAYS) for case in CASES}
    found = wrong(played, "own")
    assert not found
    assert CANARY.encode() not in played.told
    assert holds_little(played)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("client", ["own", "aiohttp"])
def test_again_and_again(client: str) -> None:
    played = asyncio.run(_played(client, TURNS))

    found = wrong(played, client)
    assert not found
    assert CANARY.encode() not in played.told
    assert holds_little(played)
