"""
What a model name stands for: what is said, in what form and pace, and where it breaks.

A behaviour is a value; `staging.py` turns it into bytes on a connection.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from .asked import Asked
from .failures import Failure
from .labels import Labels
from .said import Said


class WrongArguments(ValueError):
    """The parameters behind a model name's colons cannot be read."""


class Arguments(tuple[str, ...]):
    """The parameters of a model name: `sim-429:3:date` has `3` and `date`."""

    __slots__ = ()

    def number(self, position: int, default: int, most: int) -> int:
        """Return a whole number, at most `most`. Raises WrongArguments."""
        text = self.text(position, str(default))
        if not text.isascii() or not text.isdigit() or int(text[:12]) > most:
            raise WrongArguments(f"parameter {position + 1} must be a whole number up to {most}, not {text!r}")
        return int(text)

    def text(self, position: int, default: str) -> str:
        return unquote(self[position]) if position < len(self) and self[position] else default


@dataclass(frozen=True, slots=True)
class Cast:
    """What a model knows besides the request."""

    seed: int
    labels: Labels


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits in milliseconds, and how bytes are cut up when they leave."""

    headers_ms: int = 0
    first_ms: int = 0
    between_ms: int = 0
    piece_bytes: int = 0
    """0: each event in one write. Else the answer leaves in writes of so many bytes…"""
    piece_ms: int = 0
    """…with this wait between them."""


@dataclass(frozen=True, slots=True)
class Spoil:
    """Something bad inside the answer, after so many events with output."""

    kind: Literal["json", "utf8", "error", "padding"]
    after: int = 0
    bytes: int = 0


How = Literal["end", "close", "reset", "stall"]


@dataclass(frozen=True, slots=True)
class Break:
    """
    Where the answer stops, and how.

    `events` counts those with output; a whole (not streamed) body stops in its middle, with `last` before its last
    byte. `torn`: inside an event.
    `end` closes the HTTP body properly, so that nothing but the missing rest tells.
    """

    at: Literal["start", "head", "output", "last"]
    how: How
    bills: Literal["nothing", "made", "all"]
    events: int = 0
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """How the answer is written, where it differs from the usual."""

    usage: Literal["once", "none", "null", "twice"] = "once"
    finish: bool = True
    done: bool = True
    newline: bytes = b"\n"
    multiline: bool = False
    pings: bool = False
    content_type: bytes | None = None
    header_bytes: int = 0
    wrong_chunk: bool = False
    bomb_bytes: int = 0
    closes_after: bool = False
    stale: bool = False
    """The connection is kept, and reset when it is used again."""
    pings_only_ms: int = 0
    """0: an answer. Else comments (or spaces) so far apart, and never an answer."""


@dataclass(frozen=True, slots=True)
class Lie:
    """A right answer that is wrong as HTTP; see `lies.py`."""

    kind: Literal[
        "not-http",
        "short-length",
        "two-lengths",
        "interim",
        "headers",
        "trailing",
        "packed",
        "packed-cut",
        "not-packed",
    ]
    count: int = 1
    encoding: str = "gzip"


Say = Callable[[Asked, Cast], Said]


def echo(asked: Asked, cast: Cast) -> Said:
    return Said(asked.text)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`failure` stands for the whole answer; everything else shapes a real one."""

    say: Say = echo
    form: Form = Form()
    pace: Pace = Pace()
    breaks: Break | None = None
    lie: Lie | None = None
    spoils: Spoil | None = None
    failure: Failure | None = None
    not_streamed: Failure | None = None
    """The answer to a request that is not streamed, where the behaviour makes sense on a stream only."""
    refuses_prefill: bool = False
    over_limit: bool = False
    cached_percent: int = 0
