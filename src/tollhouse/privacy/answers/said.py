"""The texts of an answer, whole or streamed, each with its place: what output guardrails look at."""

from tollhouse.domain.sse import data_of

from .choices import DONE, FLOWING, WORDS
from .responses import DELTA, SOUND
from .whole import OPAQUE, decoded

Path = tuple[str | int, ...]

TEXTS = FLOWING | {"url", "code", "query"}
"""Members that hold what a model says, its tools' arguments and what it cites."""
NO_TEXT = WORDS | OPAQUE | {"object", "model", "usage", "tollhouse"}
CHOICES, RESPONSE, OUTPUT = "choices", "response", "output"
SAID_IN = frozenset(("delta", "message"))
"""Where a choice says something: streamed or not, a text of it has the same place without them."""


class Said:
    """
    Collects what an answer says, event by event.

    A stream's pieces are put together where they belong, so that a text has the same place and the same characters
    as in an answer that is not streamed.
    """

    def __init__(self, *, streamed: bool) -> None:
        self._streamed = streamed
        self._pieces: dict[Path, list[str]] = {}

    def add(self, event: bytes) -> None:
        """Take an event, or the whole body. Raises UpstreamUnusable."""
        data = data_of(event) if self._streamed else event
        if not data.strip() or data.strip() == DONE:
            return
        value = decoded(data)
        if not isinstance(value, dict):
            return
        if CHOICES in value:
            self._value(value[CHOICES], (CHOICES,))
        elif OUTPUT in value:
            self._value(value[OUTPUT], (OUTPUT,))
        elif isinstance(response := value.get(RESPONSE), dict):
            self._value(response.get(OUTPUT), (OUTPUT,))
        else:
            self._delta(value)

    def texts(self) -> list[tuple[str, str]]:
        """Return (place, text) of all that was said; what a stream says in pieces and again as a whole is there once."""
        places = {"".join(pieces): _shown(path) for path, pieces in self._pieces.items()}
        return [(place, text) for text, place in places.items() if text]

    def _delta(self, event: dict[str, object]) -> None:
        """An event of `/v1/responses` that brings a piece of a text."""
        kind, piece = event.get("type"), event.get("delta")
        if isinstance(kind, str) and isinstance(piece, str) and kind.endswith(DELTA) and kind != SOUND:
            indexes = (event.get(name) for name in ("output_index", "content_index", "summary_index"))
            place = tuple(each for each in indexes if isinstance(each, int))
            self._pieces.setdefault((kind.removesuffix(DELTA), *place), []).append(piece)

    def _value(self, value: object, path: Path) -> None:
        if isinstance(value, dict):
            for name, below in value.items():
                if name not in NO_TEXT:
                    self._value(below, path if name in SAID_IN else (*path, name))
        elif isinstance(value, list):
            for at, item in enumerate(value):
                index = item.get("index") if isinstance(item, dict) else None
                self._value(item, (*path, index if isinstance(index, int) else at))
        elif isinstance(value, str) and path[-1] in TEXTS:
            if self._streamed and path[0] == CHOICES and path[-1] in FLOWING:
                self._pieces.setdefault(path, []).append(value)
            else:
                self._pieces[path] = [value]


def _shown(path: Path) -> str:
    return str(path[0]) + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path[1:])
