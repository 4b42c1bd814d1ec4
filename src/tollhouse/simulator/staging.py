"""How an answer leaves: a scene and its behaviour become steps on the wire. Nothing here touches a socket."""

import zlib
from collections.abc import Iterator

import msgspec

from .behaviours import Behaviour, Break, Spoil
from .failures import SERVER_ERROR, STATUSES, Failure, Header
from .lies import told
from .scene import Endpoint, Frame, Scene
from .wire import End, Hang, Step, Wait, Wire, Write, in_pieces

EVENT_STREAM = b"text/event-stream; charset=utf-8"
JSON = b"application/json"
BOMB_PART_BYTES = 2**20
MAX_PINGS = 1_000_000

NOT_JSON = b'{"choices": [{"delta": {"content": "bro'
NOT_UTF8 = b'{"broken":"\xff\xfe\xf8",'


def steps(scene: Scene, endpoint: Endpoint, behaviour: Behaviour, wire: Wire) -> Iterator[Step]:
    """Yield what happens on the wire. The last thing is an `End` or a `Hang`; without one the answer is whole."""
    if behaviour.breaks and behaviour.breaks.at == "start":
        return _nothing(scene, behaviour.breaks)
    if behaviour.form.bomb_bytes:
        return _bomb(behaviour.form.bomb_bytes, wire)
    if behaviour.form.pings_only_ms:
        return _pings_only(scene, behaviour.form.pings_only_ms, wire)
    if behaviour.lie:
        content_type, body = _at_once(scene, endpoint, behaviour)
        return told(behaviour.lie, content_type, body, wire, scene.tokens_out)
    played = (
        _streamed(scene, endpoint, behaviour, wire) if scene.asked.stream else _whole(scene, endpoint, behaviour, wire)
    )
    pace = behaviour.pace
    return in_pieces(played, pace.piece_bytes, pace.piece_ms) if pace.piece_bytes else played


def failed(failure: Failure, wire: Wire, now: float) -> Iterator[Step]:
    """Yield an error answer."""
    body = failure.encoded()
    hints = failure.hint.headers(now) if failure.hint else []
    head = wire.head(failure.status, failure.content_type, length=len(body), extra=[*hints, *failure.headers])
    if failure.is_stalled:
        yield Write(head + body[: len(body) // 2])
        yield Hang()
    else:
        yield Write(head + body)


def _nothing(scene: Scene, breaks: Break) -> Iterator[Step]:
    yield Write(b"", scene.tokens_out if breaks.bills == "all" else 0)
    yield _broken(breaks)


def _broken(breaks: Break) -> Step:
    if breaks.how == "stall":
        return Hang()
    return End("keep" if breaks.how == "end" else breaks.how, whole=False)


def _bomb(unpacked_bytes: int, wire: Wire) -> Iterator[Step]:
    """Yield a small body that unpacks to a large JSON text, compressed in parts so that we never hold it ourselves."""
    packer = zlib.compressobj(level=1, wbits=16 + zlib.MAX_WBITS)
    parts = [packer.compress(b'{"padding":"')]
    for start in range(0, unpacked_bytes, BOMB_PART_BYTES):
        parts.append(packer.compress(b" " * min(BOMB_PART_BYTES, unpacked_bytes - start)))
    body = b"".join([*parts, packer.compress(b'"}'), packer.flush()])
    yield Write(wire.head(200, JSON, length=len(body), extra=[(b"content-encoding", b"gzip")]) + body)


def _pings_only(scene: Scene, every_ms: int, wire: Wire) -> Iterator[Step]:
    """Yield what some providers send while they think, for longer than any client waits."""
    ping = b": still processing\n\n" if scene.asked.stream else b" "
    yield Write(wire.head(200, EVENT_STREAM if scene.asked.stream else JSON, length=None))
    for _ in range(MAX_PINGS):
        yield Write(wire.chunk(ping))
        yield Wait(every_ms)
    yield End("close", whole=False)


def _at_once(scene: Scene, endpoint: Endpoint, behaviour: Behaviour) -> tuple[bytes, bytes]:
    """Return the answer's type and all of its bytes."""
    if scene.asked.stream:
        return EVENT_STREAM, b"".join([_event(frame, behaviour) for frame in endpoint.frames(scene)])
    return JSON, endpoint.body(scene)


def _extra_headers(behaviour: Behaviour) -> list[Header]:
    return [(b"x-padding", b"x" * behaviour.form.header_bytes)] if behaviour.form.header_bytes else []


# --- streamed -------------------------------------------------------------------------------------------------------


def _streamed(scene: Scene, endpoint: Endpoint, behaviour: Behaviour, wire: Wire) -> Iterator[Step]:
    form, pace, breaks = behaviour.form, behaviour.pace, behaviour.breaks
    yield from _wait(pace.headers_ms)
    extra = [(b"cache-control", b"no-cache"), *_extra_headers(behaviour)]
    yield Write(wire.head(200, form.content_type or EVENT_STREAM, length=None, extra=extra))
    if breaks and breaks.at == "head":
        yield _broken(breaks)
        return
    shown = 0
    for frame in _spoiled(endpoint.frames(scene), behaviour.spoils):
        if (
            breaks
            and breaks.at == "output"
            and frame.kind != "start"
            and (shown == breaks.events or frame.kind == "end")
        ):
            yield from _cut(frame, behaviour, breaks, wire)
            return
        if frame.kind == "output":
            yield from _wait(pace.between_ms if shown else pace.first_ms)
            shown += 1
        yield Write(wire.chunk(_event(frame, behaviour), wrong=form.wrong_chunk), frame.tokens)
    if breaks:
        yield _broken(breaks)
    else:
        yield from _ended(behaviour, wire)


def _ended(behaviour: Behaviour, wire: Wire) -> Iterator[Step]:
    yield Write(wire.last_chunk())
    if behaviour.form.wrong_chunk or behaviour.form.closes_after:
        yield End("close")
    elif behaviour.form.stale:
        yield End("stale")
    elif behaviour.spoils and behaviour.spoils.kind == "error":
        yield wire.end(whole=False)
    else:
        yield wire.end()


def _cut(frame: Frame, behaviour: Behaviour, breaks: Break, wire: Wire) -> Iterator[Step]:
    if breaks.torn:
        chunk = wire.chunk(_event(frame, behaviour))
        yield Write(chunk[: len(chunk) // 2])
    if breaks.how == "end":
        yield Write(wire.last_chunk())
        yield wire.end(whole=False)
    else:
        yield _broken(breaks)


def _spoiled(frames: Iterator[Frame], spoils: Spoil | None) -> Iterator[Frame]:
    """Yield the frames with something bad in front of, or inside, the one after so many with output."""
    shown, done = 0, spoils is None
    for frame in frames:
        if spoils and not done and frame.kind != "start" and (shown == spoils.after or frame.kind == "end"):
            done = True
            yield from _bad(frame, spoils)
            if spoils.kind == "error":
                return
        else:
            yield frame
        shown += frame.kind == "output"


def _bad(frame: Frame, spoils: Spoil) -> Iterator[Frame]:
    match spoils.kind:
        case "json":
            yield msgspec.structs.replace(frame, data=NOT_JSON)
        case "utf8":
            yield msgspec.structs.replace(frame, data=NOT_UTF8 + frame.data[1:])
        case "padding":
            yield msgspec.structs.replace(frame, data=_padding(spoils) + frame.data[1:])
        case "error":
            yield _error_event(frame)


def _padding(spoils: Spoil) -> bytes:
    return b'{"obfuscation":"' + b"x" * spoils.bytes + b'",'


def _error_event(frame: Frame) -> Frame:
    """Return an error in the style of the endpoint; what was generated for the frame it replaces is lost."""
    if not frame.event:
        return Frame(msgspec.json.encode({"error": STATUSES[500].error()}), kind="end")
    number = msgspec.json.decode(frame.data)["sequence_number"]
    event = {"type": "error", "code": "server_error", "message": SERVER_ERROR, "param": None, "sequence_number": number}
    return Frame(msgspec.json.encode(event), kind="end", event=b"error")


def _event(frame: Frame, behaviour: Behaviour) -> bytes:
    form = behaviour.form
    if form.newline == b"\n" and not form.multiline and not form.pings:
        name = b"event: " + frame.event + b"\n" if frame.event else b""
        return name + b"data: " + frame.data + b"\n\n"
    lines = [b": ping", b""] if form.pings else []
    lines += [b"event: " + frame.event] if frame.event else []
    lines += [b"data: " + part for part in _lines(frame.data, multiline=form.multiline)]
    lines += [b"", b""] + ([b""] if form.pings else [])
    return form.newline.join(lines)


def _lines(data: bytes, *, multiline: bool) -> list[bytes]:
    if not multiline or not data.startswith(b"{"):
        return [data]
    return msgspec.json.format(data, indent=1).splitlines()


# --- not streamed ---------------------------------------------------------------------------------------------------


def _whole(scene: Scene, endpoint: Endpoint, behaviour: Behaviour, wire: Wire) -> Iterator[Step]:
    form, breaks = behaviour.form, behaviour.breaks
    yield from _thinking(scene, behaviour)
    body = _spoiled_body(endpoint.body(scene), behaviour.spoils)
    made = scene.tokens_out
    extra = _extra_headers(behaviour)
    content_type = form.content_type or JSON
    if breaks and breaks.at == "head":
        yield Write(wire.head(200, content_type, length=len(body), extra=extra))
        yield _broken(breaks)
    elif breaks:
        part = body[:-1] if breaks.at == "last" else body[: len(body) // 2]
        sent = len(part) if breaks.how == "end" else len(body)
        yield Write(wire.head(200, content_type, length=sent, extra=extra) + part, made)
        yield _broken(breaks)
    elif form.wrong_chunk:
        yield Write(wire.head(200, content_type, length=None, extra=extra))
        yield Write(wire.chunk(body, wrong=True), made)
        yield End("close")
    elif behaviour.pace.piece_bytes:
        yield Write(wire.head(200, content_type, length=len(body), extra=extra))
        yield Write(body, made)
    else:
        yield Write(wire.head(200, content_type, length=len(body), extra=extra) + body, made)
        yield End("close" if form.closes_after else "stale" if form.stale else "keep")


def _thinking(scene: Scene, behaviour: Behaviour) -> Iterator[Step]:
    """Yield the waits before a whole answer; what has been generated meanwhile counts."""
    pace = behaviour.pace
    yield from _wait(pace.headers_ms + pace.first_ms)
    if pace.between_ms and scene.said:
        for _, made in scene.said[0].pieces():
            yield Wait(pace.between_ms)
            yield Write(b"", made)


def _wait(ms: int) -> Iterator[Step]:
    if ms:
        yield Wait(ms)


def _spoiled_body(body: bytes, spoils: Spoil | None) -> bytes:
    match spoils.kind if spoils else None:
        case "json":
            return NOT_JSON + body[: len(body) // 2]
        case "utf8":
            return NOT_UTF8 + body[1:]
        case "padding":
            assert spoils is not None
            return _padding(spoils) + body[1:]
        case _:
            return body
