"""What would leave of a text: for people who want to see it before they trust it."""

from dataclasses import dataclass

from .detector import Detector
from .masking import Masking
from .spans import Span
from .texts import Text, places, spans_in, written


@dataclass(frozen=True, slots=True)
class Scanned:
    """Where personal data stands in a text, and the text as it would leave."""

    spans: list[Span]
    masked: str


def scan(text: str, detector: Detector, masking: Masking) -> Scanned:
    """Look through one text, as a call's would be. Raises DetectorFailed."""
    read = Text(text)
    in_view = detector.find(read.view)
    in_text = detector.find(text) if read.is_prose_with_escapes else []
    return _scanned(read, in_text, in_view, masking)


async def scan_between_others(text: str, detector: Detector, masking: Masking) -> Scanned:
    """Do as `scan`, and let others run meanwhile."""
    read = Text(text)
    in_view = await detector.examine(read.view)
    in_text = await detector.examine(text) if read.is_prose_with_escapes else []
    return _scanned(read, in_text, in_view, masking)


def _scanned(read: Text, in_text: list[Span], in_view: list[Span], masking: Masking) -> Scanned:
    found = places(read, in_text, in_view)
    masked = written(read.text, found, lambda kind, value: f"<{masking.name(kind, value)}>")
    return Scanned(spans_in(read, in_text, in_view), masked)
