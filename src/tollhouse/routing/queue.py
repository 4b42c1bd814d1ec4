"""
Places for calls that wait for room: each use case has a bounded number of them in this process, whatever they wait for.

A full queue takes nobody in, but a call that somebody waits for may have the place of one that can come later: the
batch call that came last is shed.
"""

from collections.abc import Callable
from itertools import count

from tollhouse.domain.governance import QueuePolicy


def _nothing() -> None: ...


class Place:
    """
    One call's place.

    Args:
        order: who goes first: interactive before batch, then whoever came first.
        on_shed: whoever waits with it is told here that it lost it.
    """

    __slots__ = ("is_batch", "is_shed", "on_shed", "order", "queue")

    def __init__(self, queue: "Queue", order: tuple[bool, int], *, is_batch: bool) -> None:
        self.queue = queue
        self.order = order
        self.is_batch = is_batch
        self.is_shed = False
        self.on_shed: Callable[[], None] = _nothing

    def leave(self) -> None:
        """A second time changes nothing."""
        self.queue.places.discard(self)


class Queue:
    """One use case's places."""

    __slots__ = ("_serial", "places", "shed")

    def __init__(self, serial: Callable[[], int]) -> None:
        self.places: set[Place] = set()
        self.shed = 0
        self._serial = serial

    def join(self, policy: QueuePolicy, *, is_batch: bool) -> Place | None:
        """Return a place, or None if there is none."""
        if len(self.places) >= policy.max_length and (is_batch or not self._shed_one()):
            return None
        place = Place(self, (is_batch, self._serial()), is_batch=is_batch)
        self.places.add(place)
        return place

    def _shed_one(self) -> bool:
        last = max((place for place in self.places if place.is_batch), key=lambda place: place.order, default=None)
        if last is None:
            return False
        last.leave()
        last.is_shed = True
        self.shed += 1
        last.on_shed()
        return True


class Queues:
    """Every use case's queue, by its name."""

    def __init__(self) -> None:
        self._queues: dict[str, Queue] = {}
        self._serial = count().__next__

    def of(self, use_case: str) -> Queue:
        found = self._queues.get(use_case)
        if found is None:
            found = self._queues[use_case] = Queue(self._serial)
        return found

    @property
    def waiting(self) -> int:
        return sum(len(queue.places) for queue in self._queues.values())

    @property
    def shed(self) -> int:
        return sum(queue.shed for queue in self._queues.values())
