"""The two acts in their order, and what they found out."""

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, aclosing
from typing import Protocol

from tollhouse.ports.usage import CallFilter
from tollhouse.workflows.records import Record

from .complaints import sample
from .confusion import confusion
from .figures import figures
from .house import CLAIMS, SIMULATED_TEAM, DemoHouse
from .report import Claims, Failures, Report, Served, urgency
from .staged import perform
from .triage import AT_A_TIME, triaged

ASKED = "Classify this message as complaint, question or praise: My claim has been open for six weeks."
"""What the in-house engine can do by itself, in the words of somebody who tries it."""


class Stage(Protocol):
    """Where the acts are shown."""

    def triaging(self, engine: str, total: int) -> AbstractContextManager[Callable[[Record], None]]: ...

    def show_claims(self, claims: Claims) -> None: ...

    def show_failures(self, failures: Failures) -> None: ...


async def play(demo: DemoHouse, stage: Stage, *, engine: str, keep: bool) -> Report:
    """Play both acts, showing each as soon as it is known."""
    started = time.monotonic()
    claims = await _claims(demo, stage, engine)
    stage.show_claims(claims)
    failures = await _failures(demo)
    stage.show_failures(failures)
    return Report(
        claims=claims,
        failures=failures,
        served=_served(demo),
        kept=str(demo.folder) if keep else None,
        seconds=time.monotonic() - started,
    )


async def _claims(demo: DemoHouse, stage: Stage, engine: str) -> Claims:
    reports, records, started = sample(), list[Record](), time.monotonic()
    with stage.triaging(engine, len(reports.rows)) as show:
        async with aclosing(triaged(demo, reports.rows, at_a_time=AT_A_TIME[engine])) as ready:
            async for record in ready:
                records.append(record)
                show(record)
    seconds = time.monotonic() - started
    await demo.booked()
    return Claims(
        engine=engine,
        at_a_time=AT_A_TIME[engine],
        records=records,
        recorded=reports.recorded,
        confusion=confusion((reports.recorded[record.id or ""].severity, urgency(record)) for record in records),
        figures=await figures(demo.house.stores.usage, CallFilter(use_case=CLAIMS)),
        seconds=seconds,
    )


async def _failures(demo: DemoHouse) -> Failures:
    started = time.monotonic()
    staged = await perform(demo)
    return Failures(
        staged=staged,
        figures=await figures(demo.house.stores.usage, CallFilter(team=SIMULATED_TEAM)),
        billed_nanousd=demo.simulator.bill.total_nano_usd,
        seconds=time.monotonic() - started,
    )


def _served(demo: DemoHouse) -> Served:
    return Served(demo.url, demo.api_key, demo.admin_token, str(demo.config), _curl(demo))


def _curl(demo: DemoHouse) -> str:
    """A line to paste, headers shown: they tell cost and attempts. The in-house engine answers it, whoever triaged."""
    body = {"model": "inhouse", "messages": [{"role": "user", "content": ASKED}]}
    return (
        f"curl -si {demo.url}/v1/chat/completions -H 'authorization: Bearer {demo.api_key}' "
        f"-H 'content-type: application/json' -d '{json.dumps(body)}'"
    )
