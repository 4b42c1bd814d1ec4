"""Release: what is held back so that a failure can still fall back, and when it goes out."""

from tollhouse.domain.errors import UpstreamUnusable
from tollhouse.domain.wire import Event


class Hold:
    """
    One attempt's events on their way out: held until the first with output, or (`complete`) until the whole is in hand.

    Once `released`, the caller has a part of this answer and no other may follow.
    """

    __slots__ = ("_bytes", "_complete", "_max_bytes", "_waiting", "released")

    def __init__(self, *, complete: bool, max_bytes: int) -> None:
        self.released = False
        self._complete = complete
        self._max_bytes = max_bytes
        self._waiting: list[Event] = []
        self._bytes = 0

    def add(self, event: Event) -> list[Event]:
        """Return what may go out now. Raises UpstreamUnusable if more than `max_bytes` would have to be held."""
        if self.released:
            return [event]
        self._waiting.append(event)
        self._bytes += len(event.data)
        if self._bytes > self._max_bytes:
            raise UpstreamUnusable(f"The answer is larger than `max_answer_bytes` ({self._max_bytes}).")
        return self.rest() if event.facts.output and not self._complete else []

    def rest(self) -> list[Event]:
        """Return what is held: all of it may go out."""
        self.released = True
        waiting, self._waiting = self._waiting, []
        return waiting
