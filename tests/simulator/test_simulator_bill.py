"""The bill: what is charged when, exact to the billionth of a dollar, and never a line too few or too many."""

import asyncio
import json
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import openai
import pytest

from tollhouse import simulator
from tollhouse.simulator import Bill, BillLine, Simulator
from tollhouse.simulator.bill import MAX_LINES_IN_MEMORY
from tollhouse.simulator.prices import DEFAULT_PRICES, Prices

INPUT, CACHED, OUTPUT = 250, 25, 2000
"""nano-USD a token of the default line: 0.25, 0.025 and 2.00 USD per million."""

QUESTION = "0123456789"
TOKENS_IN = 3


async def ask(provider: Simulator, model: str, *, stream: bool = False, headers: str = "") -> BillLine:
    """Send the question, whatever comes of it, and return its line."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": QUESTION}], "stream": stream}).encode()
    host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n"
    head += f"{headers}\r\n"
    writer.write(head.encode() + body)
    with suppress(ConnectionError):
        await reader.read(-1)
    writer.transport.abort()
    await provider.settled()
    return provider.bill[-1]


def cost(tokens_in: int, tokens_out: int, cached: int = 0) -> int:
    return (tokens_in - cached) * INPUT + cached * CACHED + tokens_out * OUTPUT


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "nano_usd", "delivered"),
    [
        ("sim-echo", 3 * 250 + 3 * 2000, True),
        ("sim-text:eight%20by", 3 * 250 + 2 * 2000, True),
        ("sim-empty", 3 * 250, True),
        ("sim-reasoning:100", 3 * 250 + 103 * 2000, True),
        ("sim-cached:70", 1 * 250 + 2 * 25 + 3 * 2000, True),
        ("sim-over-limit:70", 3 * 250 + 70 * 2000, True),
        ("sim-429", 0, True),
        ("sim-503:1", 0, True),
        ("sim-200-error", 0, True),
        ("sim-reset", 0, False),
        ("sim-close", 0, False),
        ("sim-reset-billed", 3 * 250 + 3 * 2000, False),
        ("sim-reset-headers", 3 * 250, False),
        ("sim-usage-twice", 3 * 250 + 3 * 2000, True),
        ("sim-no-usage", 3 * 250 + 3 * 2000, True),
        ("sim-no-done", 3 * 250 + 3 * 2000, True),
        ("sim-gzip-bomb:1", 0, True),
    ],
)
async def test_a_line_costs_what_was_worked_out_by_hand(
    provider: Simulator, model: str, stream: bool, nano_usd: int, delivered: bool
) -> None:
    line = await ask(provider, model, stream=stream)

    assert (line.nano_usd, line.delivered, line.streamed) == (nano_usd, delivered, stream)


@pytest.mark.parametrize(
    ("model", "streamed_out", "whole_out"),
    [
        ("sim-cut:4", 4, 9),
        ("sim-cut-close:4", 4, 9),
        ("sim-cut-reset:0", 0, 5),
        ("sim-truncated:4", 4, 9),
        ("sim-error-event:2", 2, 0),
    ],
)
async def test_a_stream_that_breaks_off_bills_what_was_generated(
    provider: Simulator, model: str, streamed_out: int, whole_out: int
) -> None:
    streamed = await ask(provider, model, stream=True)
    whole = await ask(provider, model)

    assert (streamed.tokens_in, streamed.tokens_out) == (TOKENS_IN, streamed_out)
    assert streamed.nano_usd == cost(TOKENS_IN, streamed_out)
    assert not streamed.delivered
    assert whole.tokens_out == whole_out


async def test_usage_reported_is_usage_billed(provider: Simulator) -> None:
    for model in ("sim-echo", "sim-cached", "sim-reasoning:9", "sim-long:321", "sim-odd-price", "sim-json"):
        async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="any") as client:
            answer = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": QUESTION}], n=2
            )

        line, usage = provider.bill[-1], answer.usage
        assert usage is not None
        assert usage.prompt_tokens_details is not None
        assert (line.tokens_in, line.tokens_out) == (usage.prompt_tokens, usage.completion_tokens)
        assert line.tokens_cached == usage.prompt_tokens_details.cached_tokens


async def test_who_hangs_up_pays_for_what_was_generated_until_then(provider: Simulator) -> None:
    async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="any") as client:
        stream = await client.chat.completions.create(
            model="sim-paced:5:1000", messages=[{"role": "user", "content": QUESTION}], stream=True
        )
        seen = 0
        async for chunk in stream:
            seen += bool(chunk.choices[0].delta.content)
            if seen == 5:
                break
        await stream.close()
        await provider.settled()

    line = provider.bill[-1]
    assert seen <= line.tokens_out < 1000
    assert line.nano_usd == cost(TOKENS_IN, line.tokens_out)
    assert not line.delivered


async def test_who_leaves_before_the_first_token_pays_for_the_input(provider: Simulator) -> None:
    async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="any", max_retries=0, timeout=0.2) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(
                model="sim-slow:600000", messages=[{"role": "user", "content": QUESTION}]
            )
    await provider.settled()

    assert (provider.bill[-1].tokens_out, provider.bill[-1].nano_usd) == (0, cost(TOKENS_IN, 0))
    assert provider.bill[-1].status is None


@pytest.mark.parametrize(
    ("model", "tokens_out"), [("sim-stall-headers", 0), ("sim-stall-billed", 3), ("sim-stall:2", 2)]
)
async def test_a_stall_bills_when_the_client_has_left(provider: Simulator, model: str, tokens_out: int) -> None:
    async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="any", max_retries=0, timeout=0.3) as client:
        with pytest.raises(openai.APITimeoutError):
            await _read_all(client, model)
    await provider.settled()

    assert (provider.bill[-1].tokens_in, provider.bill[-1].tokens_out) == (TOKENS_IN, tokens_out)


async def _read_all(client: openai.AsyncOpenAI, model: str) -> None:
    messages: Any = [{"role": "user", "content": QUESTION}]
    async for _ in await client.chat.completions.create(model=model, messages=messages, stream=True):
        pass


async def test_a_reader_who_does_not_read_holds_generation_up(provider: Simulator) -> None:
    host, port = provider.base_url.removeprefix("http://").removesuffix("/v1").split(":")
    _, writer = await asyncio.open_connection(host, int(port), limit=1024)
    body = b'{"model": "sim-endless", "messages": [{"role": "user", "content": "x"}], "stream": true}'
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    for _ in range(20_000):  # enough turns of the loop to generate everything, if nothing held it up
        await asyncio.sleep(0)
    writer.transport.abort()
    await provider.settled()

    assert 0 < provider.bill[-1].tokens_out < 200_000


async def test_the_end_of_the_simulator_books_what_is_open(tmp_path: Path) -> None:
    provider = await simulator.start(bill=tmp_path / "bill.jsonl")
    async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="any", max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="sim-stall:2", messages=[{"role": "user", "content": QUESTION}], stream=True
        )
        await anext(aiter(stream))
        await provider.close()

    (line,) = (tmp_path / "bill.jsonl").read_text().splitlines()
    assert json.loads(line)["tokens_out"] == 2
    assert provider.requests[-1].outcome == "stopped"


async def test_the_file_is_the_bill_in_memory_line_by_line(provider: Simulator) -> None:
    for model in ("sim-echo", "sim-503", "sim-cut", "sim-reset"):
        await ask(provider, model, stream=True)

    assert provider.bill.path is not None
    lines = [json.loads(line) for line in provider.bill.path.read_text().splitlines()]
    assert [BillLine(**line) for line in lines] == list(provider.bill)
    assert list(lines[0]) == [
        *("n", "at", "request_id", "endpoint", "model", "tokens_in", "tokens_out", "tokens_cached"),
        *("nano_usd", "status", "streamed", "delivered", "client_request_id"),
    ]
    assert [line["n"] for line in lines] == [1, 2, 3, 4]
    assert provider.bill.total_nano_usd == sum(line["nano_usd"] for line in lines)
    assert len({line["request_id"] for line in lines}) == 4


async def test_a_line_names_the_client_s_own_id_of_the_request(provider: Simulator) -> None:
    named = await ask(provider, "sim-echo", headers="X-Client-Request-Id: att_1\r\n")
    nameless = await ask(provider, "sim-503")
    long = await ask(provider, "sim-echo", headers=f"x-client-request-id: {'a' * 600}\r\n")

    assert [named.client_request_id, nameless.client_request_id] == ["att_1", None]
    assert long.client_request_id == "a" * 512


async def test_an_existing_bill_is_continued_and_anything_else_refused(tmp_path: Path) -> None:
    path = tmp_path / "bill.jsonl"
    for _ in range(2):
        provider = await simulator.start(bill=path)
        await ask(provider, "sim-echo")
        await provider.close()
    (tmp_path / "other.jsonl").write_text("hello\n")

    assert [json.loads(line)["n"] for line in path.read_text().splitlines()] == [1, 2]
    with pytest.raises(ValueError, match="is not a bill"):
        await simulator.start(bill=tmp_path / "other.jsonl")
    assert (tmp_path / "other.jsonl").read_text() == "hello\n"


def test_memory_holds_the_newest_lines_and_the_totals_of_all() -> None:
    bill = Bill()
    for n in range(MAX_LINES_IN_MEMORY + 10):
        bill.append(BillLine(n, "", "", "", "", 0, 0, 0, 2, 200, False, True))

    assert len(bill) == MAX_LINES_IN_MEMORY
    assert bill[0].n == 10
    assert bill[-3:] == [bill[-3], bill[-2], bill[-1]]
    assert (bill.line_count, bill.total_nano_usd) == (MAX_LINES_IN_MEMORY + 10, 2 * (MAX_LINES_IN_MEMORY + 10))


# --- prices ---------------------------------------------------------------------------------------------------------


def test_a_cost_is_rounded_once_half_to_even() -> None:
    half = Prices({"half": {"input_per_million": "0.0005", "output_per_million": "0.0005"}}).of("half")

    assert [half.cost_nanousd(tokens, 0, 0) for tokens in range(6)] == [0, 0, 1, 2, 2, 2]
    assert half.cost_nanousd(1, 0, 2) == 2


def test_odd_prices_agree_with_decimal_arithmetic() -> None:
    line = {name: Decimal(text) for name, text in DEFAULT_PRICES["sim-odd-price"].items()}
    price = Prices().of("sim-odd-price")

    for tokens_in, cached, out in [(1, 0, 1), (7, 3, 11), (1000, 999, 1), (123_456, 7, 654_321), (0, 0, 0)]:
        exact = (tokens_in - cached) * line["input_per_million"] + cached * line["cached_input_per_million"]
        exact = (exact + out * line["output_per_million"]) * 1000
        assert price.cost_nanousd(tokens_in, cached, out) == exact.quantize(Decimal(1), ROUND_HALF_EVEN)


def test_a_price_is_found_by_whole_name_then_by_its_beginning_then_by_default() -> None:
    def at(usd: str) -> dict[str, str]:
        return {"input_per_million": usd, "output_per_million": "0"}

    prices = Prices({"sim-echo": at("1"), "sim-echo:x": at("2"), "*": at("3")})

    found = [
        prices.of(name).cost_nanousd(1, 0, 0)
        for name in ("sim-echo", "sim-echo@y", "sim-echo:z", "sim-echo:x", "other")
    ]
    assert found == [1000, 1000, 1000, 2000, 3000]


def test_without_a_cached_price_that_part_costs_the_input_price() -> None:
    price = Prices({"a": {"input_per_million": "1", "output_per_million": "0"}}).of("a")

    assert price.cost_nanousd(10, 10, 0) == 10_000


@pytest.mark.parametrize(
    "line",
    [
        {"input_per_million": "0.25"},
        {"input_per_million": "-1", "output_per_million": "1"},
        {"input_per_million": "1e3", "output_per_million": "1"},
        {"input_per_million": 0.25, "output_per_million": "1"},
        {"input_per_million": "1", "output_per_million": "1", "per_request": "1"},
    ],
)
def test_a_bad_price_is_refused(line: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="price of a"):
        Prices({"a": line})


async def test_prices_and_labels_are_read_from_files(tmp_path: Path) -> None:
    prices, labels = tmp_path / "prices.json", tmp_path / "labels.csv"
    prices.write_text('{"sim-labels": {"input_per_million": "1", "output_per_million": "0"}}')
    labels.write_text("id,label\nC-1,high\n")

    provider = await simulator.start(prices=prices, labels=labels)
    line = await ask(provider, "sim-labels")
    await provider.close()

    assert line.nano_usd == 3000
    with pytest.raises(ValueError, match="expected an object"):
        await simulator.start(prices=_written(tmp_path, "[]"))
    with pytest.raises(ValueError, match="label table"):
        await simulator.start(labels=_written(tmp_path, "a,b\n"))


def _written(folder: Path, text: str) -> Path:
    path = folder / "written"
    path.write_text(text)
    return path
