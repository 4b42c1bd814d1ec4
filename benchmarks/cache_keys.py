"""
`python -m benchmarks.cache_keys --n 1000000 --seed 4`: near-identical questions, each asked twice, of one cache.

Every question is a usual request with one thing changed at random: a character, a number, a member, an entry, its order,
or whose question it is. Which of them are equal is decided without the cache's code, by how the standard library writes
them with sorted names. A false hit is an answer, or a key, that another question has got; a repeat is the same question
in another spelling (other order, white space and escapes, streamed or not) and has to hit.
"""

import argparse
import asyncio
import copy
import json
import random
import string
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b

from tollhouse.adapters.clock import SystemClock
from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.cache.answers import Answers
from tollhouse.cache.forms import FORMS
from tollhouse.cache.question import Keys, Question
from tollhouse.cache.shelf import Shelf
from tollhouse.domain.errors import RequestError
from tollhouse.domain.governance import CacheRules, Deployment, Route, UseCase
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import NOTHING, Event
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.stores.memory.cache import MemoryCacheEntries, MemoryCacheEpochs
from tollhouse.stores.memory.changes import MemoryChanges

Tree = dict[str, object]
Spot = tuple[dict[str, object] | list[object], str | int]
"""A place in a request: what holds it, and its name or number there."""

CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/completions",
    "/v1/embeddings",
)
TOOL: Tree = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Says how the weather was.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"default": 1}}},
    },
}
BODIES: dict[str, Tree] = {
    CHAT: {
        "model": "fast",
        "messages": [
            {"role": "system", "content": "You sort reports of damage by urgency."},
            {"role": "user", "content": "Hagelschaden am 3. Juni, Fr. 1'250.00, police no. CH-4711-08"},
            {
                "role": "assistant",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "hail on 3 June"},
        ],
        "tools": [TOOL],
        "tool_choice": "auto",
        "temperature": 0.2,
        "top_p": 0.9,
        "max_completion_tokens": 100,
        "seed": 7,
        "stop": ["END"],
        "logit_bias": {"50256": -100},
        "reasoning_effort": "low",
        "parallel_tool_calls": False,
    },
    RESPONSES: {
        "model": "fast",
        "input": "Who pays for hail?",
        "instructions": "Be short.",
        "store": False,
        "top_p": 1,
    },
    COMPLETIONS: {"model": "fast", "prompt": "Once upon a time", "temperature": 1, "suffix": "!", "max_tokens": 16},
    EMBEDDINGS: {"model": "fast", "input": ["a letter", "a claim"], "dimensions": 8, "encoding_format": "base64"},
}
SHARES = {CHAT: 7, RESPONSES: 1, COMPLETIONS: 1, EMBEDDINGS: 1}
FRAMING = {path: FORMS[ENDPOINTS[path].name].framing for path in BODIES}
DEPLOYMENT = Deployment("openai", "gpt-5-mini", "openai")
USE_CASE = UseCase("triage", "claims", "a@b.example", ("fast",), cache=CacheRules(exact=True))
CHARACTERS = string.ascii_letters + string.digits + " .,-'\"\\\n\t{}[]:äöüéß€日本\u200b🙂"
STREAMS = (CHAT, RESPONSES, COMPLETIONS)


@dataclass(frozen=True, slots=True)
class Near:
    """One question near to another; `spelled` is what makes it equal to itself and to nothing else."""

    path: str
    body: Tree
    team: str
    use_case: UseCase
    route: Route
    prompt: str | None
    spelled: bytes

    def asked(self, dice: random.Random | None = None) -> Question:
        """The question as a call; with dice in a spelling of its own."""
        endpoint, body = ENDPOINTS[self.path], self.body
        if dice is None:
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        else:
            if self.path in STREAMS and dice.random() < 0.5:
                body = {**body, "stream": True}
            content = json.dumps(
                shuffled(body, dice), ensure_ascii=dice.random() < 0.5, indent=dice.choice((None, 0, 2))
            )
        return Question(self.team, self.use_case, self.route, endpoint, endpoint.read(content.encode()), self.prompt)


def near(dice: random.Random) -> Near:
    (path,) = dice.choices(list(SHARES), list(SHARES.values()))
    body = copy.deepcopy(BODIES[path])
    team, use_case, route, prompt = "claims", USE_CASE, Route("fast", (DEPLOYMENT,)), None
    kind = dice.random()
    if kind < 0.02:
        team = word(dice)
    elif kind < 0.04:
        use_case = replace(USE_CASE, name=word(dice))
    elif kind < 0.06:
        prompt = f"triage@{dice.getrandbits(48):x}"
    elif kind < 0.1:
        changed = {dice.choice(("provider", "model", "dialect", "region")): word(dice)}
        route = Route("fast", (replace(DEPLOYMENT, **changed),))  # type: ignore[arg-type]
    else:
        for _ in range(dice.choice((1, 1, 1, 2))):
            mutate(body, dice)
    told = {name: value for name, value in body.items() if name not in FRAMING[path]}
    whose = [team, use_case.name, path, prompt, repr(route.deployments)]
    return Near(path, body, team, use_case, route, prompt, json.dumps([whose, told], sort_keys=True).encode())


def word(dice: random.Random) -> str:
    return "".join(dice.choices(string.ascii_lowercase, k=dice.randint(1, 8)))


# --- one thing changed ----------------------------------------------------------------------------------------------


def mutate(body: Tree, dice: random.Random) -> None:
    holder, place = dice.choice([spot for spot in spots(body) if spot[1] != "model"])
    value = holder[place]  # type: ignore[index]
    holder[place] = changed(value, dice)  # type: ignore[index]


def spots(value: object) -> Iterator[Spot]:
    """Yield every place below."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield value, name
            yield from spots(below)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield value, number
            yield from spots(below)


def changed(value: object, dice: random.Random) -> object:
    if isinstance(value, bool) or value is None:
        return dice.choice((True, False, None, 0, "", "true"))
    if isinstance(value, int | float):
        return dice.choice((value + dice.randint(1, 10**9), value + dice.random(), -value - 1, str(value)))
    if isinstance(value, str):
        return near_text(value, dice)
    if isinstance(value, dict):
        return {**value, word(dice): dice.choice((1, "x", None, {}, []))}
    assert isinstance(value, list)
    turned = [*value, *dice.choices(value or [""], k=1)] if dice.random() < 0.5 else [*value, word(dice)]
    return turned if dice.random() < 0.7 else list(reversed(turned))


def near_text(text: str, dice: random.Random) -> str:
    """One or two characters more, fewer or other."""
    for _ in range(dice.choice((1, 2, 2))):
        at = dice.randint(0, len(text))
        text = text[:at] + dice.choice((*CHARACTERS, "")) + text[at + dice.choice((0, 0, 1)) :]
    return text


def shuffled(value: object, dice: random.Random) -> object:
    if isinstance(value, dict):
        names = list(value)
        dice.shuffle(names)
        return {name: shuffled(value[name], dice) for name in names}
    return [shuffled(each, dice) for each in value] if isinstance(value, list) else value


# --- asking ---------------------------------------------------------------------------------------------------------


def answer(path: str, text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "m", "status": "completed", "role": "assistant", "content": [part]}
    shapes: dict[str, Tree] = {
        CHAT: {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]},
        RESPONSES: {"status": "completed", "output": [item]},
        COMPLETIONS: {"choices": [{"index": 0, "text": text, "finish_reason": "stop"}]},
        EMBEDDINGS: {"data": [{"index": 0, "embedding": text}]},
    }
    return json.dumps({"id": "x", **shapes[path]}).encode()


async def ask(answers: Answers, asked: Question, given: bytes | None) -> bytes | None:
    """Return the kept answer, if there is one; else give this one to be kept."""
    visit = answers.visit(asked)
    assert visit is not None
    hit = await visit.find()
    if hit is None and given is not None:
        visit.add(Event(given, NOTHING))
        visit.answered(usage=Usage(1, 1), cost_nanousd=1, provider="openai", deployment=asked.route.deployments[0].name)
    visit.close()
    return None if hit is None else hit.kept.whole


async def run(count: int, seed: int) -> Counter[str]:
    """Ask until so many different questions were asked twice."""
    dice, clock = random.Random(seed), SystemClock()
    shelf = Shelf(MemoryCacheEntries(), MemoryCacheEpochs(MemoryChanges()), None, clock)
    await shelf.refresh()
    keys = Keys({"openai": "https://api.openai.com/v1"})
    answers = Answers(shelf, keys, JsonSchemaChecker(), clock)
    seen: dict[bytes, bytes] = {}
    tally: Counter[str] = Counter()
    while tally["different questions"] < count:
        one = near(dice)
        try:
            asked = one.asked()
        except RequestError:
            tally["refused"] += 1
            continue
        key = keys.key(asked, FORMS[asked.endpoint.name], 0)
        if key is None:
            tally["not cached"] += 1
            continue
        digest = blake2b(one.spelled, digest_size=16).digest()
        known = seen.setdefault(key, digest)
        if known != digest:
            tally["false: two questions with one key"] += 1
        if len(seen) == tally["different questions"]:  # a question that was asked before
            tally["drawn again"] += 1
            continue
        tally["different questions"] += 1
        given = answer(one.path, digest.hex())
        if await ask(answers, asked, given) is not None:
            tally["false: an answer before there was one"] += 1
        again = await ask(answers, one.asked(dice), None)
        tally["repeats that hit" if again == given else "repeats that missed"] += 1
    tally["false hits"] = sum(times for name, times in tally.items() if name.startswith("false: "))
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cache_keys", description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    began = time.process_time()
    tally = asyncio.run(run(options.n, options.seed))
    print(f"n {options.n}, seed {options.seed}, {time.process_time() - began:.0f} s CPU")
    for name in (
        "different questions",
        "false hits",
        "repeats that hit",
        "repeats that missed",
        "drawn again",
        "not cached",
        "refused",
    ):
        print(f"{name:<24}{tally[name]:>10}")


if __name__ == "__main__":
    main()
