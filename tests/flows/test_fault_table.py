"""Every misbehaviour of a provider, asked for in every way: what the caller, the ledger and the provider see of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from benchmarks.faults import sixteen
from benchmarks.faults.cases import CASES, WAYS
from benchmarks.faults.judge import Seen, problems
from benchmarks.faults.play import play
from benchmarks.faults.stage import CANARY, places, routes, staged

TURNS = 25

CUT_SCENARIOS = {
    "S08": "upstream_error",
    "S09": "upstream_timeout",
    "S10": "upstream_error",
    "S14": "upstream_error",
}
"""Those that break after output, which had left."""

GROWTH_MAX_KIB = 32 * 1024
"""However much providers send: each of up to 70 calls at once may hold 256 KiB of an answer. The bomb alone would be 80 times that."""

CUT_SCENARIOS = {
    "S08": "upstream_error",
    "S09": "upstream_timeout",
    "S10": "upstream_error",
    "S14": "upstream_error",
}
"""Those that break after output, which had left."""

MARGIN_KIB = 20 * 1024
"""Beside the answers that may be held at once."""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of all calls of a run, what the house said beside it, and by how much its memory grew at most."""

    seen: Mapping[str, Sequence[Seen]]
    told: bytes
    grown_kib: int


async def _played(client: str, turns: int) -> Played:
    async with staged(routes(turns), places(), client=client) as stage:
        await stage.warm_up()
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


@pytest.mark.timeout(300)
def test_a_provider_may_do_what_it_likes() -> None:
    """One test, because its one house serves all of it at once."""
    played = asyncio.run(_played("own", 1))

    assert {name: len(seen) for name, seen in played.seen.items()} == {case.name: len(WAYS) for case in CASES}
    found = wrong(played, "own")
    assert not found
    assert CANARY.encode() not in played.told
    assert played.grown_kib < GROWTH_MAX_KIB


@pytest.mark.timeout(300)
def test_the_scenarios_of_the_public_bench() -> None:
    """Held whole, an answer survives all sixteen; let out at once, what is cut ends in a clean error, and nothing fails."""

    async def played() -> dict[str, dict[str, tuple[str, str]]]:
        async with staged(sixteen.routes(), sixteen.places()) as stage:
            await stage.warm_up()
            outcomes = await sixteen.play(stage)
            return {
                scenario.id: {way: sixteen.score(scenario, seen) for way, seen in outcomes[scenario.id].items()}
                for scenario in sixteen.SCENARIOS
            }

    found = asyncio.run(played())

    passed = [("pass", scenario.ideal) for scenario in sixteen.SCENARIOS]
    assert [ways["whole"] for ways in found.values()] == passed
    assert [ways["complete"] for ways in found.values()] == passed
    for name, ways in found.items():
        cut = CUT_SCENARIOS.get(name)
        assert ways["first_chunk"] == (("safe", f"in-band {cut}") if cut else found[name]["complete"]), name


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("client", "growth_max_kib"), [("own", 48 * 1024), ("aiohttp", 64 * 1024)])
def test_again_and_again(client: str, growth_max_kib: int) -> None:
    """8,400 large and small answers leave fragments in memory, and aiohttp reads further ahead."""
    played = asyncio.run(_played(client, TURNS))

    found = wrong(played, client)
    assert not found
    assert CANARY.encode() not in played.told
    assert played.grown_kib < growth_max_kib
