"""One server-sent event as bytes: its data, and the same event with other data."""


def data_of(event: bytes) -> bytes:
    """Return the data of an event, on however many lines it came."""
    if event.startswith(b"data: ") and event.count(b"\n") == 2 and event.endswith(b"\n\n"):
        return event[6:-2]
    return b"\n".join([line[5:] for line in event.splitlines() if line.startswith(b"data:")])


def with_data(event: bytes, data: bytes) -> bytes:
    """Return the event with other data, on one line; its other lines and line ends stay."""
    end = b"\r\n" if event.endswith(b"\r\n") else b"\n"
    beside = [line for line in event.splitlines(keepends=True) if line.strip() and not line.startswith(b"data:")]
    return b"".join(beside) + b"data: " + data + end + end
