"""URLs that carry a user's name and password."""

import re
from collections.abc import Iterator
from typing import Final

from ..reading import Reading
from ..spans import Span

AUTHORITY_MAX: Final = 512
"""Characters between `//` and the next stroke; longer ones are cut."""
_SCHEME: Final = re.compile(r"[a-z0-9+.-]{1,24}", re.IGNORECASE)
_AUTHORITY: Final = re.compile(rf"[^\s\"'<>`]{{1,{AUTHORITY_MAX}}}")
_REST: Final = re.compile(r"[^\s\"'<>`]{0,1024}")
_NOT_THE_END: Final = ".,;:!?)]}"


class CredentialUrlRecogniser:
    """Finds `scheme://user:password@host/…` and `scheme://token@host/…`, whole; a user named `git` is none."""

    types = ("CREDENTIAL_URL",)

    def find(self, reading: Reading) -> Iterator[Span]:
        text, done = reading.text, 0
        at = text.find("://")
        while at >= 0:
            if at >= done:
                span = _credentials(text, at)
                if span:
                    done = span.end
                    yield span
            at = text.find("://", at + 3)


def _credentials(text: str, at: int) -> Span | None:
    scheme = _SCHEME.match(text[max(0, at - 24) : at][::-1])
    authority = _AUTHORITY.match(text, at + 3)
    if not scheme or not authority:
        return None
    user, sign, host = _userinfo(authority[0]).rpartition("@")
    if not sign or not host or user in ("", "git") or (":" not in user and len(user) < 8):
        return None
    rest = _REST.match(text, authority.end())
    end = rest.end() if rest else authority.end()
    while text[end - 1] in _NOT_THE_END:
        end -= 1
    return Span(at - scheme.end(), end, "CREDENTIAL_URL", 1.0)


def _userinfo(authority: str) -> str:
    """
    Return what stands before the path. A password may hold a stroke where it must not, so an `@` after `user:…/` counts.
    """
    first = re.split(r"[/?#]", authority, maxsplit=1)[0]
    if "@" in first or ":" not in first or first.rpartition(":")[2].isdigit():
        return first
    return authority[: authority.rfind("@") + 2]
