"""Addresses of machines, IPv4 and IPv6."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from ..reading import Reading
from ..spans import Span

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_V4: Final = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}(?!\.?[\w])", re.ASCII)
_NOBODY: Final = re.compile(r"0\.|127\.|255\.25[0-5]\.|224\.0\.0\.")
"""This machine, masks and everybody."""
_VERSION: Final = re.compile(
    r"(?:version|release|build|firmware|upgrade|update|\bv|\brev|section|abschnitt|kapitel|chapter|ziffer|§)(?:[\s.:\d]|from|to|von|auf|de|à|vers)*$"
)
_CUE: Final = re.compile(r"\bip|server|host|address|adresse|client|\bdns|gateway|ping|from|ssh")
_V6: Final = re.compile(r"[0-9a-fA-F:.]{3,45}")
_V6_CHARACTERS: Final = "0123456789abcdefABCDEF:."
V6_MAX: Final = 45


class IpAddressRecogniser:
    """Finds IP addresses except those that everybody has (`127.0.0.1`, `::1`, net masks); versions are none."""

    types = ("IP_ADDRESS",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        for number in reading.numbers:
            if len(number.runs) >= 4:
                yield from _v4(reading, number.runs)
        if text.count(":") > 1:
            yield from _v6(reading)


def _v4(reading: Reading, runs: list[tuple[int, int]]) -> Iterator[Span]:
    text = reading.text
    for start, end in runs[:-3]:
        if (
            end - start <= 3
            and text[end] == "."
            and not text[start - 1 : start].isalnum()
            and text[start - 1 : start] != "."
        ):
            match = _V4.match(text, start)
            if match and not _NOBODY.match(match[0]) and not _is_version(reading, start, match[0]):
                yield Span(start, match.end(), "IP_ADDRESS", 0.9)


def _is_version(reading: Reading, start: int, written: str) -> bool:
    """Is it the version of a program or the number of a heading: `Chrome/120.0.0.1`, `v1.2.3.4`, `4.2.1.1 Scope`?"""
    if start > 1 and reading.text[start - 1] == "/" and reading.text[start - 2].isalnum():
        return True
    before = reading.before(start)
    return bool(_VERSION.search(before)) or (max(map(len, written.split("."))) == 1 and not _CUE.search(before))


def _v6(reading: Reading) -> Iterator[Span]:
    text, done = reading.text, -1
    at = text.find(":")
    while at >= 0:
        if at > done and (text[at + 1 : at + 2] == ":" or text[at - 1 : at].isalnum()):
            start = at - len(text[max(0, at - 4) : at]) + len(text[max(0, at - 4) : at].rstrip(_V6_CHARACTERS))
            match = _V6.match(text, start, start + V6_MAX)
            if match:
                done = match.end() - 1
                written = match[0].rstrip(".")
                if written.count(":") > 1 and _is_v6(
                    text, start, written.removesuffix(":") if not written.endswith("::") else written
                ):
                    yield Span(start, start + len(written), "IP_ADDRESS", 0.9)
        at = text.find(":", max(at, done) + 1)


def _is_v6(text: str, start: int, written: str) -> bool:
    after = text[start + len(written) : start + len(written) + 1]
    if text[start - 1 : start].isalnum() or after.isalnum() or not any(c.isdigit() for c in written):
        return False
    if sum(map(bool, written.split(":"))) < 2:
        return False  # `::1` is this machine, and `[::2]` every second element
    try:
        IPv6Address(written)
    except AddressValueError:
        return False
    return True
