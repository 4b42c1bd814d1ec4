"""`POST /v1/responses`, streamed with every event and not."""

from collections.abc import Iterable, Mapping

import msgspec

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import NOTHING, Answer, Asked, Facts, Message, Prompt, Shaped

from .chat import MAX_OUTPUT_TOKENS, FaultBody, fault_of
from .members import (
    add_usage,
    answer_members,
    decoded,
    event_members,
    raw,
    read_members,
    rewritten,
    typed,
    within,
    write_members,
)
from .policy import apply_parameters, output_limit, refuse_other_tiers, write_limit

LIMITS = ("max_output_tokens",)
LEAST_OUTPUT_TOKENS = 1
LOCAL_TOOLS = frozenset({"function", "custom"})
"""Tools that the caller runs. Others run at the provider and feed it input whose size nobody here knows."""
UNFINISHED = frozenset({"queued", "in_progress"})
ENDINGS = frozenset({"response.completed", "response.incomplete"})


class _Tool(msgspec.Struct):
    type: str


class _Known(msgspec.Struct):
    input: str | list[msgspec.Raw] | None = None
    model: str = ""
    stream: bool | None = None
    background: bool | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    max_output_tokens: int | None = None
    tools: list[_Tool] | None = None
    service_tier: str | None = None


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = 0
    cache_write_tokens: int | None = 0


class _UsageBody(msgspec.Struct):
    input_tokens: int
    output_tokens: int = 0
    input_tokens_details: _InputDetails | None = None

    def usage(self) -> Usage:
        details = self.input_tokens_details or _InputDetails()
        return Usage(
            tokens_in=self.input_tokens,
            tokens_out=self.output_tokens,
            tokens_cached=min(details.cached_tokens or 0, self.input_tokens),
            cache_writes=details.cache_write_tokens or 0,
        )


class _Content(msgspec.Struct):
    text: str | None = None
    refusal: str | None = None


class _Output(msgspec.Struct):
    type: str = ""
    content: list[_Content] | None = None
    arguments: str | None = None


class _Response(msgspec.Struct):
    id: str | None = None
    status: str | None = None
    output: list[_Output] | None = None
    usage: _UsageBody | None = None
    error: FaultBody | str | None = None


class _Kind(msgspec.Struct):
    type: str = ""
    delta: object = None
    error: FaultBody | str | None = None


_KNOWN = msgspec.json.Decoder(_Known)
_KIND = msgspec.json.Decoder(_Kind)
_RESPONSE = msgspec.json.Decoder(_Response)


class _Ending(msgspec.Struct):
    response: _Response


class _Failure(msgspec.Struct):
    message: str | None = None
    code: str | int | None = None
    param: str | None = None
    error: FaultBody | str | None = None
    response: _Response | None = None


_ENDING = msgspec.json.Decoder(_Ending)
_FAILURE = msgspec.json.Decoder(_Failure)


class Responses:
    """The adapter for responses (ports/endpoint.py). Usage comes with the last event, asked for or not."""

    name = "responses"
    path = "/responses"
    ends_with_done = False

    def read(self, body: bytes) -> Asked:
        members = read_members(body)
        known = typed(_KNOWN, body)
        if known.input is None and "prompt" not in members:
            raise InvalidRequest("`input` is missing.", param="input")
        if known.background:
            raise InvalidRequest("`background: true` is not supported; leave it out.", param="background")
        within("max_output_tokens", known.max_output_tokens, LEAST_OUTPUT_TOKENS, MAX_OUTPUT_TOKENS)
        refuse_other_tiers(known.service_tier)
        parts, held = _other_parts(known.input) if _holds_more_than_text(body) else ((), False)
        hosted = any(tool.type not in LOCAL_TOOLS for tool in known.tools or [])
        return Asked(
            model=known.model,
            streamed=bool(known.stream),
            members=members,
            body_bytes=len(body),
            limit=known.max_output_tokens,
            usage_asked=True,
            parts=parts,
            previous=known.previous_response_id,
            stored=known.store is not False,
            held_elsewhere=held or hosted or any(name in members for name in ("conversation", "prompt")),
        )

    def shape(
        self, asked: Asked, deployment: Deployment, *, parameters: Parameters, output_tokens_max: int | None
    ) -> Shaped:
        members = dict(asked.members)
        members["model"] = raw(deployment.model)
        clamped = apply_parameters(members, parameters, deployment)
        limit = output_limit(asked, deployment, parameters, use_case_max=output_tokens_max)
        if asked.limit is not None and limit < asked.limit:
            clamped.append("max_output_tokens")
        bound = write_limit(members, LIMITS, "max_output_tokens", limit, deployment)
        return Shaped(write_members(members), bound, tuple(clamped))

    def scan(self, data: bytes) -> Facts:
        event = decoded(_KIND, data)
        if event.type.endswith(".delta"):
            text = event.delta if isinstance(event.delta, str) else ""
            return Facts(True, text) if event.delta else NOTHING
        if event.type in ENDINGS:
            response = decoded(_ENDING, data).response
            return Facts(
                finished=(0,),
                ended=True,
                usage=response.usage.usage() if response.usage else None,
                id=response.id,
            )
        if event.type in ("error", "response.failed") or event.error is not None:
            return _failed(decoded(_FAILURE, data))
        return NOTHING

    def scan_whole(self, body: bytes) -> Facts:
        response = decoded(_RESPONSE, body)
        fault = fault_of(response.error)
        if response.output is None and fault is None:
            raise ValueError("the answer has no `output`")
        if response.status in UNFINISHED:
            raise ValueError(f"the response is {response.status}: the answer was cut")
        return Facts(
            output=response.output is not None,
            text=_text_of(response.output or []),
            finished=(0,),
            ended=True,
            usage=response.usage.usage() if response.usage else None,
            fault=fault,
            id=response.id,
        )

    def prompt(self, asked: Asked) -> Prompt:
        if asked.previous is not None:
            raise InvalidRequest("Only the provider holds the previous response.", param="previous_response_id")
        items = _items(asked.members.get("input", b"null"))
        instructions = asked.members.get("instructions", b"null")
        system = msgspec.json.decode(instructions)
        head = (Message("system", system),) if isinstance(system, str) else ()
        schema, json_object = _text_format(asked.members.get("text"))
        return Prompt(
            messages=head + tuple(Message(item.role or "user", _item_text(item)) for item in items),
            schema=schema,
            json_object=json_object,
            tools="tools" in asked.members,
            unreadable=tuple(kind for item in items for kind in _item_kinds(item)),
        )

    def render(
        self, answer: Answer, asked: Asked, *, model: str, id_suffix: str, created: int
    ) -> Iterable[tuple[bytes, Facts]]:
        whole = _response_of(answer, model=model, id_suffix=id_suffix, created=created)
        facts = Facts(True, answer.text, finished=(0,), ended=True, usage=answer.usage, id=f"resp_{id_suffix}")
        if asked.streamed:
            yield from _stream_of(answer, whole, facts)
        else:
            yield raw(whole), facts

    def with_usage(self, body: bytes, usage: Usage, extra: Mapping[str, object]) -> bytes:
        return add_usage(body, _usage_body(usage), extra)

    def usage_event(self, event: bytes | None, usage: Usage, extra: Mapping[str, object]) -> bytes:
        if event is None:
            raise ValueError("a responses stream carries its usage in its last event")
        members = event_members(event)
        response = answer_members(members["response"])
        if response.get("usage", b"null") == b"null":
            response["usage"] = raw(_usage_body(usage))
        if extra:
            response["tollhouse"] = raw(extra)
        members["response"] = write_members(response)
        return rewritten(event, members)


def _failed(failure: _Failure) -> Facts:
    response = failure.response
    inner = failure.error or (response.error if response else None)
    own = FaultBody(message=failure.message, code=failure.code, param=failure.param)
    usage = response.usage.usage() if response and response.usage else None
    return Facts(fault=fault_of(inner or own), usage=usage)


def _text_of(outputs: list[_Output]) -> str:
    said = [content.text or content.refusal or "" for output in outputs for content in output.content or []]
    return "".join(said + [output.arguments or "" for output in outputs])


def _usage_body(usage: Usage) -> dict[str, object]:
    return {
        "input_tokens": usage.tokens_in,
        "input_tokens_details": {"cached_tokens": usage.tokens_cached},
        "output_tokens": usage.tokens_out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.tokens_in + usage.tokens_out,
    }


# --- what the input holds -------------------------------------------------------------------------------------------


class _Part(msgspec.Struct):
    type: str
    text: str = ""
    refusal: str = ""
    file_id: str | None = None


class _Item(msgspec.Struct):
    role: str | None = None
    type: str = "message"
    content: str | list[_Part] | None = None
    output: str | list[_Part] | None = None
    file_id: str | None = None


_ITEMS = msgspec.json.Decoder(str | list[_Item] | None)
_KINDS = {"input_image": "image", "input_audio": "audio", "input_file": "file"}
_TEXTS = frozenset({"input_text", "output_text", "text", "refusal", "summary_text"})


def _items(value: bytes) -> list[_Item]:
    try:
        items = _ITEMS.decode(value)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"`input`: {error}.", param="input") from None
    return [_Item(role="user", content=items)] if isinstance(items, str) else items or []


def _holds_more_than_text(body: bytes) -> bool:
    return b'"input_image"' in body or b'"input_audio"' in body or b'"input_file"' in body


def _other_parts(items: str | list[msgspec.Raw] | None) -> tuple[tuple[str, ...], bool]:
    if not isinstance(items, list):
        return (), False
    parts = [part for item in items for part in _item_parts(_items(b"[" + bytes(item) + b"]")[0])]
    return tuple(_KINDS[part.type] for part in parts if part.type in _KINDS), any(part.file_id for part in parts)


def _item_parts(item: _Item) -> list[_Part]:
    return [part for value in (item.content, item.output) if isinstance(value, list) for part in value]


def _item_kinds(item: _Item) -> list[str]:
    return [_KINDS.get(part.type, part.type) for part in _item_parts(item) if part.type not in _TEXTS]


def _item_text(item: _Item) -> str:
    texts = [value for value in (item.content, item.output) if isinstance(value, str)]
    return "\n".join(texts + [part.text or part.refusal for part in _item_parts(item) if part.type in _TEXTS])


class _Format(msgspec.Struct):
    type: str = "text"
    schema: dict[str, object] | None = None


class _TextOptions(msgspec.Struct):
    format: _Format | None = None


def _text_format(value: bytes | None) -> tuple[Mapping[str, object] | None, bool]:
    if value is None or value == b"null":
        return None, False
    try:
        asked = msgspec.json.decode(value, type=_TextOptions).format or _Format()
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"`text`: {error}.", param="text") from None
    return asked.schema, asked.type == "json_object"


# --- answers of our own ---------------------------------------------------------------------------------------------


def _response_of(answer: Answer, *, model: str, id_suffix: str, created: int) -> dict[str, object]:
    """Write a finished response. It says `store: false`: an answer of ours is not kept for later."""
    return {
        "id": f"resp_{id_suffix}",
        "object": "response",
        "created_at": created,
        "status": "completed" if answer.finish_reason == "stop" else "incomplete",
        "error": None,
        "incomplete_details": None if answer.finish_reason == "stop" else {"reason": "max_output_tokens"},
        "instructions": None,
        "metadata": {},
        "model": model,
        "output": [_message_of(answer.text, id_suffix, "completed")],
        "parallel_tool_calls": True,
        "store": False,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "usage": _usage_body(answer.usage),
    }


def _message_of(text: str | None, id_suffix: str, status: str) -> dict[str, object]:
    content = [] if text is None else [_part_of(text)]
    return {"id": f"msg_{id_suffix}", "type": "message", "role": "assistant", "status": status, "content": content}


def _part_of(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _stream_of(answer: Answer, whole: dict[str, object], facts: Facts) -> Iterable[tuple[bytes, Facts]]:
    suffix = str(whole["id"]).removeprefix("resp_")
    begun = {**whole, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    place = {"item_id": f"msg_{suffix}", "output_index": 0, "content_index": 0}
    ending = "response.completed" if answer.finish_reason == "stop" else "response.incomplete"
    events: list[tuple[str, dict[str, object], Facts]] = [
        ("response.created", {"response": begun}, NOTHING),
        ("response.in_progress", {"response": begun}, NOTHING),
        (
            "response.output_item.added",
            {"output_index": 0, "item": _message_of(None, suffix, "in_progress")},
            NOTHING,
        ),
        ("response.content_part.added", {**place, "part": _part_of("")}, NOTHING),
        (
            "response.output_text.delta",
            {**place, "delta": answer.text, "logprobs": []},
            Facts(output=True, text=answer.text),
        ),
        ("response.output_text.done", {**place, "text": answer.text, "logprobs": []}, NOTHING),
        ("response.content_part.done", {**place, "part": _part_of(answer.text)}, NOTHING),
        (
            "response.output_item.done",
            {"output_index": 0, "item": _message_of(answer.text, suffix, "completed")},
            NOTHING,
        ),
        (ending, {"response": whole}, Facts(finished=(0,), ended=True, usage=facts.usage, id=facts.id)),
    ]
    for number, (kind, members, told) in enumerate(events):
        data = raw({"type": kind, "sequence_number": number, **members})
        yield b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n", told
