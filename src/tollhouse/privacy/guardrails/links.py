"""
Links and images in an answer that lead to a host nobody listed.

An image is fetched as soon as it is shown, and its address can carry what the model knows; a link needs one click.
"""

import html
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from .verdict import NO_QUESTION, Hit, Question

HOST_MAX = 255
"""Characters of a host's name, by DNS."""

_HOST = r"[^\s\\/?#<>\"'`)\]}|,;]"
ADDRESS = re.compile(
    rf"(?P<scheme>https?|ftps?|sftp|wss?|smb|file|gopher|javascript|vbscript):[\\/]{{0,4}}(?P<host>\[[0-9a-f:.]{{2,45}}\](?::\d+)?|{_HOST}*)"
    rf"|(?<![\w.\\/])[\\/]{{2}}(?P<bare>{_HOST}+\.{_HOST}+)"
    rf"|(?<![\w@.\-/])(?P<www>www\.{_HOST}+)",
    re.IGNORECASE,
)
"""With a scheme (browsers read `https:host` too), after one we do not know or none (`//host`), or as people write it."""

RUNNING = frozenset(("javascript", "vbscript"))

NAME = re.compile(rf"[\w.\-。]{{1,{HOST_MAX}}}")

IMAGE_BEFORE = re.compile(
    r"!\[[^\]\n]{0,500}\]\(\s{0,5}<?$"  # ![text](address)
    r"|<(?:img|image|source|video|audio|iframe|embed|object|link|script|input|track|svg|use|body|table|td)\b[^<>]{0,500}$"
    r"|\burl\(\s{0,5}[\"']?$"
    r"|@import\s{1,5}[\"']?$"
    r"|\b(?:src|srcset|poster|background)\s{0,5}=\s{0,5}[\"']?$",
    re.IGNORECASE,
)
BEFORE_MAX = 600
"""Characters looked at before an address, to tell an image from a link."""

DEFINITION = re.compile(r"^ {0,3}\[([^\]\n]{1,200})\]:\s{0,5}<?$")
IMAGE_REFERENCE = re.compile(r"!\[([^\]\n]{0,200})\](?:\[([^\]\n]{0,200})\])?")


class Links:
    """
    Finds `image` and `link` to a host that is not listed, and `script` (`javascript:`). The place is the host's.

    What carries its content itself (`data:`) leads nowhere and is let through, as are `mailto:` and `tel:`.
    """

    reads_pieces = True
    is_slow = False

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        """`hosts`: names that may be linked to; `*.example.com` stands for every name below it."""
        self._hosts = frozenset(host.lower().rstrip(".") for host in hosts if not host.startswith("*."))
        self._above = tuple(host[1:].lower().rstrip(".") for host in hosts if host.startswith("*."))

    def hits(self, text: str, question: Question = NO_QUESTION) -> Iterator[Hit]:
        pictured: frozenset[str] | None = None
        for found in ADDRESS.finditer(text):
            start, end = found.span(found.lastgroup or 0)
            if (found["scheme"] or "").lower() in RUNNING:
                yield Hit("script", *found.span())
            elif start < end and not self._is_listed(text[start:end]):
                pictured = _pictured(text) if pictured is None else pictured
                yield Hit("image" if _is_image(text, found.start(), pictured) else "link", start, end)

    def _is_listed(self, written: str) -> bool:
        host = _host(written)
        return host in self._hosts or host.endswith(self._above or ("\0",))


def _host(written: str) -> str:
    """Return the host of `user@host:port` as a browser reads it: what stands before an `@` is never the host."""
    plain = unquote(html.unescape(written)).rpartition("@")[2].lower()
    if plain.startswith("["):
        return plain.partition("]")[0][1:]
    name = plain.partition(":")[0].rstrip(".*_~")
    if not NAME.fullmatch(name):
        return ""  # no browser takes it for a host; nor is it on any list
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return ""


def _pictured(text: str) -> frozenset[str]:
    """Return the names of references that images use: `![x][name]`."""
    return frozenset((found[2] or found[1]).casefold() for found in IMAGE_REFERENCE.finditer(text))


def _is_image(text: str, start: int, pictured: frozenset[str]) -> bool:
    before = text[max(0, start - BEFORE_MAX) : start]
    if _opens_image(before):
        return True
    line = before.rpartition("\n")[2]
    definition = DEFINITION.search(line)
    return definition is not None and definition[1].casefold() in pictured


def _opens_image(before: str) -> bool:
    """Search from the last sign that may open an image, not from everywhere."""
    for sign in ("![", "<", "url(", "URL(", "@", "="):
        at = before.rfind(sign)
        if at >= 0 and IMAGE_BEFORE.search(before, max(0, at - 12)):
            return True
    return False
