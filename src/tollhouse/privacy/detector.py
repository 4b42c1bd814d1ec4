"""
All recognisers over one text: where personal data stands in it.

Masking, the scan and the guardrails ask here. It fails closed: what cannot be examined, or not in time, raises
DetectorFailed, and the call it belongs to is refused.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tollhouse.domain.errors import DetectorFailed

from .findings import Findings
from .reading import Reading, Whole
from .recogniser import Recogniser
from .recognisers import on_request
from .recognisers.patterns import Patterns
from .spans import Span, settle

PIECE = 4096
"""Characters between two turns of the event loop: dense data costs 0.4 us a character, so others wait 2 ms at most."""
MARGIN = 512
"""Characters read beyond a piece on either side. No cue stands farther from its value, and few values are longer."""
SPAN_MAX = 16_384
"""A value that is longer is cut here into several; the longest we know are private keys (RSA of 16,384 bits: 12,700)."""
TIME_MAX_MS = 10_000
"""Of work on one text, others' turns left out: the largest body there may be (25 MiB), dense with data, needs as much."""
CACHE_BYTES_MAX = 8 * 2**20
"""Of findings kept in memory: about 20,000 messages with a dozen values each."""
SIGNS = (
    "Mr John Smith, 12 Main Street, SW1A 1AA London, born 1980-04-03, +41 44 668 18 00, a@example.com, VAT DE136695976"
)
"""A text with a sign of everything that makes a recogniser load its tables."""


class Detector:
    """
    Finds personal data of all kinds that a policy asks for.

    Args:
        recognisers: asked always; `recognisers.load()` makes them, once for all detectors.
        also: types asked for besides, of `recognisers.ON_REQUEST`. Raises ValueError for another.
        patterns: the customer's own, by name; raises PatternRefused for one that has no linear-time matcher.
        time_max_ms: of work on one text; more raises DetectorFailed.
        clock: in seconds; whose zero does not matter.
    """

    def __init__(
        self,
        recognisers: Sequence[Recogniser],
        *,
        also: Collection[str] = (),
        patterns: Mapping[str, str] | None = None,
        time_max_ms: int = TIME_MAX_MS,
        cache_bytes_max: int = CACHE_BYTES_MAX,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        own = (Patterns(patterns),) if patterns else ()
        self._recognisers = (*recognisers, *on_request(also), *own)
        self._findings = Findings(cache_bytes_max)
        self._time_max_ms = time_max_ms
        self._clock = clock

    @property
    def types(self) -> frozenset[str]:
        """The types that its spans can have."""
        return frozenset(kind for recogniser in self._recognisers for kind in recogniser.types)

    def warm(self) -> None:
        """
        Let every recogniser load its tables now, which takes a good part of a second: no call shall wait for it.

        One that fails is not reported here: it refuses each call that needs it, and calls that need none go on.
        """
        for recogniser in self._recognisers:
            with suppress(DetectorFailed):
                _all_of(recogniser, Reading(SIGNS))

    def find(self, text: str) -> list[Span]:
        """Return where personal data stands, in order and without overlaps. Raises DetectorFailed."""
        return settle(span for found in self._by_piece(text) for span in found)

    async def examine(self, text: str) -> list[Span]:
        """Do as `find`, remember the answer for the next time, and let others run every PIECE characters."""
        digest = self._findings.digest(text)
        known = self._findings.get(digest)
        if known is not None:
            return list(known)
        found: list[Span] = []
        for number, spans in enumerate(self._by_piece(text)):
            if number:
                await asyncio.sleep(0)
            found.extend(spans)
        settled = settle(found)
        self._findings.keep(digest, settled)
        return settled

    def _by_piece(self, text: str) -> Iterator[list[Span]]:
        worked, whole = 0.0, Whole(text)
        for piece in _pieces(text):
            began = self._clock()
            spans = list(self._starting_in(piece, text, whole))
            worked += self._clock() - began
            if worked * 1000 > self._time_max_ms:
                raise DetectorFailed(f"Looking for personal data took longer than {self._time_max_ms} ms.")
            yield spans

    def _starting_in(self, piece: "_Piece", text: str, whole: Whole) -> Iterable[Span]:
        """Return the spans that start in the piece, read with its margins: others are its neighbours' to give."""
        spans = [span for span in self._read(piece, text, whole) if piece.start <= span.start < piece.end]
        while piece.read_to < len(text) and piece.margin < SPAN_MAX and any(s.end == piece.read_to for s in spans):
            piece = piece.reading_on(len(text))  # a value is cut off where the margin ends
            spans = [span for span in self._read(piece, text, whole) if piece.start <= span.start < piece.end]
        return spans

    def _read(self, piece: "_Piece", text: str, whole: Whole) -> Iterator[Span]:
        shift = piece.read_from
        reading = Reading(text[shift : piece.read_to], whole)
        for recogniser in self._recognisers:
            for span in _all_of(recogniser, reading):
                yield Span(span.start + shift, span.end + shift, span.type, span.score) if shift else span


def _all_of(recogniser: Recogniser, reading: Reading) -> list[Span]:
    try:
        return list(recogniser.find(reading))
    except Exception as error:  # noqa: BLE001  whatever it is, the text was not examined
        # Neither its message nor its cause may be passed on: both may quote the text.
        kinds = ", ".join(recogniser.types)
        raise DetectorFailed(f"The recogniser of {kinds} failed ({type(error).__name__}).") from None


@dataclass(frozen=True, slots=True)
class _Piece:
    """The characters from `start` to `end`, and how far to both sides of them is read."""

    start: int
    end: int
    read_from: int
    read_to: int

    @property
    def margin(self) -> int:
        return self.read_to - self.end

    def reading_on(self, length: int) -> "_Piece":
        return _Piece(self.start, self.end, self.read_from, min(length, self.end + 2 * self.margin))


def _pieces(text: str) -> Iterator[_Piece]:
    length = len(text)
    if length <= PIECE + MARGIN:
        yield _Piece(0, length, 0, length)
        return
    for start in range(0, length, PIECE):
        end = min(start + PIECE, length)
        yield _Piece(start, end, max(0, start - MARGIN), min(length, end + MARGIN))
