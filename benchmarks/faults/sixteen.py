"""
The sixteen scenarios of Failover Bench (methodology 0.1), staged and scored as its documents describe them.

What it waits for is a tenth as long here, as in: 1.5 s for its 15; an outage is 3 s for its 60. A call is scored

    pass      the ideal outcome (the complete answer; for S13 a clean error), and every check holds
    partial   the ideal outcome, but something is not as kind as it could be
    safe      not the ideal outcome, but a prompt and clean error
    fail      a hang, a cut answer that looks complete, or a check that has to hold does not

Source: github.com/failoverbench/failoverbench, METHODOLOGY.md and scenarios/catalogue.yaml; the words and code are ours.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from tollhouse.simulator import BillLine

from .caller import Answer
from .judge import verdict
from .stage import Stage, Tree, route

SIXTY = " ".join(f"word{number:02d}" for number in range(60))
"""What every healthy provider answers, because it is what every one is asked; whoever is cut says something else."""

HEALTHY = "sim-echo"
LIMITS = {"connect_ms": 1_000, "first_token_ms": 1_500, "idle_ms": 1_000, "total_ms": 10_000}
HANG_S = 13.0
"""A tenth of its longest."""

OUTAGE_S, EVERY_S, COUNT, BACK_WITHIN_S = 3.0, 0.2, 20, 1.5
"""S15: how long the provider is down, and twenty calls across it."""

WAYS: Mapping[str, tuple[bool, str]] = {
    "whole": (False, "complete"),
    "complete": (True, "complete"),
    "first_chunk": (True, "first_chunk"),
}
"""Streamed or not, and `release`."""


@dataclass(slots=True)
class Outcome:
    """One scenario, one way: `answers` as callers got them; `first` and `second` as the provider and its fallback did."""

    answers: Sequence[Answer]
    first: Sequence[BillLine]
    second: Sequence[BillLine]
    is_alive_after: bool
    back_after_s: float = 0.0

    @property
    def answer(self) -> Answer:
        return self.answers[0]

    @property
    def gaps_s(self) -> list[float]:
        moments = [datetime.fromisoformat(line.at) for line in self.first]
        return [(after - before).total_seconds() for before, after in pairwise(moments)]

    @property
    def took_s(self) -> float:
        return max(answer.took_s for answer in self.answers)

    @property
    def model(self) -> str:
        """Which model the answer says that it is from."""
        body = self.answer.chunks[0] if self.answer.is_stream else self.answer.whole
        return str(body.get("model"))


Check = Callable[[Outcome], bool]


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    Args:
        does: what the provider does, request by request; the last one repeats.
        must, should: checks that have to hold, and checks that a kind gateway passes.
        ideal: `right`, or the error that is the right outcome.
        second: the fallback's model.
    """

    id: str
    title: str
    does: tuple[str, ...]
    must: Mapping[str, Check] = field(default_factory=dict)
    should: Mapping[str, Check] = field(default_factory=dict)
    ideal: str = "right"
    second: str = HEALTHY


def _no_more_than(attempts: int) -> Check:
    return lambda seen: len(seen.first) <= attempts


def _within(limit_s: float) -> Check:
    return lambda seen: seen.took_s <= limit_s


def _exactly_one(seen: Outcome) -> bool:
    return len(seen.first) == 1


def _again(seen: Outcome) -> bool:
    return len(seen.first) >= 2


def _has_usage(seen: Outcome) -> bool:
    return seen.answer.usage is not None


def _no_prefill(seen: Outcome) -> bool:
    return all(line.status == 200 for line in seen.second)


def _is_fallbacks(seen: Outcome) -> bool:
    return seen.model == seen.second[0].model


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("S01", "429 with Retry-After: 2, then well", ("sim-429:2", HEALTHY),
             {"no hammering": lambda seen: sum(seen.gaps_s[:2]) > 1.5 or len(seen.first) <= 2},
             {"asked again": _again, "Retry-After kept": lambda seen: bool(seen.gaps_s) and seen.gaps_s[0] >= 1.8}),
    Scenario("S02", "429 without a word, for good", ("sim-429",), {"no hammering": _no_more_than(4)}),
    Scenario("S03", "500 once, then well", ("sim-500", HEALTHY), {}, {"same provider again": _again}),
    Scenario("S04", "503 for good", ("sim-503",), {"few attempts": _no_more_than(6)}),
    Scenario("S05", "reset before the headers, then well", ("sim-reset", HEALTHY)),
    Scenario("S06", "no response at all", ("sim-stall-headers",), {"in time": _within(10)}, {"silence not asked again": _exactly_one}),
    Scenario("S07", "headers at once, the first token very late", ("sim-slow:6000",), {}, {"a limit for the first token": _within(5)}),
    Scenario("S08", "cut after 40 tokens", ("sim-cut-close:40",)),
    Scenario("S09", "silent after 20 tokens", ("sim-stall:20",), {"in time": _within(8)}),
    Scenario("S10", "the tenth event is not JSON", ("sim-bad-json:9",)),
    Scenario("S11", "no [DONE]", ("sim-no-done",), {"ends promptly": _within(5)}, {"usage told": _has_usage}),
    Scenario("S12", "context length exceeded", ("sim-context-length",), {"not asked again": _exactly_one}),
    Scenario("S13", "refused by a content filter", ("sim-content-filter",), {"not asked again": _exactly_one}, ideal="400 content_filter"),
    Scenario("S14", "cut, and the fallback rejects prefill", ("sim-cut-close:40",), {"no prefill": _no_prefill}, second="sim-no-prefill"),
    Scenario("S15", "down for a while, then well", ("sim-503",),
             {"back soon": lambda seen: seen.back_after_s <= BACK_WITHIN_S}),
    Scenario("S16", "whose answer it was", ("sim-503",), {"few attempts": _no_more_than(6), "the fallback's name": _is_fallbacks},
             {"usage told": _has_usage}),
)  # fmt: skip


def routes() -> Tree:
    """A route for every scenario and way, with two retries and one fallback, as the bench gives every gateway."""
    found: Tree = {}
    for scenario in SCENARIOS:
        for name, (_, release) in WAYS.items():
            here = _name(scenario, name)
            found[f"{here}.second"] = route("good", f"{scenario.second}@{here}")
            found[here] = route(
                f"p-{here}",
                here,
                retries=2,
                timeouts=LIMITS,
                release=release,
                fallbacks=[f"{here}.second"],
                breaker={"min_calls": 5, "cooldown_ms": 500},
            )
    return found


def places() -> dict[str, str]:
    return {f"p-{_name(scenario, way)}": "sim" for scenario in SCENARIOS for way in WAYS}


def _name(scenario: Scenario, way: str) -> str:
    return f"{scenario.id}-{way}"


async def play(stage: Stage) -> dict[str, dict[str, Outcome]]:
    """Play all scenarios in all ways at once; by id and way."""
    simulator = stage.simulators["sim"]
    for scenario in SCENARIOS:
        for way in WAYS:
            simulator.script(_name(scenario, way), scenario.does)
    pairs = [(scenario, way) for scenario in SCENARIOS for way in WAYS]
    outcomes = await asyncio.gather(*(_outcome(stage, scenario, way) for scenario, way in pairs))
    found: dict[str, dict[str, Outcome]] = {}
    for (scenario, way), outcome in zip(pairs, outcomes, strict=True):
        found.setdefault(scenario.id, {})[way] = outcome
    bill = await stage.bill()
    for scenario, way in pairs:
        outcome = found[scenario.id][way]
        outcome.first = bill.get(_name(scenario, way), [])
        outcome.second = bill.get(f"{scenario.second}@{_name(scenario, way)}", [])
    return found


async def _outcome(stage: Stage, scenario: Scenario, way: str) -> Outcome:
    if scenario.id == "S15":
        return await _flapping(stage, _name(scenario, way), streamed=WAYS[way][0])
    answer = await stage.asks(_name(scenario, way), streamed=WAYS[way][0], text=SIXTY)
    return Outcome([answer], [], [], await _is_alive(stage))


async def _flapping(stage: Stage, name: str, *, streamed: bool) -> Outcome:
    """Call again and again while the provider is down and after it has come back."""
    begun, answers, back_after_s, is_up = time.monotonic(), [], HANG_S, False
    for number in range(COUNT):
        await asyncio.sleep(max(0.0, begun + number * EVERY_S - time.monotonic()))
        if not is_up and time.monotonic() - begun >= OUTAGE_S:
            is_up = True
            stage.simulators["sim"].script(name, [HEALTHY])
        answers.append(await stage.asks(name, streamed=streamed, text=SIXTY))
        if is_up and Outcome(answers[-1:], [], [], True).model == name:
            back_after_s = min(back_after_s, time.monotonic() - begun - OUTAGE_S)
    return Outcome(answers, [], [], await _is_alive(stage), back_after_s)


async def _is_alive(stage: Stage) -> bool:
    return verdict(await stage.asks("echo", streamed=True, text=SIXTY), SIXTY) == "right"


def score(scenario: Scenario, seen: Outcome) -> tuple[str, str]:
    """Return the verdict on one scenario in one way, and what the caller got."""
    told = sorted({verdict(answer, SIXTY) for answer in seen.answers})
    got = ", ".join(told)
    is_prompt = seen.is_alive_after and seen.took_s <= HANG_S
    is_clean = all(one == "right" or one[:3].isdigit() or one.startswith("in-band") for one in told)
    if not (is_prompt and is_clean):
        return "fail", got
    if got != scenario.ideal:
        return "safe", got
    if not all(check(seen) for check in scenario.must.values()):
        return "fail", got
    return ("pass" if all(check(seen) for check in scenario.should.values()) else "partial"), got
