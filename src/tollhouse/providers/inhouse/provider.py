"""The in-house engine as a provider: one request in, its answer in the endpoint's wire out. Costs nothing, sends nothing."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from threading import Event as Flag

import msgspec

from tollhouse.domain.errors import InhouseCannot, RequestError, UpstreamTimeout
from tollhouse.domain.ids import new_id
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import Answer, Asked, Event, Facts
from tollhouse.ports.embedder import Embedder
from tollhouse.ports.provider import Outgoing
from tollhouse.ports.schema import SchemaChecker

from .engine import answer
from .summary import gist
from .vectors import Abandoned, Vectors

MAX_CONCURRENT = 2
"""Answers computed at once. The work is all processor; more threads would only take time from the server's loop."""

BYTES_PER_TOKEN = 4
"""
How tokens are counted here: one for every four bytes of UTF-8, rounded up. They cost nothing, so an exact count (a
quarter of a second to load, 66 MiB) would be bought for nothing.
"""

MODEL = "tollhouse-inhouse"
"""What answers call the model, whatever name the route uses for it."""


class InhouseProvider:
    """One configured in-house engine. Answers the same request always the same."""

    degraded = True

    def __init__(self, name: str, open_embedder: Callable[[], Embedder], checker: SchemaChecker) -> None:
        self.name = name
        self._vectors = Vectors(open_embedder, gist)
        self._checker = checker
        self._places = asyncio.Semaphore(MAX_CONCURRENT)

    async def send(self, outgoing: Outgoing) -> AsyncGenerator[Event, None]:
        """Raises InhouseCannot if the request is nothing for this engine or its extra is not installed, or UpstreamTimeout."""
        answered = await self._answer(outgoing)
        asked, endpoint = outgoing.asked, outgoing.endpoint
        suffix, created = new_id("inh").removeprefix("inh_"), int(time.time())
        for data, facts in endpoint.render(answered, asked, model=MODEL, id_suffix=suffix, created=created):
            yield Event(data, facts)
        if asked.streamed and endpoint.ends_with_done:
            yield Event(b"data: [DONE]\n\n", Facts(ended=True))

    async def close(self) -> None:
        """Nothing is open between requests."""

    async def _answer(self, outgoing: Outgoing) -> Answer:
        total_ms = outgoing.deployment.timeouts.total_ms
        given_up = Flag()
        try:
            async with asyncio.timeout(total_ms / 1000):
                await self._places.acquire()
                working = asyncio.ensure_future(asyncio.to_thread(self._work, outgoing, given_up))
                # A thread cannot be stopped: its place is free when it has ended, not when its caller has left.
                working.add_done_callback(self._freed)
                return await asyncio.shield(working)
        except TimeoutError as error:
            raise UpstreamTimeout("total", total_ms) from error
        finally:
            given_up.set()

    def _freed(self, working: "asyncio.Future[Answer]") -> None:
        self._places.release()
        if not working.cancelled():
            working.exception()  # seen: nobody may be waiting for it any more

    def _work(self, outgoing: Outgoing, given_up: Flag) -> Answer:
        self._vectors.embedder()
        shaped = _request(outgoing)
        try:
            prompt = outgoing.endpoint.prompt(outgoing.asked)
        except RequestError as error:
            raise InhouseCannot(f"The in-house engine cannot read this request: {error.message}") from error
        limit = shaped.limit
        try:
            text = answer(prompt, self._vectors, self._checker, given_up, max_chars=limit and limit * BYTES_PER_TOKEN)
        except Abandoned as error:
            raise InhouseCannot("The in-house engine gave this request up: its caller has left.") from error
        usage = Usage(tokens_in=sum(tokens(message.text) for message in prompt.messages), tokens_out=tokens(text))
        if limit is not None and usage.tokens_out > limit:
            raise InhouseCannot(
                f"The in-house engine's answer has {usage.tokens_out} tokens; the request allows {limit}."
            )
        return Answer(text, usage)


def tokens(text: str) -> int:
    """Count tokens as this engine does (`BYTES_PER_TOKEN`)."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


class _ToolChoice(msgspec.Struct):
    type: str | None = None


@dataclass(frozen=True, slots=True)
class _Shaped:
    limit: int | None


def _request(outgoing: Outgoing) -> _Shaped:
    """Read the shaped body's limit, and refuse what a local engine cannot give. Raises InhouseCannot."""
    if outgoing.method != "POST" or not outgoing.body:
        raise InhouseCannot("The in-house engine stores nothing, so there is nothing to retrieve.")
    asked = outgoing.endpoint.read(outgoing.body)
    for what, is_asked in _EXTRAS.items():
        if is_asked(asked):
            raise InhouseCannot(f"The in-house engine cannot give {what}.")
    return _Shaped(asked.limit)


def _member(asked: Asked, name: str) -> object:
    raw = asked.members.get(name)
    return None if raw is None else msgspec.json.decode(raw)


def _must_use_tools(asked: Asked) -> bool:
    return any(_member(asked, name) not in (None, "auto", "none") for name in ("tool_choice", "function_call"))


_EXTRAS: dict[str, Callable[[Asked], bool]] = {
    "more than one choice": lambda asked: asked.choices > 1,
    "a tool call": _must_use_tools,
    "log probabilities": lambda asked: _member(asked, "logprobs") not in (None, False, 0),
    "audio": lambda asked: "audio" in str(_member(asked, "modalities") or ""),
    "a stored conversation": lambda asked: asked.previous is not None or asked.held_elsewhere,
}
