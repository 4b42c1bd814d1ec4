"""Streams under way through the real command: callers who do not read, who leave, and a gateway that stands still."""

import asyncio
import json
import random
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from flow_house import Tree, chat, eventually, read_event, route, sending, tree, use_case
from flow_process import KEY, RunningSimulator, Service, books, command, serving, simulating, write_config
from tollhouse.domain.calls import Attempt, Call
from tollhouse.simulator import BillLine, Request

HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
CHAT = "/v1/chat/completions"
SEED = 20_261_124
ENDLESS = "sim-endless"
PACED = "sim-paced:50:40"
"""Two seconds."""
LASTING = "sim-paced:50:4000"
"""Three minutes: whoever leaves one leaves it under way."""
TO_BE_CUT = "sim-endless@cut"
STOPPED = "sim-paced:20:120"
DEAF = 5

STREAM_KIB = 512
"""
What one reading brought, as pieces, as events and as their data, what the caller's socket has not taken, the text of what
was sent (for the kernel takes some megabytes first), and the call itself. The stream would be 250 MB.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A running service before a simulator, and where its books are."""

    simulator: RunningSimulator
    service: Service
    config: Path

    @property
    def url(self) -> str:
        return self.service.url

    def call(self, model: str) -> Call:
        """The one call of this model, once it is booked."""
        eventually(lambda: bool(self.calls(model)))
        (call,) = self.calls(model)
        return call

    def calls(self, model: str) -> list[Call]:
        return [call for call in books(None, self.config.parent / "data")[0] if call.model == model]

    def outcomes(self, model: str) -> list[str]:
        """What the simulator says of its answers."""
        return [request.outcome for request in self.simulator.requests() if request.model == model]

    def streaming(self, model: str) -> AbstractContextManager[HTTPResponse]:
        return sending(self.url, chat(model, stream=True), path=CHAT, headers=HEADERS)


@contextmanager
def placed(folder: Path, settings: Tree) -> Iterator[Place]:
    with simulating() as simulator:
        config = write_config(folder, simulator, settings)
        with serving(config) as service:
            place = Place(simulator, service, config)
            with place.streaming("sim-no-usage") as response:
                response.read()  # loads the tokeniser, which is large, and stops everything for a moment
            yield place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    routes = {
        "*": route("*", max_answer_bytes=2**30),
        TO_BE_CUT: route(TO_BE_CUT, max_answer_bytes=2**30, timeouts={"slow_reader_ms": 300}),
        STOPPED: route(STOPPED, timeouts={"idle_ms": 500, "first_token_ms": 30_000}),
    }
    settings = tree(models=routes, use_cases={"tests": use_case(models=[TO_BE_CUT, STOPPED, "*"])})
    with placed(tmp_path_factory.mktemp("streams"), settings) as place:
        yield place


def deaf_caller(url: str, model: str) -> socket.socket:
    """Ask for a stream, and read nothing."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    caller = socket.socket()
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    caller.connect((parts.hostname, parts.port))
    body = json.dumps(chat(model, stream=True)).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    caller.sendall(
        f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body
    )
    return caller


def memory_kib(service: Service) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))


# --- callers who do not read ------------------------------------------------------------------------------------------


def test_callers_who_do_not_read_hold_their_providers_up_and_little_is_kept_for_them(place: Place) -> None:
    before = memory_kib(place.service)
    with ExitStack() as callers:
        for _ in range(DEAF):
            callers.enter_context(deaf_caller(place.url, ENDLESS))
        eventually(lambda: place.simulator.simulator.held_up == DEAF)
        grown = memory_kib(place.service) - before

    eventually(lambda: place.outcomes(ENDLESS) == ["client closed"] * DEAF)
    eventually(lambda: len(place.calls(ENDLESS)) == DEAF)
    assert grown < DEAF * STREAM_KIB
    for call in place.calls(ENDLESS):
        assert (call.status, call.attempts[0].state, call.estimated) == (499, "settled", True)


def test_a_caller_who_takes_nothing_is_cut_and_settled_and_nobody_else_notices(place: Place) -> None:
    with place.streaming("sim-paced:10:100") as other, deaf_caller(place.url, TO_BE_CUT) as deaf:
        eventually(lambda: place.outcomes(TO_BE_CUT) == ["client closed"])
        rest = other.read()
        with suppress(ConnectionResetError):
            while deaf.recv(65_536):
                pass

    call = place.call(TO_BE_CUT)
    assert (call.status, call.outcome, call.attempts[0].state, call.estimated) == (499, "cancelled", "settled", True)
    assert call.cost_nanousd > 0
    assert rest.endswith(b"data: [DONE]\n\n")


# --- a gateway that stands still --------------------------------------------------------------------------------------


def test_a_gateway_that_stood_still_blames_no_provider_for_it(place: Place) -> None:
    with place.streaming(STOPPED) as response:
        read_event(response)

        place.service.process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        place.service.process.send_signal(signal.SIGCONT)
        rest = response.read()

    assert rest.endswith(b"data: [DONE]\n\n")


# --- callers who leave ------------------------------------------------------------------------------------------------


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("count", "percent"),
    [(40, 50), *(pytest.param(1_000, percent, marks=pytest.mark.slow) for percent in (0, 1, 10, 50))],
)
def test_whoever_leaves_is_booked_and_the_ledger_is_the_bill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, percent: int
) -> None:
    make = random.Random(SEED)
    leave_after = [make.randrange(30) if make.random() < percent / 100 else None for _ in range(count)]
    settings = tree(organisation={"budget": {"limit_usd": "1000", "period": "total"}})
    with placed(tmp_path, settings) as place:
        left_at = asyncio.run(all_streams(place.url, leave_after))
        eventually(lambda: not [each for each in place.simulator.requests() if each.outcome == "open"])
        lines, requests = place.simulator.bill(), place.simulator.requests()
        assert place.service.stop() == 0

    calls, budgets = books(None, tmp_path / "data")
    booked = [attempt for call in calls for attempt in call.attempts]
    gaps = gaps_of(booked, lines)
    cancel_ms = cancelled_after_ms(requests, left_at)
    with capsys.disabled():
        show(count, percent, lines, gaps, cancel_ms)
    assert len(calls) == count + 1, "the first one loaded the tokeniser"
    assert {each.outcome for each in requests if each.model in left_at} <= {"client closed"}, (
        "theirs would have gone on"
    )
    assert len(gaps) <= len(left_at) + 1
    assert all(attempt.estimated for attempt in gaps)
    assert not any(state.leased_nanousd for state in budgets), "nothing is held when idle"
    if count > 100:
        reconcile(place.config, lines, booked)
        _, budgets = books(None, tmp_path / "data")
        assert {state.spent_nanousd for state in budgets} == {sum(line.nano_usd for line in lines)}


async def all_streams(url: str, leave_after: Sequence[int | None]) -> dict[str, float]:
    """Have so many streams, at most 100 at once; return who left when, by model."""
    left_at: dict[str, float] = {}
    gate = asyncio.Semaphore(100)

    async def one(number: int, events: int | None) -> None:
        async with gate:
            model = f"{PACED if events is None else LASTING}@{number}"
            if await stream(url, model, events):
                left_at[model] = time.time()

    await asyncio.gather(*(one(number, events) for number, events in enumerate(leave_after)))
    return left_at


async def stream(url: str, model: str, leave_after: int | None) -> bool:
    """Read a stream to its end, or leave after so many events; return whether it was left."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    body = json.dumps(chat(model, stream=True)).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{head}content-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    events = 0
    try:
        while leave_after is None or events < leave_after:
            line = await reader.readline()
            if not line:
                return False
            events += line.startswith(b"data: ")
    finally:
        writer.transport.abort()
    return True


def gaps_of(booked: Sequence[Attempt], lines: Sequence[BillLine]) -> list[Attempt]:
    """Return the attempts that cost something else than the bill says. A line without an attempt would be a fault."""
    billed = {line.client_request_id: line.nano_usd for line in lines}
    assert set(billed) <= {attempt.id for attempt in booked}
    return [attempt for attempt in booked if attempt.cost_nanousd != billed.get(attempt.id, 0)]


def cancelled_after_ms(requests: Sequence[Request], left_at: dict[str, float]) -> list[float]:
    """Return how long after its caller each abandoned stream ended at the provider."""
    ends = {request.model: request.ended_at for request in requests if request.ended_at is not None}
    return sorted(max(0.0, ends[model] - left) * 1000 for model, left in left_at.items() if model in ends)


def reconcile(config: Path, lines: Sequence[BillLine], booked: Sequence[Attempt]) -> None:
    over_ms = max(attempt.reserved_ms for attempt in booked) + 5_000  # a bill is complete for a time that is over
    while time.time_ns() // 10**6 < over_ms:
        time.sleep(0.1)
    bill = config.with_name("bill.jsonl")
    bill.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    done = command(config, "reconcile", str(bill), "--provider", "simulator", "--complete", "--since", "1d")
    assert done.returncode == 0, done.stderr


def show(
    count: int, percent: int, lines: Sequence[BillLine], gaps: Sequence[Attempt], cancel_ms: Sequence[float]
) -> None:
    told = f"{count} streams, {percent} % left, seed {SEED}: {len(lines)} requests billed, {len(gaps)} estimated"
    if cancel_ms:
        p50, p99 = cancel_ms[len(cancel_ms) // 2], cancel_ms[len(cancel_ms) * 99 // 100]
        told += f"; cancelled after p50 {p50:.1f} ms, p99 {p99:.1f} ms, at most {cancel_ms[-1]:.1f} ms"
    print(f"\n  {told}")  # noqa: T201 - the figures are the point
