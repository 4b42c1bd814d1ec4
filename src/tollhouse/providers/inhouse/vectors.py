"""Embeddings, kept: labels and examples come again with every request of a use case."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from operator import mul
from threading import Event, Lock

from tollhouse.ports.embedder import Embedder

MAX_KEPT = 2_048
"""Vectors kept, 3 KB each: all labels and examples of a dozen use cases."""

Vector = Sequence[float]


class Abandoned(Exception):  # not an error: whoever asked has gone
    """The request was given up while its texts were being embedded."""


class Vectors:
    """One per provider. Safe to call from several threads."""

    def __init__(
        self, open_embedder: Callable[[], Embedder], represent: Callable[[str], str], max_kept: int = MAX_KEPT
    ) -> None:
        """`represent` gives the piece of a text that stands for it, short enough for the embedder."""
        self._open = open_embedder
        self._represent = represent
        self._max_kept = max_kept
        self._lock = Lock()
        self._opening = Lock()
        self._embedder: Embedder | None = None
        self._kept: OrderedDict[str, Vector] = OrderedDict()

    def embedder(self) -> Embedder:
        """Load the embedder once. Raises what its factory raises, each time, until it can be loaded."""
        with self._opening:
            if self._embedder is None:
                self._embedder = self._open()
            return self._embedder

    def of(self, texts: Sequence[str], given_up: Event) -> list[Vector]:
        """Return a unit vector a text, in order. Raises Abandoned between two texts once `given_up` is set."""
        return [self._of_one(text, given_up) for text in texts]

    def _of_one(self, text: str, given_up: Event) -> Vector:
        with self._lock:
            if text in self._kept:
                self._kept.move_to_end(text)
                return self._kept[text]
        if given_up.is_set():
            raise Abandoned
        vector = array("d", self.embedder().embed([self._represent(text)])[0])
        with self._lock:
            self._kept[text] = vector
            while len(self._kept) > self._max_kept:
                self._kept.popitem(last=False)
        return vector


def similarity(one: Vector, other: Vector) -> float:
    """Return the cosine of two unit vectors."""
    return float(sum(map(mul, one, other)))


def middle(weighted: Iterable[tuple[Vector, float]]) -> Vector:
    """Return the unit vector in the middle of some, each with its weight. Raises ValueError if there are none."""
    parts = [[weight * number for number in vector] for vector, weight in weighted]
    if not parts:
        raise ValueError("no vectors")
    total = [sum(numbers) for numbers in zip(*parts, strict=True)]
    length = sum(map(mul, total, total)) ** 0.5 or 1.0
    return array("d", [number / length for number in total])
