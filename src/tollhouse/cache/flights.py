"""
Identical questions in the air: one is asked upstream, the others wait for its answer.

Who waits is never worse off for long: if the one that flew ahead fails or leaves, the next one does, and after a few
of those everybody goes alone. Nobody's leaving touches anybody else.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from tollhouse.ports.cache import Place
from tollhouse.ports.clock import Clock

from .kept import Kept

LEADERS_MAX = 2
"""How many that failed one waits for, one after the other, before going alone: an outage must not become a queue."""
ALONE_S = 60.0
"""How long a question whose answer could not be shared is asked by each for itself: waiting for the next is in vain."""
ALONE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Whoever comes when these are full goes alone.

    Args:
        wait_s: for somebody else's answer, as long as a first token may take; its caller may read slowly.
        flights: in the air at once.
        followers: of one flight.
    """

    wait_s: float = 120.0
    flights: int = 10_000
    followers: int = 1_000


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Landing:
    """
    How a flight ended.

    Args:
        kept: the answer, for everybody.
        stale: it is an older one that stands in.
        next_leads: there is none, and another one may try for all.
    """

    kept: Kept | None = None
    stale: bool = False
    next_leads: bool = False


FAILED = Landing(next_leads=True)
NOT_SHARED = Landing()


class Flight:
    """One question under way. `landed` is set once."""

    __slots__ = ("followers", "landed")

    def __init__(self) -> None:
        self.landed: asyncio.Future[Landing] = asyncio.get_running_loop().create_future()
        self.followers = 0


class Flights:
    """All that is in the air in this process."""

    def __init__(self, clock: Clock, limits: Limits = LIMITS) -> None:
        self._clock = clock
        self._limits = limits
        self._flights: dict[Place, Flight] = {}
        self._alone: OrderedDict[Place, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._flights)

    @property
    def waiting(self) -> int:
        """How many calls wait for another one's answer."""
        return sum(flight.followers for flight in self._flights.values())

    def under_way(self, place: Place) -> Flight | None:
        return self._flights.get(place)

    def begin(self, place: Place) -> Flight | None:
        """Fly ahead for all who come; None: go alone."""
        if len(self._flights) >= self._limits.flights or self._goes_alone(place):
            return None
        assert place not in self._flights, "whoever finds a flight follows it"
        flight = self._flights[place] = Flight()
        return flight

    async def follow(self, flight: Flight) -> Landing:
        """Wait for another one's answer. Whoever stops waiting disturbs nobody."""
        if flight.followers >= self._limits.followers:
            return NOT_SHARED
        flight.followers += 1
        try:
            await asyncio.wait({flight.landed}, timeout=self._limits.wait_s)
        finally:
            flight.followers -= 1
        return flight.landed.result() if flight.landed.done() else NOT_SHARED

    def land(self, place: Place, flight: Flight, landing: Landing) -> None:
        """Tell all who wait; only the first word counts."""
        if flight.landed.done():
            return
        del self._flights[place]
        flight.landed.set_result(landing)
        if landing is NOT_SHARED:
            self._alone[place] = self._clock.monotonic() + ALONE_S
            if len(self._alone) > ALONE_MAX:
                self._alone.popitem(last=False)

    def _goes_alone(self, place: Place) -> bool:
        until = self._alone.get(place)
        if until is None:
            return False
        if self._clock.monotonic() < until:
            return True
        del self._alone[place]
        return False
