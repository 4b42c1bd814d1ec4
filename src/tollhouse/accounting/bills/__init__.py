"""
Providers' bills, read into lines of one shape. Pure: bytes go in, and a file that is wrong anywhere gives nothing.

One importer a file; a new format is a new file and a row below.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from . import openai_costs, openai_usage, plain, simulator
from .line import BillLine, BillUnreadable

__all__ = ["FORMATS", "MAX_BYTES", "Bill", "BillLine", "BillUnreadable", "read_bill"]

MAX_BYTES = 256 * 2**20
"""Of one file: a million lines of 256 bytes."""
DIGEST_CHARS = 12


@dataclass(frozen=True, slots=True)
class Format:
    """How a file of this format is recognised, and read."""

    recognises: Callable[[bytes], bool]
    read: Callable[[bytes], Iterable[BillLine]]


# The first that recognises a file reads it.
FORMATS: Mapping[str, Format] = {
    "openai-costs": Format(openai_costs.recognises, openai_costs.read),
    "openai-usage": Format(openai_usage.recognises, openai_usage.read),
    "simulator": Format(simulator.recognises, simulator.read),
    "csv": Format(plain.recognises, plain.read),
}


@dataclass(frozen=True, slots=True)
class Bill:
    """One file. `source` names it by its format and the first digits of its SHA-256."""

    name: str
    source: str
    lines: tuple[BillLine, ...]


def read_bill(name: str, data: bytes, format: str | None = None) -> Bill:  # noqa: A002 - the option's name
    """Read a whole file, in a format that is recognised if it is not named. Raises BillUnreadable."""
    if len(data) > MAX_BYTES:
        raise BillUnreadable(name, f"a bill may have {MAX_BYTES // 2**20} MiB; split the file")
    found = format or _recognised(name, data)
    try:
        lines = tuple(FORMATS[found].read(data))
    except BillUnreadable as error:
        raise BillUnreadable(name, str(error)) from None
    return Bill(name, f"{found} {sha256(data).hexdigest()[:DIGEST_CHARS]}", lines)


def _recognised(name: str, data: bytes) -> str:
    found = next((each for each, it in FORMATS.items() if it.recognises(data)), None)
    if found is None:
        raise BillUnreadable(name, f"its format is not recognised; name it with --format: {', '.join(FORMATS)}")
    return found
