"""
An answer to `POST /v1/responses`. A stream's last event holds it whole; back into a stream it goes item by item.

Most members of a request come back in its answer (`metadata`, `user`, `instructions`), so nearly all are in the key.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from tollhouse.cache.canonical import SPELLED

from .form import (
    ANSWER_MAX_BYTES,
    Folding,
    Said,
    Unkept,
    a_list,
    check_arguments,
    data_of,
    decoded,
    pieces,
    sse,
    with_id,
)

COMPLETED = "response.completed"
CALLS = frozenset({"function_call", "custom_tool_call"})
"""Items that call a tool of the caller's own."""

Members = dict[str, object]
Piece = tuple[str, Members]
"""An event: its kind and its members."""


class Responses:
    """See `form.Form`. A whole answer is one `response`."""

    framing = frozenset({"model", "stream", "stream_options"})

    def folding(self) -> Folding:
        return _Folding()

    def read(self, whole: bytes) -> Said:
        response = _members(whole)
        if response.get("status") != "completed":
            raise Unkept(f"the response is {response.get('status')!r}")
        for name in ("error", "incomplete_details", "background", "previous_response_id", "conversation"):
            if response.get(name) not in (None, False):
                raise Unkept(f"the response has a member `{name}`")
        if response.get("store") is True:
            raise Unkept("the provider stores the response under its id")
        items = [_item(item) for item in a_list(response.get("output"))]
        texts = [_read_item(item) for item in items]
        calls = any(item.get("type") in CALLS for item in items)
        if not (calls or any(texts)):
            raise Unkept("the response has no text")
        return Said("".join(texts), calls)

    def again(self, whole: bytes, suffix: str) -> bytes:
        return with_id(whole, f"resp_{suffix}")

    def stream(self, whole: bytes, suffix: str, *, usage_asked: bool) -> list[bytes]:
        response = _members(whole)
        response["id"] = f"resp_{suffix}"
        return [
            sse({"type": kind, "sequence_number": number, **members}, kind)
            for number, (kind, members) in enumerate(_events(response))
        ]


class _Ending(msgspec.Struct):
    type: str = ""
    response: msgspec.Raw = msgspec.Raw()


_ENDING = msgspec.json.Decoder(_Ending)


class _Folding:
    """See `form.Folding`."""

    def __init__(self) -> None:
        self._whole = b""

    def add(self, event: bytes) -> None:
        if COMPLETED.encode() not in event:
            return
        ending = decoded(_ENDING, data_of(event))
        if ending.type == COMPLETED:
            self._whole = bytes(ending.response)
        if len(self._whole) > ANSWER_MAX_BYTES:
            raise Unkept("the answer is too long")

    def whole(self) -> bytes:
        if not self._whole:
            raise Unkept("the response did not complete")
        return self._whole


def _members(whole: bytes) -> Members:
    value: object = decoded(SPELLED, whole)
    return _item(value)


def _item(value: object) -> Members:
    if not isinstance(value, dict):
        raise Unkept("an item of the response is no object")
    return value


# --- what may be kept -----------------------------------------------------------------------------------------------


def _read_item(item: Members) -> str:
    """Return an item's text. Raises Unkept for what cannot be streamed again, and for what the provider ran itself."""
    kind, status = item.get("type"), item.get("status")
    if status not in (None, "completed") or not isinstance(item.get("id", ""), str):
        raise Unkept(f"an item is {status!r}")
    if kind == "message":
        return "".join([_read_part(part, "output_text") for part in a_list(item.get("content"))])
    if kind == "function_call":
        check_arguments(item.get("arguments"))
    elif kind == "custom_tool_call":
        if not isinstance(item.get("input"), str):
            raise Unkept("a tool call has no input")
    elif kind == "reasoning":
        for part in a_list(item.get("summary")):
            _read_part(part, "summary_text")
        for part in a_list(item.get("content")):
            _read_part(part, "reasoning_text")
    else:
        raise Unkept(f"an item is of the type {kind!r}")
    return ""


def _read_part(value: object, kind: str) -> str:
    part = _item(value)
    text = part.get("text")
    if part.get("type") != kind or not isinstance(text, str):
        raise Unkept(f"a part is of the type {part.get('type')!r}")
    return text


# --- as a stream ----------------------------------------------------------------------------------------------------


def _events(response: Members) -> Iterator[Piece]:
    begun: Members = {**response, "status": "in_progress", "output": [], "usage": None}
    if "completed_at" in begun:
        begun["completed_at"] = None
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, value in enumerate(a_list(response.get("output"))):
        item = _item(value)
        kind = str(item.get("type"))
        bare, said = _SAID[kind]
        opened = {**item, **{name: empty for name, empty in bare.items() if name in item}}
        if "status" in item:
            opened["status"] = "in_progress"
        yield "response.output_item.added", {"output_index": index, "item": opened}
        yield from said(item, {"item_id": item.get("id", ""), "output_index": index})
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield COMPLETED, {"response": response}


def _message(item: Members, place: Members) -> Iterator[Piece]:
    for index, value in enumerate(a_list(item.get("content"))):
        yield from _text_part(_item(value), {**place, "content_index": index})


def _text_part(part: Members, place: Members) -> Iterator[Piece]:
    text, logprobs = str(part["text"]), a_list(part.get("logprobs"))
    empty: Members = {name: [] for name in ("annotations", "logprobs") if name in part}
    yield "response.content_part.added", {**place, "part": {**part, "text": "", **empty}}
    for piece in [text] if logprobs else pieces(text):
        yield "response.output_text.delta", {**place, "delta": piece, "logprobs": logprobs}
    for index, annotation in enumerate(a_list(part.get("annotations"))):
        noted = {**place, "annotation_index": index, "annotation": annotation}
        yield "response.output_text.annotation.added", noted
    yield "response.output_text.done", {**place, "text": text, "logprobs": logprobs}
    yield "response.content_part.done", {**place, "part": part}


def _function_call(item: Members, place: Members) -> Iterator[Piece]:
    arguments = item["arguments"]
    yield "response.function_call_arguments.delta", {**place, "delta": arguments}
    yield "response.function_call_arguments.done", {**place, "name": item.get("name"), "arguments": arguments}


def _custom_call(item: Members, place: Members) -> Iterator[Piece]:
    yield "response.custom_tool_call_input.delta", {**place, "delta": item["input"]}
    yield "response.custom_tool_call_input.done", {**place, "input": item["input"]}


def _reasoning(item: Members, place: Members) -> Iterator[Piece]:
    for index, value in enumerate(a_list(item.get("summary"))):
        part, at = _item(value), {**place, "summary_index": index}
        yield "response.reasoning_summary_part.added", {**at, "part": {**part, "text": ""}}
        yield "response.reasoning_summary_text.delta", {**at, "delta": part["text"]}
        yield "response.reasoning_summary_text.done", {**at, "text": part["text"]}
        yield "response.reasoning_summary_part.done", {**at, "part": part}
    for index, value in enumerate(a_list(item.get("content"))):
        part, at = _item(value), {**place, "content_index": index}
        yield "response.content_part.added", {**at, "part": {**part, "text": ""}}
        yield "response.reasoning_text.delta", {**at, "delta": part["text"]}
        yield "response.reasoning_text.done", {**at, "text": part["text"]}
        yield "response.content_part.done", {**at, "part": part}


_SAID: Mapping[str, tuple[Members, Callable[[Members, Members], Iterator[Piece]]]] = {
    "message": ({"content": []}, _message),
    "function_call": ({"arguments": ""}, _function_call),
    "custom_tool_call": ({"input": ""}, _custom_call),
    "reasoning": ({"summary": [], "content": [], "encrypted_content": None}, _reasoning),
}
"""By an item's type: what is still empty of it when it begins, and the events that fill it."""
