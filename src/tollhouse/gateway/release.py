"""Release: what is held back so that a failure can still fall back, and when it goes out."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from tollhouse.domain.errors import UpstreamUnusable
from tollhouse.domain.wire import Event


async def held(events: AsyncGenerator[Event, None], *, complete: bool, max_bytes: int) -> AsyncGenerator[Event, None]:
    """
    Yield events, holding them back until the first with output, or (`complete`) until the whole answer is in hand.

    Raises UpstreamUnusable if more than `max_bytes` would have to be held.
    """
    waiting: list[Event] = []
    waiting_bytes = 0
    async with aclosing(events):
        async for event in events:
            waiting.append(event)
            waiting_bytes += len(event.data)
            if waiting_bytes > max_bytes:
                raise UpstreamUnusable(f"The answer is larger than `max_answer_bytes` ({max_bytes}).")
            if event.facts.output and not complete:
                break
        for event in waiting:
            yield event
        waiting.clear()
        async for event in events:
            yield event
