"""The simulator's own bill: JSON Lines, one request a line, named by what the gateway sent as `X-Client-Request-Id`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from .line import HEAD_BYTES, BillLine, BillUnreadable, check_count, check_text, check_tokens

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Line(msgspec.Struct):
    at: datetime
    request_id: str
    model: str
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    nano_usd: int
    client_request_id: str | None = None


def recognises(data: bytes) -> bool:
    first = data[:HEAD_BYTES].lstrip().partition(b"\n")[0]
    return first.startswith(b"{") and b'"nano_usd"' in first


def read(data: bytes) -> Iterator[BillLine]:
    """Raises BillUnreadable."""
    decoder = msgspec.json.Decoder(_Line)
    for number, text in enumerate(data.split(b"\n"), start=1):
        check_count(number - 1)
        if text.strip():
            try:
                found = decoder.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise BillUnreadable(f"line {number}", str(error)) from None
            yield _line(f"line {number}", found)


def _line(place: str, found: _Line) -> BillLine:
    if found.at.tzinfo is None:
        raise BillUnreadable(place, "`at` must have an offset")
    at_ms = (found.at - EPOCH) // timedelta(milliseconds=1)
    return BillLine(
        place=place,
        from_ms=at_ms,
        to_ms=at_ms,
        model=check_text(place, "model", found.model),
        tokens_in=check_tokens(place, "tokens_in", found.tokens_in),
        tokens_out=check_tokens(place, "tokens_out", found.tokens_out),
        tokens_cached=check_tokens(place, "tokens_cached", found.tokens_cached),
        cost_nanousd=found.nano_usd,
        request=check_text(place, "request_id", found.client_request_id or found.request_id),
    )
