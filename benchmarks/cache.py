"""
`python -m benchmarks.cache`: what the cache's own steps cost, in microseconds of one core. No network, no store.

The best of five rounds: what disturbs a step only ever makes it slower.
"""

import asyncio
import json
import timeit
from collections.abc import Callable

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

CHAT = ENDPOINTS["/v1/chat/completions"]
ROUTE = Route("fast", (Deployment("openai", "gpt-5-mini", "openai"),))
USE_CASE = UseCase("triage", "claims", "a@b.example", ("fast",), cache=CacheRules(exact=True))
TOLD = {"cost_usd": "0"}
WORDS = "The hail broke both windows of the winter garden, and Mr Müller asks who pays. "
ROUNDS = 5


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
    shelf = Shelf(MemoryCacheEntries(), MemoryCacheEpochs(), open_sealer("A" * 43 + "="), clock)
    await shelf.refresh()
    answers = Answers(shelf, Keys({}), JsonSchemaChecker(), clock)
    plain, streamed = question(body(WORDS)), question(body(WORDS, stream=True, stream_options={"include_usage": True}))
    whole = answer(WORDS * 25)
    hit = await found(answers, plain, whole)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(5_000):
        await found(answers, plain, whole)
    a_hit = (loop.time() - began) / 5_000 * 1e6
    again = Hit(hit.kept, "exact", 0, streamed, hit.form)
    pieces = [b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in chunks(WORDS * 25)]
    return {
        "a visit that finds 2 KB in memory": a_hit,
        "giving 2 KB again, whole": us(lambda: hit.events("x", TOLD), 5_000),
        "giving 2 KB again as a stream": us(lambda: again.events("x", TOLD), 2_000),
        "noting one chunk of a stream": noting(answers, streamed, pieces),
    }


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


def main() -> None:
    for name, took in {**keys(), **asyncio.run(visits())}.items():
        print(f"{name:<36}{took:>10.1f} us")


if __name__ == "__main__":
    main()
