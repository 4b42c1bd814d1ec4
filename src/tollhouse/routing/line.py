"""
Calls that wait for room at one deployment, in their order: the one file of routing that waits.

Nobody is let in who would wait in vain: only while room is expected in time. Room comes when an attempt ends, or with
time; whoever is first takes it.
"""

import asyncio
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .capacity import UNKNOWN_S
from .queue import Place
from .upstream import Passed, Seat, Upstream, Why, Wish

LOOK_S = 0.001
"""What is due is looked at a moment later, so that it is there by then."""


@dataclass(slots=True, eq=False)
class Waiter:
    place: Place
    wish: Wish
    passed: Passed
    found: "asyncio.Future[Seat | Passed]"

    def tell(self, found: Seat | Passed) -> None:
        if not self.found.done():
            self.found.set_result(found)


class Line:
    """One deployment's."""

    def __init__(self, upstream: Upstream) -> None:
        self.waiters: list[Waiter] = []
        self._upstream = upstream
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, place: Place, wish: Wish, passed: Passed, limit_s: float) -> Seat | Passed:
        """
        Wait for a seat, at most so long; return at once why not if none is expected in time.

        Args:
            passed: why there is none now.
        """
        expected_s = self._expected_s(place, wish, passed)
        if expected_s > limit_s:
            return replace(passed, wait_s=expected_s)
        waiter = Waiter(place, wish, passed, asyncio.get_running_loop().create_future())
        place.on_shed = lambda: waiter.tell(Passed(Why.SHED))
        insort(self.waiters, waiter, key=lambda each: each.place.order)
        self.pump()
        try:
            return await self._found(waiter, limit_s)
        finally:
            self._leave(waiter)

    async def _found(self, waiter: Waiter, limit_s: float) -> Seat | Passed:
        try:
            done, _ = await asyncio.wait({waiter.found}, timeout=limit_s)
        except asyncio.CancelledError as cancelled:
            if waiter.found.done() and isinstance(seat := waiter.found.result(), Seat):
                seat.tokens_used = 0
                seat.close(cancelled)
            raise
        return (
            waiter.found.result()
            if done
            else replace(waiter.passed, wait_s=self._upstream.wait_s(waiter.wish, self._upstream.clock.monotonic()))
        )

    def pump(self) -> None:
        """Give seats to whoever is first, as long as there are any. If none can be expected any more, all may go."""
        now = self._upstream.clock.monotonic()
        while self.waiters:
            if self.waiters[0].found.done():  # it gave up, and has not come to leave yet
                self.waiters.pop(0)
                continue
            found = self._upstream.take_now(self.waiters[0].wish, now)
            if isinstance(found, Seat):
                self.waiters.pop(0).tell(found)
            elif found.why is Why.OPEN:
                for waiter in self.waiters:
                    waiter.tell(found)
                self.waiters.clear()
            else:
                self._look_again(found.wait_s)
                break

    def _look_again(self, wait_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wait_s < UNKNOWN_S:
            self._timer = asyncio.get_running_loop().call_later(wait_s + LOOK_S, self.pump)

    def _leave(self, waiter: Waiter) -> None:
        if waiter in self.waiters:
            self.waiters.remove(waiter)
            self.pump()
        if not self.waiters and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expected_s(self, place: Place, wish: Wish, passed: Passed) -> float:
        """Return how long this call would wait. Where only an end makes room, the pace of late says; at first nobody knows."""
        ahead: Sequence[Waiter] = [waiter for waiter in self.waiters if waiter.place.order < place.order]
        upstream, now = self._upstream, self._upstream.clock.monotonic()
        told_s = upstream.wait_s(wish, now, ahead=len(ahead), tokens_ahead=sum(waiter.wish.tokens for waiter in ahead))
        if told_s < UNKNOWN_S:
            return max(told_s, passed.wait_s if passed.wait_s < UNKNOWN_S else 0.0)
        places = upstream.capacity.places if upstream.capacity is not None else None
        return (len(ahead) + 1) * upstream.pace_s / (places or 1)
