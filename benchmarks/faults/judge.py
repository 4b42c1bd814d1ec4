"""What a call came to: its verdict in a few words, and everything that is not as it must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from tollhouse.simulator import BillLine

from .caller import Answer, Body
from .cases import Case, Way, expected, states
from .stage import CANARY, QUESTION, SAVED, Stage, deployment_of

WALL_S = 30.0
"""Every limit of a case and its repetition add up to less than 4 s; the rest is for a busy machine."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One call of a case, from all sides: what the caller got, what the ledger has, what the provider saw."""

    case: Case
    way: Way
    turn: int
    answer: Answer
    call: Body
    lines: Sequence[BillLine]

    @property
    def attempts(self) -> list[Body]:
        found = self.call["attempts"]
        assert isinstance(found, list)
        return found

    @property
    def here(self) -> list[Body]:
        """The attempts at the provider that misbehaves."""
        return [attempt for attempt in self.attempts if attempt["deployment"] == self.deployment]

    @property
    def crossed(self) -> int:
        """Attempts lost because their request crossed with a hang-up that nobody could foresee; then one more was made."""
        return len(self.here) - 1 if self.case.place == "hang-up" else 0

    @property
    def deployment(self) -> str:
        return f"p-{self.case.name}/{deployment_of(self.case, self.way, self.turn)}"

    @property
    def gaps_ms(self) -> list[int]:
        """The time between requests, as the provider saw them."""
        moments = [datetime.fromisoformat(line.at) for line in self.lines]
        return [round((after - before).total_seconds() * 1000) for before, after in pairwise(moments)]


async def with_books(stage: Stage, asked: Sequence[tuple[Case, Way, int, Answer]]) -> list[Seen]:
    """Join what callers got with what the ledger and the providers' bills say of it."""
    ids = [answer.headers["x-tollhouse-call"] for *_, answer in asked]
    calls = await stage.ledger(ids)
    lines: dict[str, list[BillLine]] = {}
    for billed in (await stage.bill()).values():
        for line in billed:
            lines.setdefault(line.client_request_id or "", []).append(line)
    return [_seen(each, calls[call], lines) for each, call in zip(asked, ids, strict=True)]


def _seen(asked: tuple[Case, Way, int, Answer], call: Body, lines: Mapping[str, Sequence[BillLine]]) -> Seen:
    case, way, turn, answer = asked
    seen = Seen(case, way, turn, answer, call, ())
    return Seen(case, way, turn, answer, call, [line for one in seen.here for line in lines.get(str(one["id"]), ())])


def verdict(answer: Answer, right: str = QUESTION) -> str:
    """Say what the caller got: `right`, `fallback`, `STATUS code`, `in-band code`, or what nobody may ever get."""
    if answer.status != 200:
        return f"{answer.status} {answer.error.get('code')}" if answer.is_whole else "nothing"
    if answer.error:
        is_clean = answer.is_whole and not answer.is_done and not answer.finishes
        return f"in-band {answer.error.get('code')}" if is_clean else "an unclean error"
    if not answer.is_whole or (answer.is_stream and not answer.is_done):
        return "a cut without a word"
    if answer.finishes != ["stop"] or not answer.usage:
        return f"an answer that ends {answer.finishes} with usage {answer.usage}"
    return {right: "right", SAVED: "fallback"}.get(answer.text, "a wrong answer")


def problems(seen: Seen, client: str = "own") -> list[str]:
    """Return everything about a call that is not as it must be."""
    case, way, got = seen.case, seen.way, verdict(seen.answer)
    wanted = ["unknown"] * seen.crossed + states(case, way, client)
    found = [
        *_differs("the caller got", got, expected(case, way, client)),
        *_differs("the ledger says", [attempt["state"] for attempt in seen.here], wanted),
        *_differs("attempts in all", len(seen.attempts), len(wanted) + (got == "fallback")),
        *_money(seen),
    ]
    if case.place == "sim":
        found += _differs("the provider saw", len(seen.lines), len(wanted))
    if seen.answer.took_s > WALL_S:
        found.append(f"the caller waited {seen.answer.took_s:.1f} s")
    if CANARY.encode() in seen.answer.raw:
        found.append("the answer has our provider key in it")
    return found


def _differs(what: str, found: object, wanted: object) -> list[str]:
    return [] if found == wanted else [f"{what} {found!r}, not {wanted!r}"]


def _money(seen: Seen) -> list[str]:
    """A row is never less than the bill; zero only if nothing was charged; and exact where the provider told its usage."""
    billed = {line.client_request_id: line.nano_usd for line in seen.lines}
    found = []
    for attempt in seen.here:
        state, cost = attempt["state"], int(Decimal(str(attempt["cost_usd"])) * 10**9)
        owed = 0 if seen.case.is_unbounded else billed.get(str(attempt["id"]), 0)
        is_exact = state == "settled" and not attempt["estimated"]
        if (state == "void") != (cost == 0) or (state in ("void", "unknown") and cost < owed):
            found.append(f"booked {cost} as {state}, billed {owed}")
        if is_exact and cost != owed:
            found.append(f"booked {cost}, billed {owed}")
    return found
