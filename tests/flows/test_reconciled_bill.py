"""
A provider's bill is imported beside the live gateway that made it, after everything that can happen has happened.

Before, every difference is an attempt that says so: unknown, or estimated. Afterwards the books are the bill, to the
nano-USD, and a second import changes nothing.
"""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from flow_house import budgets, chat, eventually, post, running
from test_bill import CALLERS, SEED, SETTINGS, a_plan, carry_out
from tollhouse.accounting.reconciliation import POSTED_MS
from tollhouse.cli import doctor
from tollhouse.cli import reconcile as command
from tollhouse.domain.calls import Attempt, AttemptState
from tollhouse.domain.corrections import Correction
from tollhouse.simulator import BillLine
from tollhouse.stores import open_stores
from tollhouse.testing.house import TestHouse

NANO = 10**9
PROVIDERS = ("simulator", "second")
COUNTS = [100, pytest.param(2500, marks=pytest.mark.slow)]


@dataclass(frozen=True, slots=True)
class Story:
    """A house after the load. `booked` are its attempts before any correction, `lines` its provider's bill."""

    house: TestHouse
    folder: Path
    began_ms: int
    booked: Sequence[Attempt]
    lines: Sequence[BillLine]

    def lines_of(self, provider: str) -> list[BillLine]:
        """Both providers are one simulator, whose bill is one."""
        ours = {attempt.id for attempt in self.booked if attempt.provider == provider}
        return [line for line in self.lines if line.client_request_id in ours]

    def billed(self) -> int:
        return sum(line.nano_usd for line in self.lines)

    def spent(self) -> set[int]:
        """What every budget on the path of all calls says."""
        return {state.spent_nanousd for state in budgets(self.house)}

    def unknown(self) -> list[Attempt]:
        return [each for each in self.booked if each.estimated or each.state is AttemptState.UNKNOWN]

    def corrections(self) -> list[Correction]:
        async def reading() -> list[Correction]:
            stores = await open_stores(None, self.house.folder / "data")
            try:
                return await stores.corrections.all(since_ms=0, until_ms=2**53)
            finally:
                await stores.close()

        return asyncio.run(reading())

    def reconcile(self, provider: str, *files: Path, options: Sequence[str] = ()) -> dict[str, object]:
        app = typer.Typer()
        app.command()(command.reconcile)
        arguments = [*map(str, files), "--provider", provider, "--json", *options]
        ended = CliRunner().invoke(app, [*arguments, "--config", str(self.house.folder / "tollhouse.yaml")])
        assert ended.stdout, ended.output
        found = json.loads(ended.stdout)
        assert isinstance(found, dict)
        assert ended.exit_code == (3 if found["unexplained"] else 0), ended.output
        return found

    def examine(self, provider: str) -> list[str]:
        """Return what the doctor finds wrong when it compares everything, and this bill."""
        app = typer.Typer()
        app.command()(doctor.doctor)
        bill = ["--bill", str(bill_file(self, provider)), "--provider", provider]
        config = ["--config", str(self.house.folder / "tollhouse.yaml")]
        ended = CliRunner().invoke(app, ["--json", "--reconcile", "--url", self.house.url, *bill, *config])
        assert ended.stdout, ended.stderr
        checks = json.loads(ended.stdout)
        assert {"bill", "metrics", "service", "corrections"} < {each["name"] for each in checks}
        return [f"{each['name']}: {each['detail']}" for each in checks if each["status"] == "fail"]


@pytest.fixture(params=COUNTS)
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    count = int(request.param)
    with running(SETTINGS) as house:
        make = random.Random(SEED)
        plans = [a_plan(make, number) for number in range(count)]
        for plan in plans:
            house.script(str(plan.body["model"]), *plan.script)
        began_ms = time.time_ns() // 10**6
        with ThreadPoolExecutor(CALLERS) as callers:
            list(callers.map(lambda plan: carry_out(house, plan), plans))
        calls, lines = house.calls(), house.bill
        assert len(calls) == count
        eventually(lambda: not any(state.leased_nanousd for state in budgets(house)))
        last_ms = max(attempt.reserved_ms for call in calls for attempt in call.attempts)
        over_ms = (last_ms // 1000 + 2) * 1000 + POSTED_MS  # the second after the last one is over, too
        eventually(lambda: time.time_ns() // 10**6 > over_ms)
        yield Story(house, tmp_path, began_ms, [each for call in calls for each in call.attempts], lines)


def test_every_gap_before_is_a_row_that_says_so_and_there_is_none_after(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    billed_by_id = {line.client_request_id: line.nano_usd for line in story.lines}
    gaps = {each.id: each.cost_nanousd - billed_by_id.get(each.id, 0) for each in story.booked}
    unknown = {each.id for each in story.unknown()}
    before = story.spent()
    options = ["--complete", "--since", rfc3339(story.began_ms), "--until", rfc3339(time.time_ns() // 10**6)]

    found = [story.reconcile(name, bill_file(story, name), options=options) for name in PROVIDERS]

    assert before == {story.billed() + sum(gaps.values())}
    assert {name for name, gap in gaps.items() if gap} <= unknown
    assert story.spent() == {story.billed()}
    assert story.house.usage().total.cost_nanousd == story.billed()
    assert [each["unexplained"] for each in found] == [0, 0]
    assert sum(int(str(each["settled"])) for each in found) == len(unknown)
    assert all(row["billed_usd"] == row["after_usd"] for each in found for row in each["rows"])  # type: ignore[attr-defined]
    show(capsys, story, len(unknown), sum(gaps.values()))
    again = [story.reconcile(name, bill_file(story, name), options=options) for name in PROVIDERS]
    assert [each["corrections"] for each in again] == [0, 0]
    assert story.spent() == {story.billed()}
    assert [story.examine(name) for name in PROVIDERS] == [[], []]


def test_each_attempt_reaches_the_provider_under_its_own_id() -> None:
    with running(SETTINGS) as house:
        house.script("sim-x", "sim-503", "sim-echo")
        answer = post(house, chat("sim-x"), headers={"x-client-request-id": "the-callers-own"})
        (call,) = house.calls()
        sent = house.at_rest(lambda _: [each.header("x-client-request-id") for each in house.simulator.requests])

    assert answer.status == 200
    assert sent == [attempt.id for attempt in call.attempts]
    assert len(set(sent)) == 2


def test_buckets_of_each_model_leave_nothing_either(story: Story) -> None:
    files = {name: exports(story, name, by_model=True) for name in PROVIDERS}

    found = [story.reconcile(name, *files[name]) for name in PROVIDERS]

    assert [(each["unexplained"], each["gaps"], each["left"]) for each in found] == [(0, [], [])] * 2
    assert story.spent() - {story.billed() + never_arrived(story)} == set()
    assert all(row["billed_usd"] == row["after_usd"] for each in found for row in each["rows"])  # type: ignore[attr-defined]
    again = [story.reconcile(name, *files[name]) for name in PROVIDERS]
    assert [each["corrections"] for each in again] == [0, 0]


def test_every_second_of_all_models_is_what_was_billed_in_it(story: Story) -> None:
    files = {name: exports(story, name, by_model=False) for name in PROVIDERS}

    for name in PROVIDERS:
        story.reconcile(name, *files[name])

    for name in PROVIDERS:
        rows = story.reconcile(name, *files[name])
        assert rows["corrections"] == 0
        billed = by_second(story.lines_of(name))
        booked = booked_by_second(story, name)
        ended = booked_by_second(story, name, by_end=True)
        assert dict.fromkeys(billed, 0) in (
            {second: booked[second] - cost for second, cost in billed.items()},
            {second: ended[second] - cost for second, cost in billed.items()},
        )


# --- bills ----------------------------------------------------------------------------------------------------------


def bill_file(story: Story, provider: str) -> Path:
    path = story.folder / f"{provider}.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in story.lines_of(provider)))
    return path


def exports(story: Story, provider: str, *, by_model: bool) -> tuple[Path, Path]:
    """Write the bill as OpenAI's organisation usage API would answer: usage and costs, by second or by model."""
    groups: dict[tuple[str | None, int, int], list[BillLine]] = defaultdict(list)
    first_s, last_s = story.began_ms // 1000 - 1, max(map(second_of, story.lines)) + 1
    for line in story.lines_of(provider):
        second = second_of(line)
        groups[(line.model, first_s, last_s) if by_model else (None, second, second + 1)].append(line)
    usage, costs = [], []
    for (model, start, end), lines in groups.items():
        usage.append(a_bucket(start, end, used(model, lines)))
        usd = f"{sum(line.nano_usd for line in lines)}e-9"
        item = None if model is None else f"{model}, input"
        amount = {"value": msgspec.Raw(usd.encode()), "currency": "usd"}
        costs.append(a_bucket(start, end, {"object": "organization.costs.result", "amount": amount, "line_item": item}))
    paths = story.folder / f"{provider}-usage.json", story.folder / f"{provider}-costs.json"
    for path, buckets in zip(paths, (usage, costs), strict=True):
        path.write_bytes(msgspec.json.encode({"object": "page", "data": buckets, "has_more": False}))
    return paths


def used(model: str | None, lines: Sequence[BillLine]) -> dict[str, object]:
    return {
        "object": "organization.usage.completions.result",
        "model": model,
        "input_tokens": sum(line.tokens_in for line in lines),
        "output_tokens": sum(line.tokens_out for line in lines),
        # The usage of embeddings has no member for cached tokens.
        "input_cached_tokens": sum(line.tokens_cached for line in lines if line.endpoint != "embeddings"),
    }


def a_bucket(start: int, end: int, result: dict[str, object]) -> dict[str, object]:
    return {"object": "bucket", "start_time": start, "end_time": end, "results": [result]}


def second_of(line: BillLine) -> int:
    return int(datetime.fromisoformat(line.at).timestamp())


def rfc3339(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- the books ------------------------------------------------------------------------------------------------------


def never_arrived(story: Story) -> int:
    """Held for attempts whose model is on no bill: no bucket says anything of them."""
    billed = {line.model for line in story.lines}
    return sum(each.cost_nanousd for each in story.unknown() if each.deployment.partition("/")[2] not in billed)


def by_second(lines: Sequence[BillLine]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for line in lines:
        found[second_of(line)] += line.nano_usd
    return found


def booked_by_second(story: Story, provider: str, *, by_end: bool = False) -> dict[int, int]:
    """What is booked in each second: attempts where they belong, with their corrections, and what is loose."""
    found: dict[int, int] = defaultdict(int)
    ends: dict[str | None, int] = {}
    for each in story.booked:
        if each.provider == provider:
            at_ms = each.reserved_ms + (each.latency_ms if by_end else 0)
            ends[each.id] = at_ms // 1000
            found[at_ms // 1000] += each.cost_nanousd
    for correction in story.corrections():
        if correction.provider == provider:
            found[ends.get(correction.attempt, correction.booked_ms // 1000)] += correction.cost_nanousd
    return found


def show(capsys: pytest.CaptureFixture[str], story: Story, unknown: int, gap: int) -> None:
    rows = [
        ("attempts", len(story.booked)),
        ("of them unknown or estimated", unknown),
        ("bill, nano-USD", story.billed()),
        ("ledger - bill before, nano-USD", gap),
        ("corrections", len(story.corrections())),
        ("ledger - bill after, nano-USD", story.spent().pop() - story.billed()),
    ]
    with capsys.disabled():
        print("\n" + "\n".join(f"  {name:<50}{value:>14,}" for name, value in rows))  # noqa: T201 - the table is the point
