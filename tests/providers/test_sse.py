"""Cutting a byte stream into events."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.domain.errors import UpstreamUnusable
from tollhouse.providers.sse import EventSplitter, SplitEvent


def split(*chunks: bytes, limit: int = 1_000_000) -> list[SplitEvent]:
    splitter = EventSplitter(limit)
    events = [event for chunk in chunks for event in splitter.feed(chunk)]
    return events + splitter.finish()


def test_one_event_keeps_its_bytes_and_gives_its_data() -> None:
    assert split(b'data: {"a":1}\n\n') == [(b'data: {"a":1}\n\n', b'{"a":1}')]


def test_several_events_in_one_chunk_come_in_order() -> None:
    assert [data for _, data in split(b"data: 1\n\ndata: 2\n\ndata: [DONE]\n\n")] == [b"1", b"2", b"[DONE]"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_of_the_standard_is_understood(end: bytes) -> None:
    raw = b"event: x" + end + b"data: 1" + end + b"data:2" + end + end

    assert split(raw) == [(raw, b"1\n2")]


def test_comments_and_events_without_data_are_dropped() -> None:
    events = split(b": ping\n\nevent: ping\n\nid: 7\n\ndata:\n\n: so\ndata: 1\n\n")

    assert events == [(b"data: 1\n\n", b"1")]


def test_a_byte_order_mark_is_dropped_even_in_pieces() -> None:
    assert split(b"\xef", b"\xbb", b"\xbfdata: 1\n\n") == [(b"data: 1\n\n", b"1")]


def test_an_event_without_its_blank_line_is_not_an_event() -> None:
    assert split(b"data: 1\n\ndata: 2\n") == [(b"data: 1\n\n", b"1")]


def test_a_carriage_return_at_the_end_waits_for_its_line_feed() -> None:
    splitter = EventSplitter()

    first = splitter.feed(b"data: 1\r\n\r")
    second = splitter.feed(b"\ndata: 2\r\n\r\n")

    assert first == []
    assert second == [(b"data: 1\r\n\r\n", b"1"), (b"data: 2\r\n\r\n", b"2")]


@pytest.mark.parametrize("data", [b'data: {"a":1}\n\n', b"data: 12345\n\n"])
def test_the_limit_holds_at_below_and_above_an_events_size(data: bytes) -> None:
    assert split(data, limit=len(data)) == split(data, limit=len(data) + 1)
    with pytest.raises(UpstreamUnusable):
        split(data, limit=len(data) - 1)


def test_an_endless_line_is_refused_before_it_fills_memory() -> None:
    splitter = EventSplitter(1_000)

    for _ in range(10):
        splitter.feed(b"x" * 100)

    with pytest.raises(UpstreamUnusable):
        splitter.feed(b"x")


JSON_LINES = st.recursive(
    st.integers() | st.text() | st.none(), lambda inner: st.dictionaries(st.text(), inner, max_size=3)
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@st.composite
def events(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """One event with any mix of fields and line ends, and its data."""
    lines = [
        b'data: {"a": %s}' % json.dumps(value).encode() for value in draw(st.lists(JSON_LINES, min_size=1, max_size=3))
    ]
    data = b"\n".join(line[6:] for line in lines)
    for extra in draw(st.lists(st.sampled_from([b"event: x", b"id: 1", b"retry: 5", b"odd"]), max_size=2)):
        lines.insert(draw(st.integers(0, len(lines))), extra)
    end = draw(ENDS)
    return end.join(lines) + end + end, data


@given(st.data(), st.lists(events(), max_size=5))
def test_any_split_of_any_sequence_gives_the_same_events(
    data: st.DataObject, sequence: list[tuple[bytes, bytes]]
) -> None:
    # A lone CR before an event that starts with LF would be one line end; events start with a field, so it never is.
    stream = b"".join(raw for raw, _ in sequence)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert split(*chunks) == sequence


@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b"data: ", b"\r", b"\n", b"\r\n", b":", b"\xef\xbb\xbf"]), max_size=30
    )
)
def test_arbitrary_bytes_raise_nothing_but_our_error_and_never_pile_up(chunks: list[bytes]) -> None:
    splitter = EventSplitter(64)

    try:
        for chunk in chunks:
            splitter.feed(chunk)
            assert len(splitter._rest) <= 64
        splitter.finish()
    except UpstreamUnusable:
        pass


@given(st.binary(max_size=60), st.integers(0, 60))
def test_arbitrary_bytes_split_anywhere_give_the_same_events(stream: bytes, cut: int) -> None:
    assert split(stream[:cut], stream[cut:]) == split(stream) == split(*[bytes([byte]) for byte in stream])


@given(
    st.lists(
        st.sampled_from([b"data: {", b"data:", b" ", b"\r", b"\n", b"\r\n", b":", b"x}", b"\xef\xbb\xbf"]), max_size=25
    ),
    st.integers(0, 80),
)
def test_line_ends_split_anywhere_give_the_same_events(parts: list[bytes], cut: int) -> None:
    stream = b"".join(parts)

    assert split(stream[:cut], stream[cut:]) == split(stream) == split(*[bytes([byte]) for byte in stream])
