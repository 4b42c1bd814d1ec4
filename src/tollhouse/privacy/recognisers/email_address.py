"""E-mail addresses, also those that hide their `@`."""

import re
from collections.abc import Iterator
from typing import Final

from ..reading import Reading
from ..spans import Span

LOCAL_MAX: Final = 64
"""Characters before the @ (RFC 5321, 4.5.3.1.1)."""

_LOCAL: Final = re.compile(r"""[\w%+'’.~-]+|"[^"\n]+\"""")
"""
Of the local part, read backwards. Quoted, it may hold spaces. Of the signs that RFC 5322 allows besides, nobody's address
has one, and in `mail=ann@example.com` they belong to what surrounds it.
"""
_LEADING: Final = "%+'’.~-"
_DOMAIN: Final = re.compile(
    r"(?:\w(?:[\w-]{0,61}\w)?\.){1,8}(?:xn--[\w-]{2,40}|[^\W\d_]{2,24})|\[[0-9a-fA-F:.]{3,45}\]"
)
_FILES: Final = frozenset(
    ("png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "js", "css", "ts", "html", "json", "md", "py")
)
"""`icon@2x.png` is a file."""
_HIDDEN_AT: Final = re.compile(r"\s?[(\[{<]\s?(?:at|ät|arobase)\s?[)\]}>]\s?", re.IGNORECASE)
_HIDDEN_DOMAIN: Final = re.compile(
    r"[\w-]{1,63}(?:(?:\s?[(\[{<]\s?(?:dot|punkt|point)\s?[)\]}>]\s?|\.)[\w-]{1,63}){1,6}", re.IGNORECASE
)
_HIDDEN_SIGNS: Final = ("(at", "( at", "[at", "[ at", "{at", "<at>", "(ät", "[ät", "arobase")


class EmailRecogniser:
    """Finds e-mail addresses: `ann@example.com`, `ann%40example.com`, `ann [at] example [dot] com`."""

    types = ("EMAIL_ADDRESS",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text = reading.text
        if "@" in text:
            yield from _around(text, "@")
        if "%40" in text:
            yield from _around(text, "%40")
        if ("(" in text or "[" in text or "{" in text or "<" in text) and any(
            s in reading.lower for s in _HIDDEN_SIGNS
        ):
            yield from _hidden(text)


def _around(text: str, sign: str) -> Iterator[Span]:
    at = text.find(sign)
    while at >= 0:
        domain = _DOMAIN.match(text, at + len(sign))
        if domain and domain[0].rpartition(".")[2].lower() not in _FILES:
            start = _local_start(text, at)
            if start < at and not _is_remote(text, start, at, domain.end()):
                yield Span(start, domain.end(), "EMAIL_ADDRESS", 1.0)
        at = text.find(sign, at + 1)


def _local_start(text: str, at: int) -> int:
    backwards = text[max(0, at - LOCAL_MAX) : at][::-1]
    local = _LOCAL.match(backwards)
    if not local:
        return at
    return at - len(local[0].rstrip(_LEADING))


def _is_remote(text: str, start: int, at: int, end: int) -> bool:
    """Is it where a repository is (`git@example.com:group/project`)?"""
    return text[start:at] == "git" and text[end : end + 1] in (":", "/")


def _hidden(text: str) -> Iterator[Span]:
    for sign in _HIDDEN_AT.finditer(text):
        domain = _HIDDEN_DOMAIN.match(text, sign.end())
        start = _local_start(text, sign.start())
        if domain and start < sign.start():
            yield Span(start, domain.end(), "EMAIL_ADDRESS", 0.9)
