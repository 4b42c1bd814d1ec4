"""The journal: what was written is read back, whatever was cut off its end."""

import asyncio
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting_desk import a_call
from tollhouse.accounting.journal import Journal
from tollhouse.accounting.lock import FolderLock
from tollhouse.accounting.records import (
    ENDED,
    HEAD,
    MAGIC,
    MAX_BODY_BYTES,
    SENT,
    JournalDamaged,
    read_journal,
    read_segment,
    segment_paths,
)
from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.errors import JournalFailed, StartError


def sent_call(**members: object) -> Call:
    attempt = Attempt(
        id="att_1",
        deployment="openai/gpt-5-mini",
        provider="openai",
        reserved_ms=1,
        held_nanousd=500,
        state=AttemptState.SENT,
        cost_nanousd=500,
        estimated=True,
    )
    return a_call(**({"attempts": [attempt], "tags": {"ticket": "Zürich 🚗"}} | members))


def ended_call(**members: object) -> Call:
    call = sent_call(**members)
    attempt = call.attempts[0]
    attempt.state, attempt.outcome = AttemptState.SETTLED, Outcome.OK
    attempt.cost_nanousd, attempt.estimated = 30, False
    call.status, call.outcome, call.latency_ms = 200, Outcome.OK, 12
    return call


@contextmanager
def an_open_journal(folder: Path, **options: int | bool) -> Iterator[Journal]:
    journal = Journal(folder / "proc_1", **options)  # type: ignore[arg-type]
    journal.open()
    yield journal
    asyncio.run(journal.close())


def test_an_ended_call_is_read_back_as_it_was(tmp_path: Path) -> None:
    call = ended_call()

    with an_open_journal(tmp_path) as journal:
        journal.append(ENDED, call, journal.append(SENT, call, 0))

    assert read_journal(tmp_path / "proc_1") == [call]


def test_an_attempt_that_was_sent_and_not_settled_is_unknown_at_what_was_held(tmp_path: Path) -> None:
    with an_open_journal(tmp_path) as journal:
        journal.append(SENT, sent_call(latency_ms=99), 0)

    (call,) = read_journal(tmp_path / "proc_1")
    (attempt,) = call.attempts
    assert (call.outcome, call.status, call.latency_ms) == (Outcome.UNKNOWN, 0, 0)
    assert (attempt.state, attempt.outcome) == (AttemptState.UNKNOWN, Outcome.UNKNOWN)
    assert (attempt.cost_nanousd, attempt.estimated) == (500, True)


def test_an_attempt_that_was_only_reserved_is_void(tmp_path: Path) -> None:
    call = sent_call()
    call.attempts.append(Attempt(id="att_2", deployment="d", provider="p", reserved_ms=1, held_nanousd=7))
    with an_open_journal(tmp_path) as journal:
        journal.append(SENT, call, 0)

    (read,) = read_journal(tmp_path / "proc_1")

    assert [(a.state, a.cost_nanousd) for a in read.attempts] == [(AttemptState.UNKNOWN, 500), (AttemptState.VOID, 0)]


def test_every_record_is_there_when_append_returns(tmp_path: Path) -> None:
    with an_open_journal(tmp_path) as journal:
        for number in range(3):
            journal.append(SENT, sent_call(id=f"call_{number}"), 0)

            assert len(read_journal(tmp_path / "proc_1")) == number + 1


RECORDS = [(SENT, sent_call(id="call_1")), (SENT, sent_call(id="call_2")), (ENDED, ended_call(id="call_1"))]


def whole_segment() -> tuple[bytes, list[int]]:
    """A segment of three records, and where each of them ends."""
    with TemporaryDirectory() as folder, an_open_journal(Path(folder)) as journal:
        ends = []
        for kind, call in RECORDS:
            journal.append(kind, call, 0)
            ends.append(journal.end.offset)
        return segment_paths(journal.folder)[0].read_bytes(), ends


SEGMENT, ENDS = whole_segment()


@given(st.integers(0, len(SEGMENT)), st.binary(max_size=0) | st.integers(0, 600).map(bytes))
@settings(max_examples=400, deadline=None)
def test_a_journal_cut_at_any_byte_is_read_up_to_there(cut: int, tail: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "00000001.journal"
        path.write_bytes(SEGMENT[:cut] + (tail if cut >= len(MAGIC) and cut in (len(MAGIC), *ENDS) else b""))

        records = list(read_segment(path, is_last=True))

        assert [(r.kind, r.call) for r in records] == RECORDS[: sum(end <= cut for end in ENDS)]
        read_journal(Path(folder))


@given(st.integers(0, ENDS[1] - 1), st.integers(0, 7))
@settings(max_examples=300, deadline=None)
def test_a_changed_bit_before_the_last_record_is_never_read_as_something_else(at: int, bit: int) -> None:
    changed = bytearray(SEGMENT)
    changed[at] ^= 1 << bit
    with TemporaryDirectory() as folder:
        path = Path(folder) / "00000001.journal"
        path.write_bytes(bytes(changed))
        read: list[tuple[bytes, Call | None]] = []

        with_damage = False
        try:
            read.extend((r.kind, r.call) for r in read_segment(path, is_last=True))
        except JournalDamaged:
            with_damage = True

        assert read == RECORDS[: len(read)]
        assert with_damage or len(read) < len(RECORDS)


def test_a_journal_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "00000001.journal").write_bytes(b"THJRNL99" + SEGMENT[len(MAGIC) :])

    with pytest.raises(JournalDamaged, match="version"):
        read_journal(tmp_path)


def test_a_torn_record_that_later_segments_follow_is_damage(tmp_path: Path) -> None:
    (tmp_path / "00000001.journal").write_bytes(SEGMENT[:-1])
    (tmp_path / "00000002.journal").write_bytes(SEGMENT)

    with pytest.raises(JournalDamaged, match="later segments"):
        read_journal(tmp_path)


def test_a_record_that_is_no_call_is_damage(tmp_path: Path) -> None:
    body = b'E{"id": 5}'
    (tmp_path / "00000001.journal").write_bytes(MAGIC + HEAD.pack(len(body), zlib.crc32(body)) + body)

    with pytest.raises(JournalDamaged, match="no call"):
        read_journal(tmp_path)


def test_members_that_a_later_release_adds_are_no_obstacle(tmp_path: Path) -> None:
    call = {"id": "c", "at_ms": 1, "endpoint": "e", "team": "t", "use_case": "u", "key": "k", "model": "m", "mood": 1}
    body = b"E" + json.dumps(call).encode()
    (tmp_path / "00000001.journal").write_bytes(MAGIC + HEAD.pack(len(body), zlib.crc32(body)) + body)

    assert [read.id for read in read_journal(tmp_path)] == ["c"]


def test_segments_are_deleted_oldest_first_once_their_calls_are_posted(tmp_path: Path) -> None:
    with an_open_journal(tmp_path, segment_bytes=1_500) as journal:
        segments = [journal.append(ENDED, ended_call(id=f"call_{number}"), 0) for number in range(8)]
        for segment in segments[3:]:
            journal.posted(segment)

        journal.drop_posted()
        assert len(segment_paths(journal.folder)) == segments[-1]
        for segment in segments[:3]:
            journal.posted(segment)
        journal.drop_posted()

        assert [path.name for path in segment_paths(journal.folder)] == [f"{segments[-1]:08d}.journal"]
        assert journal.size_bytes == segment_paths(journal.folder)[0].stat().st_size


def test_a_call_needs_only_the_segment_of_its_last_record(tmp_path: Path) -> None:
    with an_open_journal(tmp_path, segment_bytes=1_500) as journal:
        long, last = sent_call(id="call_long"), 0
        for _ in range(8):
            last = journal.append(SENT, long, last)

        journal.drop_posted()

        assert len(segment_paths(journal.folder)) == 1
        assert [call.id for call in read_journal(journal.folder)] == ["call_long"]


def test_ended_calls_can_be_read_again_from_a_mark_while_writing_goes_on(tmp_path: Path) -> None:
    with an_open_journal(tmp_path, segment_bytes=1_500) as journal:
        journal.append(ENDED, ended_call(id="call_before"), 0)
        calls = journal.ended_since(journal.end)
        journal.append(SENT, sent_call(id="call_1"), 0)
        journal.append(ENDED, ended_call(id="call_1"), 0)
        first = next(calls)
        for number in range(2, 8):
            journal.append(ENDED, ended_call(id=f"call_{number}"), 0)
        rest = [next(calls) for _ in range(6)]

    assert [call.id for _, call in (first, *rest)] == [f"call_{number}" for number in range(1, 8)]
    assert sorted({segment for segment, _ in rest}) == list(range(2, journal.end.segment + 1))


def test_a_record_too_large_to_be_read_back_is_not_written(tmp_path: Path) -> None:
    with an_open_journal(tmp_path) as journal:
        with pytest.raises(JournalFailed, match="too large"):
            journal.append(SENT, sent_call(tags={"a": "x" * MAX_BODY_BYTES}), 0)

        assert journal.failure is None
        assert read_journal(journal.folder) == []


def test_a_folder_that_cannot_be_made_is_a_clear_message(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file stands here")

    with pytest.raises(StartError, match=r"storage\.path"):
        Journal(tmp_path / "journal" / "proc_1").open()


def test_a_journals_folder_is_locked_while_it_is_open(tmp_path: Path) -> None:
    with an_open_journal(tmp_path) as journal:
        assert FolderLock.take(journal.folder) is None

    lock = FolderLock.take(journal.folder)
    assert lock is not None
    lock.release()


def test_a_process_id_that_is_in_use_is_a_clear_message(tmp_path: Path) -> None:
    with an_open_journal(tmp_path) as journal, pytest.raises(StartError, match="locked by another process"):
        Journal(journal.folder).open()


def test_a_lock_taken_on_a_folder_that_was_removed_meanwhile_is_no_lock(tmp_path: Path) -> None:
    folder = tmp_path / "proc_1"
    folder.mkdir()
    first = FolderLock.take(folder)
    assert first is not None
    first.remove()

    assert FolderLock.take(folder) is None


async def test_group_commit_returns_when_what_was_written_is_on_the_disk(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "proc_1", fsync_group=True, segment_bytes=1_500)
    journal.open()

    async def one(number: int) -> None:
        journal.append(ENDED, ended_call(id=f"call_{number}"), 0)
        await journal.synced()

    await asyncio.gather(*(one(number) for number in range(20)))
    await journal.close()

    assert len(read_journal(tmp_path / "proc_1")) == 20


FULL_DISK = """
import json, os, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_journal import sent_call
from tollhouse.accounting.journal import Journal
from tollhouse.accounting.records import SENT
from tollhouse.domain.errors import JournalFailed

journal = Journal(Path(sys.argv[1]))
journal.open()
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, resource.RLIM_INFINITY))
written = failed = 0
for number in range(20):
    try:
        journal.append(SENT, sent_call(id=f"call_{number}"), 0)
        written += 1
    except JournalFailed:
        failed += 1
first_failure = journal.failure
journal.probe()
tiny = journal.failure
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.probe()
journal.append(SENT, sent_call(id="call_after"), 0)
print(json.dumps([written, failed, bool(first_failure), journal.failure]), flush=True)
os._exit(0)
"""


def test_a_full_disk_refuses_records_and_leaves_no_torn_one_behind(tmp_path: Path) -> None:
    folder = tmp_path / "proc_1"

    child = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert child.returncode == 0, child.stderr
    written, failed, had_failed, failure = json.loads(child.stdout)
    assert written + failed == 20
    assert failed > 10
    assert (had_failed, failure) == (True, None)
    ids = [call.id for call in read_journal(folder)]
    assert ids == [*(f"call_{number}" for number in range(written)), "call_after"]
