"""Answers that come compressed though we ask for none: unpacked a piece at a time, never a bomb at once. Pure."""

import zlib

from tollhouse.domain.errors import UpstreamUnusable

UNPACKED_MAX_BYTES = 65_536
"""What one piece may become at a time; the rest stays packed until it is asked for."""

_GZIP = zlib.MAX_WBITS | 16
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_PLAIN = ("", "identity")
_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}


def unpacker(encoding: str) -> "Unpacker | None":
    """Return what unpacks a content-encoding, None for one that changes nothing. Raises UpstreamUnusable."""
    encoding = encoding.strip().lower()
    if encoding in _PLAIN:
        return None
    if encoding not in _WINDOWS:
        raise UpstreamUnusable(f"The provider's answer is packed as {encoding[:32]!r}, which we never ask for.")
    return Unpacker(encoding)


class Unpacker:
    """Takes packed pieces, gives back at most UNPACKED_MAX_BYTES at a time."""

    __slots__ = ("_encoding", "_inflater", "_is_started", "_packed")

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._inflater = zlib.decompressobj(_WINDOWS[encoding])
        self._is_started = False
        self._packed = b""

    def feed(self, packed: bytes) -> None:
        self._packed += packed

    def take(self) -> bytes:
        """Return what can be unpacked now; b"" if more must come. Raises UpstreamUnusable."""
        if self._inflater.eof:
            if self._packed:
                raise UpstreamUnusable(f"The provider's {self._encoding} answer goes on after its end.")
            return b""
        if not self._is_started and self._packed:
            self._start()
        try:
            data = self._inflater.decompress(self._packed, UNPACKED_MAX_BYTES)
        except zlib.error as error:
            raise UpstreamUnusable(f"The provider's answer is not {self._encoding}, though it says so.") from error
        self._packed = self._inflater.unconsumed_tail or self._inflater.unused_data
        return data

    def finish(self) -> None:
        """The packed bytes have ended. Raises UpstreamUnusable if what they held has not; nothing at all is well."""
        if self._is_started and not self._inflater.eof:
            raise UpstreamUnusable(f"The provider's {self._encoding} answer stops before its end.")

    def _start(self) -> None:
        """Some servers send `deflate` without zlib's two bytes of head (RFC 9110 section 8.4.1.2)."""
        self._is_started = True
        if self._encoding == "deflate" and self._packed[0] & 0x0F != zlib.DEFLATED:
            self._inflater = zlib.decompressobj(_RAW)
