"""POST /v1/responses and GET /v1/responses/{id}."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal, Protocol

import msgspec

from . import tokens
from .asked import Asked, Content, Reader, Refused, at_least, bounded_schema, of_raw, text_and_tokens, tool_to_call
from .failures import Failure, invalid
from .said import Said, interleaved
from .scene import Frame, Scene

MAX_STORED = 1000
MAX_STORED_BYTES = 64 * 2**20
"""Stored responses in memory; the oldest go first."""

Status = Literal["queued", "in_progress", "completed", "incomplete"]
Output = list[dict[str, object]]


class Item(msgspec.Struct):
    type: str = "message"
    role: str = ""
    content: msgspec.Raw = msgspec.Raw()


class ResponsesBody(msgspec.Struct):
    input: str | list[msgspec.Raw]
    model: str = ""
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None
    tool_choice: msgspec.Raw = msgspec.Raw()
    text: msgspec.Raw = msgspec.Raw()
    previous_response_id: str | None = None
    store: bool | None = None
    background: bool | None = None
    metadata: dict[str, str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    parallel_tool_calls: bool | None = None


class TextFormat(msgspec.Struct):
    type: str = "text"
    schema: msgspec.Raw = msgspec.Raw()


class TextOptions(msgspec.Struct):
    format: TextFormat | None = None


_BODIES = Reader(ResponsesBody)
_ITEMS = Reader(Item)
_OPTIONS = Reader(TextOptions)
_CONTENTS: msgspec.json.Decoder[Content] = msgspec.json.Decoder(Content)


class Responses:
    """See `scene.Endpoint`."""

    name = "responses"

    def read(self, body: bytes, model: str | None) -> Asked:
        sent = _BODIES.read(body)
        text, tokens_in, after_tool = _input(sent.input)
        options = _OPTIONS.read(bytes(sent.text)) if bytes(sent.text) not in (b"", b"null") else TextOptions()
        wanted = options.format
        return Asked(
            endpoint=self.name,
            model=sent.model or model or "",
            text=text,
            prompts=(text,),
            tokens_in=tokens_in + tokens.count(sent.instructions or "") + of_raw(sent.text, *sent.tools or ()),
            stream=sent.stream or False,
            limit=at_least("max_output_tokens", sent.max_output_tokens, 1),
            tool=None if after_tool else tool_to_call(sent.tools, sent.tool_choice),
            schema=bounded_schema(wanted.schema) if wanted and wanted.type == "json_schema" else None,
            previous=sent.previous_response_id,
            store=sent.store is not False,
            background=sent.background or False,
            mirror=_mirror(sent),
        )

    def body(self, scene: Scene) -> bytes:
        """Write the response; one that runs in the background is queued, and finished when it is asked for."""
        if scene.asked.background:
            return msgspec.json.encode(_response(scene, "queued", []))
        whole = msgspec.json.encode(finished(scene))
        if scene.form.usage == "twice":
            whole = whole[:-1] + b',"usage":' + msgspec.json.encode(_usage(scene)) + b"}"
        return whole

    def frames(self, scene: Scene) -> Iterator[Frame]:
        sequence = -1

        def frame(kind: str, made: int, stage: str = "start", /, **members: object) -> Frame:
            nonlocal sequence
            sequence += 1
            event = {"type": kind, "sequence_number": sequence, **members}
            return Frame(msgspec.json.encode(event), made, stage, kind.encode())

        said, item_id = scene.said[0], _item_id(scene)
        begun = _response(scene, "in_progress", [])
        yield frame("response.created", 0, response=begun)
        if scene.form.usage == "twice":
            begun = {**begun, "usage": _usage(scene)}
        yield frame("response.in_progress", 0, response=begun)
        place: dict[str, object] = {"item_id": item_id, "output_index": 0}
        started = "output" if said.tool else "start"
        yield frame("response.output_item.added", 0, started, output_index=0, item=_item(scene, said, "in_progress"))
        yield from _spoken(frame, said, place) if said.tool else _shown(frame, said, place)
        made = said.tokens
        yield frame("response.output_item.done", made, "end", output_index=0, item=_item(scene, said, "completed"))
        if scene.form.finish:
            last = "response.incomplete" if _incomplete(said) else "response.completed"
            yield frame(last, made, "end", response=finished(scene))


class FrameMaker(Protocol):
    def __call__(self, kind: str, made: int, stage: str = "start", /, **members: object) -> Frame: ...


def _shown(frame: FrameMaker, said: Said, place: dict[str, object]) -> Iterator[Frame]:
    """Yield the events of a text, or of a refusal."""
    kind, member = ("response.refusal", "refusal") if said.refused else ("response.output_text", "text")
    logprobs: dict[str, object] = {} if said.refused else {"logprobs": []}
    place = {**place, "content_index": 0}
    yield frame("response.content_part.added", 0, part=_part("", refused=said.refused), **place)
    for _, piece, made in interleaved((said,)):
        yield frame(f"{kind}.delta", made, "output", **place, delta=piece, **logprobs)
    made = said.tokens
    yield frame(f"{kind}.done", made, "end", **place, **{member: said.text}, **logprobs)
    yield frame("response.content_part.done", made, "end", **place, part=_part(said.text, refused=said.refused))


def _spoken(frame: FrameMaker, said: Said, place: dict[str, object]) -> Iterator[Frame]:
    """Yield the events of a function call's arguments."""
    for _, piece, made in interleaved((said,)):
        yield frame("response.function_call_arguments.delta", made, "output", **place, delta=piece)
    done = {"name": said.tool, "arguments": said.text}
    yield frame("response.function_call_arguments.done", said.tokens, "end", **place, **done)


def response_id(scene: Scene) -> str:
    return f"resp_{scene.number}"


def finished(scene: Scene) -> dict[str, object]:
    """Return the response as it is at its end, in the form that the behaviour gives it."""
    said = scene.said[0]
    status: Status = "incomplete" if _incomplete(said) else "completed"
    output = [_item(scene, said, status)]
    response = _response(scene, status if scene.form.finish else "in_progress", output)
    if status == "incomplete":
        response["incomplete_details"] = {"reason": _incomplete(said)}
    if scene.form.usage == "none":
        del response["usage"]
    elif scene.form.usage != "null":
        response["usage"] = _usage(scene)
    return response


def _incomplete(said: Said) -> str | None:
    return {"length": "max_output_tokens", "content_filter": "content_filter"}.get(said.finish)


def _response(scene: Scene, status: Status, output: Output) -> dict[str, object]:
    return {
        "id": response_id(scene),
        "object": "response",
        "created_at": scene.created,
        "status": status,
        "background": scene.asked.background,
        "error": None,
        "incomplete_details": None,
        "max_output_tokens": scene.asked.limit,
        "model": scene.asked.model,
        "output": output,
        "previous_response_id": scene.asked.previous,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": scene.asked.store,
        "truncation": "disabled",
        "usage": None,
        **scene.asked.mirror,
    }


def _mirror(sent: ResponsesBody) -> dict[str, object]:
    return {
        "instructions": sent.instructions,
        "metadata": sent.metadata or {},
        "parallel_tool_calls": sent.parallel_tool_calls is not False,
        "temperature": 1.0 if sent.temperature is None else sent.temperature,
        "text": sent.text if bytes(sent.text) not in (b"", b"null") else {"format": {"type": "text"}},
        "tool_choice": sent.tool_choice if bytes(sent.tool_choice) not in (b"", b"null") else "auto",
        "tools": sent.tools or [],
        "top_p": 1.0 if sent.top_p is None else sent.top_p,
    }


def _item_id(scene: Scene) -> str:
    return f"{'fc' if scene.said[0].tool else 'msg'}_{scene.number}"


def _item(scene: Scene, said: Said, status: Status) -> dict[str, object]:
    """Return the output item; while it is in progress it is still empty."""
    empty = status == "in_progress"
    item: dict[str, object] = {"id": _item_id(scene), "status": status}
    if said.tool:
        arguments = "" if empty else said.text
        return {
            **item,
            "type": "function_call",
            "call_id": f"call_{scene.number}x0",
            "name": said.tool,
            "arguments": arguments,
        }
    content = [] if empty else [_part(said.text, refused=said.refused)]
    return {**item, "type": "message", "role": "assistant", "content": content}


def _part(text: str, *, refused: bool) -> dict[str, object]:
    if refused:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(scene: Scene) -> dict[str, object]:
    out = scene.tokens_out
    return {
        "input_tokens": scene.tokens_in,
        "input_tokens_details": {"cached_tokens": scene.tokens_cached, "cache_write_tokens": 0},
        "output_tokens": out,
        "output_tokens_details": {"reasoning_tokens": scene.hidden_tokens},
        "total_tokens": scene.tokens_in + out,
    }


def _input(given: str | list[msgspec.Raw]) -> tuple[str, int, bool]:
    """Return the last user text, the tokens of all items, and whether a tool's result came last. Raises Refused."""
    if isinstance(given, str):
        return given, tokens.count(given), False
    if not given:
        raise Refused(invalid("Invalid 'input': empty array.", param="input", code="empty_array"))
    text, total, item = "", 0, Item()
    for raw in given:
        item = _ITEMS.read(bytes(raw))
        if item.type != "message":
            total += of_raw(raw)
            continue
        said, spent = text_and_tokens(_content(item))
        total += spent
        text = said if item.role == "user" or not text else text
    return text, total, item.type == "function_call_output"


def _content(item: Item) -> Content:
    try:
        return _CONTENTS.decode(item.content) if bytes(item.content) else None
    except msgspec.ValidationError as error:
        raise Refused(invalid(str(error), param="input", code="invalid_type")) from error


class Stored(msgspec.Struct, frozen=True):
    """A response that can be asked for again. `context_tokens` are billed as input to whoever continues it."""

    body: bytes
    context_tokens: int


class Shelf:
    """The stored responses, the newest `MAX_STORED` within `MAX_STORED_BYTES`."""

    def __init__(self) -> None:
        self._stored: OrderedDict[str, Stored] = OrderedDict()
        self._bytes = 0

    def put(self, scene: Scene) -> None:
        """Keep the response under its id, as it is at its end."""
        stored = Stored(msgspec.json.encode(finished(scene)), scene.tokens_in + scene.tokens_out)
        self._stored[response_id(scene)] = stored
        self._bytes += len(stored.body)
        while len(self._stored) > MAX_STORED or self._bytes > MAX_STORED_BYTES:
            self._bytes -= len(self._stored.popitem(last=False)[1].body)

    def get(self, identifier: str) -> Stored | None:
        return self._stored.get(identifier)

    def context_tokens(self, asked: Asked) -> int:
        """Return the tokens of the response that this request continues. Raises Refused if there is none."""
        if asked.previous is None:
            return 0
        if (stored := self.get(asked.previous)) is None:
            message = f"Previous response with id '{asked.previous}' not found."
            raise Refused(Failure(400, message, code="previous_response_not_found", param="previous_response_id"))
        return stored.context_tokens
