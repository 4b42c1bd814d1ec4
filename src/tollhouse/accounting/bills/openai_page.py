"""Pages of OpenAI's organisation usage API: what its usage and its cost export have in common."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from .line import HEAD_BYTES, BillUnreadable, check_count, check_span

SECOND_MS = 1_000

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Result:
    """One result in a bucket. `object` says of which kind."""

    place: str
    from_ms: int
    to_ms: int
    members: Json

    @property
    def object(self) -> str:
        return str(self.members.get("object"))

    def text(self, name: str) -> str | None:
        found = self.members.get(name)
        if found is not None and not isinstance(found, str):
            raise BillUnreadable(self.place, f"`{name}` must be text or null")
        return found


def is_page(data: bytes) -> bool:
    """Does this look like pages of buckets?"""
    head = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1] in (b"{", b"[") and b'"page"' in data and b'"data"' in data


def results(data: bytes) -> Iterator[Result]:
    """
    Yield every result of a page, of an array of pages, or of pages one after the other (`curl … >> file`).

    Numbers with a fraction are read as decimals. Raises BillUnreadable.
    """
    count = 0
    for page_number, page in enumerate(_pages(_decoded(data)), start=1):
        place = f"page {page_number}"
        if _member(place, page, "object") != "page":
            raise BillUnreadable(place, 'its `object` must be "page"')
        for number, bucket in enumerate(_objects(place, page, "data"), start=1):
            for result in _in_bucket(f"{place}, bucket {number}", bucket):
                count += 1
                check_count(count)
                yield result


def _in_bucket(place: str, bucket: Json) -> Iterator[Result]:
    from_ms, to_ms = (_seconds(place, bucket, name) * SECOND_MS for name in ("start_time", "end_time"))
    check_span(place, from_ms, to_ms, may_be_a_moment=False)
    for number, members in enumerate(_objects(place, bucket, "results"), start=1):
        yield Result(f"{place}, result {number}", from_ms, to_ms, members)


def _decoded(data: bytes) -> Iterator[object]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BillUnreadable(f"byte {error.start}", "it is not UTF-8") from None
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
    at = _skip_blank(text, 0)
    while at < len(text):
        try:
            found, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise BillUnreadable(f"line {error.lineno}", f"it is not JSON: {error.msg}") from None
        except (ValueError, RecursionError):
            raise BillUnreadable(f"line {text.count(chr(10), 0, at) + 1}", "it is not JSON that a bill has") from None
        yield found
        at = _skip_blank(text, at)


def _pages(found: Iterator[object]) -> Iterator[Json]:
    for value in found:
        for page in value if isinstance(value, list) else [value]:
            if not isinstance(page, dict):
                raise BillUnreadable("page 1", "a bill is an object, or an array of them")
            yield page


def _objects(place: str, of: Json, name: str) -> Iterator[Json]:
    found = _member(place, of, name)
    if not isinstance(found, list):
        raise BillUnreadable(place, f"`{name}` must be an array")
    for each in found:
        if not isinstance(each, dict):
            raise BillUnreadable(place, f"`{name}` must hold objects")
        yield each


def _seconds(place: str, of: Json, name: str) -> int:
    found = _member(place, of, name)
    if type(found) is not int:
        raise BillUnreadable(place, f"`{name}` must be a time in whole Unix seconds")
    return found


def _member(place: str, of: Json, name: str) -> object:
    if name not in of:
        raise BillUnreadable(place, f"`{name}` is missing")
    return of[name]


def _skip_blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _refuse(constant: str) -> object:
    raise ValueError(constant)
