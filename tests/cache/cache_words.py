"""What the tests of the cache say: use cases, questions and answers, and a cache to visit."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.adapters.sealer import open_sealer
from tollhouse.cache.answers import Answers, Hit, Visit
from tollhouse.cache.flights import LIMITS, Limits
from tollhouse.cache.forms import FORMS
from tollhouse.cache.forms.form import Form
from tollhouse.cache.question import Keys, Question
from tollhouse.cache.shelf import Shelf
from tollhouse.domain.governance import CacheRules, Deployment, Parameters, Route, UseCase
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import NOTHING, Event, Facts
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.ports.cache import CacheEntries, CacheEpochs
from tollhouse.ports.changes import Change
from tollhouse.ports.endpoint import Endpoint
from tollhouse.stores.memory.cache import MemoryCacheEntries, MemoryCacheEpochs
from tollhouse.stores.memory.changes import MemoryChanges
from tollhouse.testing.clock import FakeClock

Tree = dict[str, object]

CHAT, RESPONSES, COMPLETIONS = "/v1/chat/completions", "/v1/responses", "/v1/completions"
EMBEDDINGS, MODERATIONS = "/v1/embeddings", "/v1/moderations"
MASTER_KEY = "A" * 43 + "="
OTHER_MASTER_KEY = "B" * 42 + "A="
ADDRESSES: Mapping[str, str] = {"openai": "https://api.openai.com/v1"}
DEPLOYMENT = Deployment(provider="openai", model="gpt-5-mini", dialect="openai")
ROUTE = Route("fast", (DEPLOYMENT,))
EXACT = CacheRules(exact=True)
USE_CASE = UseCase(
    name="triage", team="claims", owner="a@b.example", models=("fast",), parameters=Parameters(), cache=EXACT
)
USAGE = Usage(12, 5)
DONE = Event(b"data: [DONE]\n\n", Facts(ended=True))
TOLD: Mapping[str, object] = {"cost_usd": "0"}
COST = 13_000
PURGE = Change(kind="cache", name="triage", author="ana", reason="wrong answers", at_ms=1_790_000_000_000)

HELLO: Tree = {"model": "fast", "messages": [{"role": "user", "content": "hello"}]}


def as_body(value: bytes | Mapping[str, object]) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def endpoint(path: str = CHAT) -> Endpoint:
    return ENDPOINTS[path]


def form(path: str = CHAT) -> Form:
    return FORMS[endpoint(path).name]


def question(
    body: bytes | Mapping[str, object] = HELLO,
    path: str = CHAT,
    *,
    team: str = "claims",
    use_case: UseCase = USE_CASE,
    route: Route = ROUTE,
    prompt: str | None = None,
    fallbacks: tuple[Route, ...] = (),
) -> Question:
    return Question(team, use_case, route, endpoint(path), endpoint(path).read(as_body(body)), prompt, fallbacks)


def key(asked: Question, *, epoch: int = 0, keys: Keys | None = None) -> bytes | None:
    return (keys or Keys(ADDRESSES)).key(asked, FORMS[asked.endpoint.name], epoch)


def chat_answer(
    text: str | None = "hello you", *, finish: str = "stop", usage: bool = True, **message: object
) -> bytes:
    said = {"role": "assistant", "content": text, "refusal": None, "annotations": [], **message}
    whole: Tree = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "gpt-5-mini-2026",
        "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": finish}],
        "system_fingerprint": "fp_1",
    }
    if usage:
        whole["usage"] = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
    return as_body(whole)


def chunk(delta: Mapping[str, object], finish: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "gpt-5-mini-2026"}
    return b"data: " + as_body({**head, "choices": [choice], **more}) + b"\n\n"


def events_of(data: Sequence[bytes]) -> list[Event]:
    return [Event(each, NOTHING) for each in data]


def data(events: Sequence[bytes]) -> list[Tree]:
    """The data of SSE events, read."""
    lines = [line for event in events for line in event.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@dataclass
class House:
    """A cache on stores in memory, and the calls that visit it."""

    entries: CacheEntries = field(default_factory=MemoryCacheEntries)
    epochs: CacheEpochs = field(default_factory=lambda: MemoryCacheEpochs(MemoryChanges()))
    clock: FakeClock = field(default_factory=FakeClock)
    master_key: str | None = MASTER_KEY
    limits: Limits = LIMITS

    async def open(self) -> Answers:
        """As a process does at its start; each has a memory of its own."""
        answers = self.unready()
        await answers.shelf.refresh()
        return answers

    def unready(self) -> Answers:
        sealer = None if self.master_key is None else open_sealer(self.master_key)
        shelf = Shelf(self.entries, self.epochs, sealer, self.clock)
        return Answers(shelf, Keys(ADDRESSES), JsonSchemaChecker(), self.clock, self.limits)


def visit(answers: Answers, asked: Question) -> Visit:
    found = answers.visit(asked)
    assert found is not None, "this question is not cached"
    return found


def give(
    visit: Visit, whole: bytes | Sequence[bytes], *, deployment: str = DEPLOYMENT.name, is_for_all: bool = True
) -> None:
    """Let a visit's call be answered: whole, or as a stream."""
    for event in events_of([whole] if isinstance(whole, bytes) else whole):
        visit.add(event)
    visit.answered(usage=USAGE, cost_nanousd=COST, provider="openai", deployment=deployment, is_for_all=is_for_all)


async def ask(answers: Answers, asked: Question, whole: bytes | Sequence[bytes] | None = None) -> Hit | None:
    """Make one call: find its answer, or give this one. Return what was found."""
    call = visit(answers, asked)
    try:
        hit = await call.find()
        if hit is None and whole is not None:
            give(call, whole)
        return hit
    finally:
        call.close()


def body_of(hit: Hit | None) -> Tree:
    """A hit's whole answer, read."""
    assert hit is not None, "nothing was found"
    (event,) = hit.events("again", TOLD)
    found: Tree = json.loads(event.data)
    return found


async def turns(count: int = 5) -> None:
    """Let everybody who can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)
