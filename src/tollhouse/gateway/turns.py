"""
Calls that wait for their own rate or concurrency, before they enter: in turn, in their use case's bounded queue.

Calls under the same limits stand in one lane. The first of a lane tries whenever something may have changed: when its
time has come, or a call has ended. Who would wait in vain is refused at once.
"""

import asyncio
from bisect import insort
from dataclasses import dataclass, field

from tollhouse.admission.admission import Admission, Admitted
from tollhouse.admission.rates import RatePath, Ticket
from tollhouse.domain.errors import RateLimited
from tollhouse.ports.clock import Clock
from tollhouse.routing.queue import Place, Queues

LOOK_S = 0.25
"""What other processes give back is not told here, so the first looks this often."""


@dataclass(slots=True, eq=False)
class _Turn:
    place: Place
    come: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """Of every use case in this process."""

    def __init__(self, admission: Admission, queues: Queues, clock: Clock) -> None:
        self._admission = admission
        self._queues = queues
        self._clock = clock
        self._lanes: dict[RatePath, list[_Turn]] = {}

    def has_lane(self, path: RatePath) -> bool:
        """Does anybody wait under these limits? Then nobody overtakes."""
        return bool(self._lanes) and path in self._lanes

    async def wait(self, admitted: Admitted, tokens: int, refused: RateLimited | None, *, is_batch: bool) -> Ticket:
        """Wait for a place under the call's limits, as its use case allows. Raises RateLimited, as first or last refused."""
        policy = admitted.use_case.queue
        assert policy is not None, "only a use case with a queue waits"
        place = self._queues.of(admitted.use_case.name).join(policy, is_batch=is_batch)
        if place is None:
            raise refused or RateLimited("The queue of this use case is full.")
        turn = _Turn(place)
        place.on_shed = turn.come.set
        lane = self._lanes.setdefault(admitted.rates, [])
        insort(lane, turn, key=lambda each: each.place.order)
        try:
            return await self._stand(turn, lane, admitted, tokens, refused, policy.max_wait_ms / 1000)
        finally:
            self._leave(turn, lane, admitted.rates)

    def freed(self) -> None:
        """A call has ended somewhere: whoever is first anywhere may try."""
        for lane in self._lanes.values():
            lane[0].come.set()

    async def _stand(
        self,
        turn: _Turn,
        lane: list[_Turn],
        admitted: Admitted,
        tokens: int,
        refused: RateLimited | None,
        limit_s: float,
    ) -> Ticket:
        until = self._clock.monotonic() + limit_s
        while True:
            turn.come.clear()
            if lane[0] is turn:
                try:
                    return await self._admission.enter(admitted, tokens)
                except RateLimited as error:
                    refused = error
            left_s = until - self._clock.monotonic()
            if (
                turn.place.is_shed
                or left_s <= 0
                or (refused and _expected_s(refused, lane.index(turn), tokens) > left_s)
            ):
                raise refused or RateLimited("No place under the rate came in time.", retry_after_ms=1_000)
            await self._pause(turn, min(left_s, _next_look_s(refused)))

    async def _pause(self, turn: _Turn, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await turn.come.wait()
        except TimeoutError:
            return

    def _leave(self, turn: _Turn, lane: list[_Turn], path: RatePath) -> None:
        turn.place.leave()
        lane.remove(turn)
        if lane:
            lane[0].come.set()
        else:
            del self._lanes[path]


def _expected_s(refused: RateLimited, ahead: int, tokens: int) -> float:
    """Return how long a call would wait behind so many like it. When a running call ends, nobody knows."""
    if refused.lacks == "concurrency":
        return 0.0
    state = refused.states.get(refused.lacks)
    each_s = 0.0 if state is None else 60.0 * (1 if refused.lacks == "requests" else tokens) / state.limit
    return (refused.retry_after_ms or 0) / 1000 + ahead * each_s


def _next_look_s(refused: RateLimited | None) -> float:
    if refused is None or refused.lacks == "concurrency" or refused.retry_after_ms is None:
        return LOOK_S
    return min(LOOK_S, max(refused.retry_after_ms, 1) / 1000)
