"""
A plain CSV, for any other provider: `request_id,from,to,model,tokens_in,tokens_out,tokens_cached,cost_usd`.

Columns may stand in any order; `from`, and tokens or cost, are needed. A row with a `request_id` is that request's, and
needs no `to`; one without is a bucket, and without a `model` of all models. Times are RFC 3339 with an offset.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from .line import (
    HEAD_BYTES,
    BillLine,
    BillUnreadable,
    check_count,
    check_span,
    check_text,
    check_tokens,
    nano_of,
    usd_of,
)

COLUMNS = ("request_id", "from", "to", "model", "tokens_in", "tokens_out", "tokens_cached", "cost_usd")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = Mapping[str, str]


def recognises(data: bytes) -> bool:
    first = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    names = {name.strip().strip('"') for name in first.decode("utf-8", "replace").split(",")}
    return "from" in names and names <= set(COLUMNS)


def read(data: bytes) -> Iterator[BillLine]:
    """Raises BillUnreadable."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BillUnreadable(f"byte {error.start}", "it is not UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(next(reader, []))
        for count, values in enumerate(reader, start=1):
            check_count(count)
            if values:
                yield _line(f"line {reader.line_num}", columns, values)
    except csv.Error as error:
        raise BillUnreadable(f"line {reader.line_num}", f"it is not CSV: {error}") from None


def _columns(header: Sequence[str]) -> list[str]:
    names = [name.strip() for name in header]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise BillUnreadable("line 1", f"there is no column {unknown[0][:40]!r}; there are {', '.join(COLUMNS)}")
    if len(set(names)) < len(names):
        raise BillUnreadable("line 1", "a column is there twice")
    if "from" not in names:
        raise BillUnreadable("line 1", "the column `from` is missing")
    return names


def _line(place: str, columns: Sequence[str], values: Sequence[str]) -> BillLine:
    if len(values) != len(columns):
        raise BillUnreadable(place, f"it has {len(values)} values for {len(columns)} columns")
    row = {name: value.strip() for name, value in zip(columns, values, strict=True) if value.strip()}
    request = row.get("request_id")
    from_ms, to_ms = _span(place, row, is_request=request is not None)
    tokens_in, tokens_out = _tokens(place, row, "tokens_in"), _tokens(place, row, "tokens_out")
    if (tokens_in is None) != (tokens_out is None):
        raise BillUnreadable(place, "it must have both `tokens_in` and `tokens_out`, or neither")
    if tokens_in is None and "cost_usd" not in row:
        raise BillUnreadable(place, "it has neither tokens nor `cost_usd`")
    return BillLine(
        place=place,
        from_ms=from_ms,
        to_ms=to_ms,
        model=check_text(place, "model", row["model"]) if "model" in row else None,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_cached=_cached(place, row, tokens_in),
        cost_nanousd=nano_of(usd_of(place, "cost_usd", row["cost_usd"])) if "cost_usd" in row else None,
        request=None if request is None else check_text(place, "request_id", request),
    )


def _span(place: str, row: Row, *, is_request: bool) -> tuple[int, int]:
    if "from" not in row or ("to" not in row and not is_request):
        raise BillUnreadable(place, "a bucket needs `from` and `to`, a request `from`")
    from_ms = _ms(place, "from", row["from"])
    to_ms = _ms(place, "to", row["to"]) if "to" in row else from_ms
    check_span(place, from_ms, to_ms, may_be_a_moment=is_request)
    return from_ms, to_ms


def _cached(place: str, row: Row, tokens_in: int | None) -> int | None:
    cached = _tokens(place, row, "tokens_cached")
    if cached is not None and (tokens_in is None or cached > tokens_in):
        raise BillUnreadable(place, "`tokens_cached` must be a part of `tokens_in`")
    return 0 if cached is None and tokens_in is not None else cached


def _tokens(place: str, row: Row, name: str) -> int | None:
    if name not in row:
        return None
    text = row[name]
    return check_tokens(place, name, int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text)


def _ms(place: str, name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BillUnreadable(place, f"`{name}` must be a time such as 2026-10-01T00:00:00Z, not {text[:40]!r}")
    return (moment - EPOCH) // timedelta(milliseconds=1)
