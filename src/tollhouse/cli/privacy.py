"""`tollhouse privacy scan`: what of a file would leave, line by line. It needs no configuration and sends nothing."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tollhouse.domain.errors import OperatorError

from .exit import WrongUsage, reporting, say
from .objects import AsJson

if TYPE_CHECKING:
    from typing import TextIO

    from tollhouse.privacy.detector import Detector
    from tollhouse.privacy.scan import Scanned

STDIN = Path("-")


@reporting()
def scan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="UTF-8 text; `-` reads standard input.")],
    *,
    also: Annotated[
        list[str] | None, typer.Option(metavar="TYPE", help="Look for this type besides. Repeat for several.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a file as it would leave under `privacy: {mode: mask}`, or where personal data stands in it."""
    found: Counter[str] = Counter()
    lines = 0
    for scanned in _scanned(file, _detector(also or [])):
        found.update(span.type for span in scanned.spans)
        lines += 1
        sys.stdout.write(_json_line(scanned) if as_json else f"{scanned.masked}\n")
    sys.stdout.flush()
    told = ", ".join(f"{count} {kind}" for kind, count in found.most_common())
    say(f"{lines} lines; {told or 'no personal data found'}.")


def _detector(also: list[str]) -> "Detector":
    from tollhouse.privacy.detector import Detector
    from tollhouse.privacy.recognisers import load

    try:
        return Detector(load(), also=also)
    except ValueError as error:
        raise WrongUsage(f"--also: {error}") from None


def _scanned(file: Path, detector: "Detector") -> "Iterator[Scanned]":
    """Look through line by line; the same value has the same placeholder in all of them."""
    from tollhouse.privacy.masking import Masking
    from tollhouse.privacy.scan import scan as scan_text

    masking = Masking()
    with _opened(file) as text:
        try:
            for line in text:
                yield scan_text(line.removesuffix("\n"), detector, masking)
        except UnicodeDecodeError as error:
            raise OperatorError(
                f"{file} is not UTF-8: {error.reason}. Convert it first, for example with iconv."
            ) from None


@contextmanager
def _opened(file: Path) -> "Iterator[TextIO]":
    """A line ends with a line feed and nothing else, so that offsets are those of everybody who splits at it."""
    if file == STDIN:
        sys.stdin.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
        yield sys.stdin
    else:
        with file.open(encoding="utf-8", newline="\n") as text:
            yield text


def _json_line(scanned: "Scanned") -> str:
    from msgspec.json import encode

    from tollhouse.web.render import span_json

    return encode({"spans": [span_json(span) for span in scanned.spans]}).decode() + "\n"
