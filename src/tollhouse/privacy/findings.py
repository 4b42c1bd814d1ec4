"""What was found in texts seen before: a conversation sends its history again with every call."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Sequence

from .spans import Span

ENTRY_BYTES = 400
"""What one entry takes besides its spans: digest, links, tuple (measured on CPython 3.11, rounded up)."""
SPAN_BYTES = 160
"""What one span takes: the object, two integers and a float; its type is shared."""


class Findings:
    """
    Spans by the digest of their text, the least recently used dropped first. No text is kept.

    The digest is keyed with a secret of this process, so that one found in a memory dump says nothing about its text.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._key = secrets.token_bytes(32)
        self._spans: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()

    def digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=32).digest()

    def get(self, digest: bytes) -> tuple[Span, ...] | None:
        spans = self._spans.get(digest)
        if spans is not None:
            self._spans.move_to_end(digest)
        return spans

    def keep(self, digest: bytes, spans: Sequence[Span]) -> None:
        """Remember the spans, unless they alone are more than may be kept."""
        known = self._spans.pop(digest, None)
        if known is not None:
            self._bytes -= _bytes(known)
        if _bytes(spans) > self._bytes_max:
            return
        self._spans[digest] = tuple(spans)
        self._bytes += _bytes(spans)
        while self._bytes > self._bytes_max:
            _, dropped = self._spans.popitem(last=False)
            self._bytes -= _bytes(dropped)


def _bytes(spans: Sequence[Span]) -> int:
    return ENTRY_BYTES + SPAN_BYTES * len(spans)
