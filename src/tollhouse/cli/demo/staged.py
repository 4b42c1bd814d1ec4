"""The second act: failures staged on the simulated provider; what the caller sees, what we book, what it bills."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tollhouse.domain.calls import AttemptState, Call
from tollhouse.ports.usage import CallFilter

from .figures import all_calls
from .house import POOR, STAGED, DemoHouse

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

SAID = "The assessor comes on Friday at nine."
OUTPUT_TOKENS = 64
CALL_S = 20
"""How long one staged call may take; they take milliseconds."""


@dataclass(frozen=True, slots=True)
class Stage:
    """
    One thing that happens to a call.

    Args:
        scripts: simulated model -> what its successive requests get, in the simulator's names. The first is asked for.
    """

    name: str
    scripts: Mapping[str, Sequence[str]]
    use_case: str = STAGED
    streamed: bool = False

    @property
    def model(self) -> str:
        return next(iter(self.scripts))


STAGES = (
    Stage("an answer", {"staged-answer": ["sim-echo"]}),
    Stage("a 503, then an answer", {"staged-503": ["sim-503:0.05:float", "sim-echo"]}),
    Stage("a dead provider, then the next one", {"staged-down": ["sim-500"], "staged-spare": ["sim-echo"]}),
    Stage("a stream that is cut", {"staged-cut": ["sim-cut:3"]}, streamed=True),
    Stage("a connection lost after billing", {"staged-lost": ["sim-reset-billed", "sim-echo"]}),
    Stage("a budget too small for the call", {"staged-poor": ["sim-echo"]}, use_case=POOR),
)


@dataclass(frozen=True, slots=True)
class Staged:
    """
    What came of one stage.

    Args:
        seen: what the caller saw.
        because: the ledger's rows that account for a difference; None if there are none.
    """

    name: str
    seen: str
    attempts: int
    booked_nanousd: int
    billed_nanousd: int
    because: str | None

    @property
    def difference_nanousd(self) -> int:
        return self.booked_nanousd - self.billed_nanousd

    @property
    def explained(self) -> bool:
        return self.difference_nanousd == 0 or self.because is not None

    def as_json(self) -> dict[str, object]:
        return {
            "staged": self.name,
            "seen": self.seen,
            "attempts": self.attempts,
            "booked_nanousd": self.booked_nanousd,
            "billed_nanousd": self.billed_nanousd,
            "difference_nanousd": self.difference_nanousd,
            "because": self.because,
        }


async def perform(demo: DemoHouse) -> list[Staged]:
    """Make all calls at once, over HTTP, and compare the ledger with the provider's bill."""
    import aiohttp

    for stage in STAGES:
        for model, script in stage.scripts.items():
            demo.simulator.script(model, script)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_S), trust_env=False) as session:
        seen = await asyncio.gather(*(_call(session, demo, stage) for stage in STAGES))
    await demo.booked()
    return [await _compared(demo, stage, told) for stage, told in zip(STAGES, seen, strict=True)]


async def _compared(demo: DemoHouse, stage: Stage, seen: str) -> Staged:
    where = CallFilter(use_case=stage.use_case, model=stage.model)
    calls = await all_calls(demo.house.stores.usage, where)
    bill = [line for line in demo.simulator.bill if line.model in stage.scripts]
    return Staged(
        name=stage.name,
        seen=seen,
        attempts=sum(len(call.attempts) for call in calls),
        booked_nanousd=sum(call.cost_nanousd for call in calls),
        billed_nanousd=sum(line.nano_usd for line in bill),
        because=_because(calls),
    )


def _because(calls: Sequence[Call]) -> str | None:
    attempts = [attempt for call in calls for attempt in call.attempts]
    unknown = sum(attempt.state is AttemptState.UNKNOWN for attempt in attempts)
    counted = sum(attempt.estimated and attempt.state is AttemptState.SETTLED for attempt in attempts)
    told = [f"{unknown} unknown attempt, held at its worst case"] if unknown else []
    if counted:
        told.append(f"{counted} attempt without usage, counted by us (estimated)")
    return "; ".join(told) or None


# --- the caller ---


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Delta | None = None
    delta: _Delta | None = None


class _Error(msgspec.Struct):
    code: str | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] = []
    error: _Error | None = None


async def _call(session: "ClientSession", demo: DemoHouse, stage: Stage) -> str:
    """Make the call as an application would, and say what it sees."""
    body = {
        "model": stage.model,
        "messages": [{"role": "user", "content": SAID}],
        "max_completion_tokens": OUTPUT_TOKENS,
        "stream": stage.streamed,
    }
    headers = {"authorization": f"Bearer {demo.staged_key}", "x-tollhouse-use-case": stage.use_case}
    async with session.post(f"{demo.url}/v1/chat/completions", json=body, headers=headers) as response:
        return f"{response.status}, {_told(await _bodies(response))}"


async def _bodies(response: "ClientResponse") -> list[_Body]:
    """Read a stream's events, or the one body."""
    if response.content_type != "text/event-stream":
        return [msgspec.json.decode(await response.read(), type=_Body)]
    lines = [line.strip() async for line in response.content]
    events = [line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: ")]
    return [msgspec.json.decode(event, type=_Body) for event in events if event != b"[DONE]"]


def _told(bodies: Sequence[_Body]) -> str:
    text = "".join(_text(choice) for body in bodies for choice in body.choices)
    codes = [str(body.error.code) for body in bodies if body.error]
    said = ["the whole answer" if text == SAID else f'"{text.strip()} …"'] if text else []
    return ", then error ".join([*said, *codes])


def _text(choice: _Choice) -> str:
    part = choice.message or choice.delta
    return (part.content if part else None) or ""
