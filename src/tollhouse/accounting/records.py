"""
How a journal's bytes are framed, written and read back.

    folder    lock, 00000001.journal, 00000002.journal…
    segment   MAGIC (with the version), then records
    record    length and CRC-32 of the body (little endian, 4 bytes each); body = one byte of kind, then JSON

Every record carries the whole call as it stood, so the last record of a call tells all, wherever the earlier ones are.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome

MAGIC: Final = b"THJRNL01"
HEAD: Final = struct.Struct("<II")

SENT: Final = b"S"
"""An attempt is about to leave; nothing has left yet."""
SETTLED: Final = b"T"
"""An attempt was settled, and its call goes on."""
ENDED: Final = b"E"
"""The call is finished."""
PROBE: Final = b"P"
"""No call: written to see whether writing works again."""

MAX_BODY_BYTES: Final = 2**20
"""A record larger than this was not written by us: a call row is a few hundred bytes, its attempts and tags bounded."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Call).decode


class JournalDamaged(Exception):
    """A journal has bytes that are no record, and not at its very end."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as read; `end` is the offset behind it, `call` is None for a probe."""

    kind: bytes
    call: Call | None
    end: int


def frame(kind: bytes, call: Call | None) -> bytes:
    body = kind + _encode(call) if call is not None else kind
    return HEAD.pack(len(body), zlib.crc32(body)) + body


def segment_paths(folder: Path) -> list[Path]:
    """Return the folder's segments, oldest first."""
    return sorted(folder.glob("*.journal"))


def segment_path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.journal"


def read_segment(path: Path, *, is_last: bool, start: int = 0) -> Iterator[Record]:
    """
    Yield a segment's records, from the offset `start` if given.

    A torn tail, what a killed process or a cut file leaves, ends the last segment. Raises JournalDamaged for anything
    else that is no record.
    """
    with path.open("rb") as file:
        if start:
            file.seek(start)
        elif not _has_magic(file, path, is_last=is_last):
            return
        while True:
            at = file.tell()
            body = _body(file)
            if body is None:
                _check_tail(file, path, at, is_last=is_last)
                return
            yield Record(body[:1], _call(body, path, at), file.tell())


def read_calls(folder: Path) -> Iterator[Call]:
    """
    Yield a dead process's calls: each ended one when its end is read, then those that never ended.

    Attempts that were sent and not settled are `unknown` at what was held for them; a call that did not end is finished
    with outcome `unknown`, status 0 and latency 0. Raises JournalDamaged.
    """
    open_calls: dict[str, Call] = {}
    paths = segment_paths(folder)
    for path in paths:
        for record in read_segment(path, is_last=path == paths[-1]):
            if record.call is None:
                continue
            if record.kind == ENDED:
                open_calls.pop(record.call.id, None)
                yield _resolved(record.call)
            else:
                open_calls[record.call.id] = record.call
    for call in open_calls.values():
        yield _given_up(call)


def read_journal(folder: Path) -> list[Call]:
    return list(read_calls(folder))


def _has_magic(file: BinaryIO, path: Path, *, is_last: bool) -> bool:
    found = file.read(len(MAGIC))
    if found == MAGIC:
        return True
    if is_last and len(found) < len(MAGIC) and MAGIC.startswith(found):
        return False
    raise JournalDamaged(f"{path}: this is no journal of version {MAGIC.decode()}")


def _body(file: BinaryIO) -> bytes | None:
    """Return the next record's body, or None if no whole record stands here."""
    head = file.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    length, crc = HEAD.unpack(head)
    if not 1 <= length <= MAX_BODY_BYTES:
        return None
    body = file.read(length)
    return body if len(body) == length and zlib.crc32(body) == crc else None


def _check_tail(file: BinaryIO, path: Path, at: int, *, is_last: bool) -> None:
    """Raise JournalDamaged unless what stands at `at` is the end, a record cut by it, or zeros up to it."""
    size = file.seek(0, 2)
    file.seek(at)
    tail = file.read(HEAD.size)
    if not tail:
        return
    if not is_last:
        raise JournalDamaged(f"{path}: the record at byte {at} is torn, and later segments follow")
    length = HEAD.unpack(tail)[0] if len(tail) == HEAD.size else MAX_BODY_BYTES
    is_cut = length <= MAX_BODY_BYTES and at + HEAD.size + length >= size
    if not (is_cut or _is_blank(tail, file)):
        raise JournalDamaged(f"{path}: the bytes at {at} are no record, and more follow")


def _is_blank(tail: bytes, file: BinaryIO) -> bool:
    # After a power cut a file may have its new length, but zeros where the data should be.
    while tail:
        if any(tail):
            return False
        tail = file.read(2**16)
    return True


def _call(body: bytes, path: Path, at: int) -> Call | None:
    if len(body) == 1:
        return None
    try:
        return _decode(memoryview(body)[1:])
    except msgspec.MsgspecError as error:
        raise JournalDamaged(f"{path}: the record at byte {at} is no call: {error}") from None


def _given_up(call: Call) -> Call:
    call.outcome, call.status, call.latency_ms = Outcome.UNKNOWN, 0, 0
    return _resolved(call)


def _resolved(call: Call) -> Call:
    for attempt in call.attempts:
        give_up(attempt)
    return call


def give_up(attempt: Attempt) -> None:
    """Close an open attempt from outside: what was sent is `unknown` at its held worst case, the rest `void`."""
    if attempt.state is AttemptState.SENT:
        attempt.state, attempt.outcome = AttemptState.UNKNOWN, Outcome.UNKNOWN
        attempt.cost_nanousd, attempt.estimated = attempt.held_nanousd, True
    elif attempt.state is AttemptState.RESERVED:
        attempt.state, attempt.outcome = AttemptState.VOID, Outcome.ERROR
        attempt.cost_nanousd, attempt.estimated = 0, False
