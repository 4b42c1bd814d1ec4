"""`POST /v1/chat/completions`."""

from collections.abc import Iterable, Mapping

import msgspec

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import NOTHING, Answer, Asked, Facts, Message, Prompt, ProviderFault, Shaped

from .members import add_usage, decoded, event_members, raw, read_members, typed, within, write_members
from .policy import apply_parameters, output_limit, refuse_other_tiers, write_limit

MAX_CHOICES = 128
MAX_OUTPUT_TOKENS = 2**31 - 1
LIMITS = ("max_completion_tokens", "max_tokens")


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Known(msgspec.Struct):
    messages: list[msgspec.Raw]
    model: str = ""
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    service_tier: str | None = None


class _PromptTokens(msgspec.Struct):
    cached_tokens: int | None = 0
    audio_tokens: int | None = 0
    cache_write_tokens: int | None = 0


class _CompletionTokens(msgspec.Struct):
    audio_tokens: int | None = 0


class UsageBody(msgspec.Struct):
    """Usage as chat and text completions give it."""

    prompt_tokens: int
    completion_tokens: int = 0
    prompt_tokens_details: _PromptTokens | None = None
    completion_tokens_details: _CompletionTokens | None = None

    def usage(self) -> Usage:
        before = self.prompt_tokens_details or _PromptTokens()
        after = self.completion_tokens_details or _CompletionTokens()
        return Usage(
            tokens_in=self.prompt_tokens,
            tokens_out=self.completion_tokens,
            tokens_cached=min(before.cached_tokens or 0, self.prompt_tokens),
            audio_in=before.audio_tokens or 0,
            cache_writes=before.cache_write_tokens or 0,
            audio_out=min(after.audio_tokens or 0, self.completion_tokens),
        )


class FaultBody(msgspec.Struct):
    """An error object; some providers send numbers as codes, some a bare string."""

    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    param: str | None = None

    def fault(self) -> ProviderFault:
        return ProviderFault(
            self.message or "The provider reported an error.", self.type, _text_or_none(self.code), self.param
        )


def _text_or_none(value: str | int | None) -> str | None:
    return None if value is None else str(value)


class _Delta(msgspec.Struct):
    content: str | list[msgspec.Raw] | None = None
    reasoning_content: str | None = None
    refusal: str | None = None
    tool_calls: msgspec.Raw = msgspec.Raw()
    function_call: msgspec.Raw = msgspec.Raw()
    audio: msgspec.Raw = msgspec.Raw()


class _ChunkChoice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_ChunkChoice] | None = None
    usage: UsageBody | None = None
    error: FaultBody | str | None = None


class _Said(msgspec.Struct):
    content: str | list[msgspec.Raw] | None = None
    refusal: str | None = None
    tool_calls: msgspec.Raw = msgspec.Raw()


class _WholeChoice(msgspec.Struct):
    index: int = 0
    message: _Said | None = None
    finish_reason: str | None = None


class _Whole(msgspec.Struct):
    choices: list[_WholeChoice] | None = None
    usage: UsageBody | None = None
    error: FaultBody | str | None = None


_KNOWN = msgspec.json.Decoder(_Known)
_CHUNK = msgspec.json.Decoder(_Chunk)
_WHOLE = msgspec.json.Decoder(_Whole)
_NUMBER: msgspec.json.Decoder[int | None] = msgspec.json.Decoder(int | None)


def fault_of(error: FaultBody | str | None) -> ProviderFault | None:
    if error is None:
        return None
    return ProviderFault(error) if isinstance(error, str) else error.fault()


class Chat:
    """The adapter for chat completions (ports/endpoint.py)."""

    name = "chat.completions"
    path = "/chat/completions"
    ends_with_done = True

    def read(self, body: bytes) -> Asked:
        members = read_members(body)
        known = typed(_KNOWN, body)
        if not known.messages:
            raise InvalidRequest("`messages` must hold at least one message.", param="messages")
        within("n", known.n, 1, MAX_CHOICES)
        refuse_other_tiers(known.service_tier)
        for name, value in (("max_tokens", known.max_tokens), ("max_completion_tokens", known.max_completion_tokens)):
            within(name, value, 1, MAX_OUTPUT_TOKENS)
        parts, held = _other_parts(known.messages) if _holds_more_than_text(body) else ((), False)
        return Asked(
            model=known.model,
            streamed=bool(known.stream),
            members=members,
            body_bytes=len(body),
            limit=known.max_completion_tokens or known.max_tokens,
            choices=known.n or 1,
            usage_asked=bool(known.stream_options and known.stream_options.include_usage),
            parts=parts,
            held_elsewhere=held or "web_search_options" in members,
        )

    def shape(
        self, asked: Asked, deployment: Deployment, *, parameters: Parameters, output_tokens_max: int | None
    ) -> Shaped:
        members = dict(asked.members)
        members["model"] = raw(deployment.model)
        clamped = apply_parameters(members, parameters, deployment)
        limit = output_limit(asked, deployment, parameters, use_case_max=output_tokens_max)
        if asked.limit is not None and limit < asked.limit:
            clamped.append(next(name for name in LIMITS if name in asked.members))
        bound = write_limit(members, LIMITS, deployment.limit_parameter, limit, deployment)
        if asked.streamed and "stream_options" not in deployment.refuses:
            members["stream_options"] = _with_usage(members.get("stream_options"))
        choices = (_NUMBER.decode(members["n"]) if "n" in members else None) or 1
        return Shaped(write_members(members), bound * choices, tuple(clamped), choices)

    def scan(self, data: bytes) -> Facts:
        chunk = decoded(_CHUNK, data)
        choices = chunk.choices
        if choices is not None and len(choices) == 1 and chunk.usage is None and chunk.error is None:
            choice = choices[0]
            text, output = _output_of(choice.delta)
            if choice.finish_reason is None:
                return Facts(output, text) if output else NOTHING
        return _facts_of(chunk)

    def scan_whole(self, body: bytes) -> Facts:
        whole = decoded(_WHOLE, body)
        fault = fault_of(whole.error)
        if whole.choices is None and fault is None:
            raise ValueError("the answer has no `choices`")
        texts, finished = [], []
        for choice in whole.choices or []:
            if choice.finish_reason is None:
                raise ValueError("a choice has no `finish_reason`: the answer was cut")
            texts.append(_said(choice.message))
            finished.append(choice.index)
        return Facts(
            output=bool(finished),
            text="".join(texts),
            finished=tuple(finished),
            ended=True,
            usage=whole.usage.usage() if whole.usage else None,
            fault=fault,
        )

    def prompt(self, asked: Asked) -> Prompt:
        messages = _messages(asked.members["messages"])
        schema, json_object = _response_format(asked.members.get("response_format"))
        return Prompt(
            messages=tuple(Message(message.role, _text(message.content)) for message in messages),
            schema=schema,
            json_object=json_object,
            tools=any(name in asked.members for name in ("tools", "functions")),
            unreadable=tuple(kind for message in messages for kind in _kinds(message.content)),
        )

    def render(
        self, answer: Answer, asked: Asked, *, model: str, id_suffix: str, created: int
    ) -> Iterable[tuple[bytes, Facts]]:
        head = {"id": f"chatcmpl-{id_suffix}", "created": created, "model": model}
        return _render_stream(answer, head) if asked.streamed else _render_whole(answer, head)

    def with_usage(self, body: bytes, usage: Usage, extra: Mapping[str, object]) -> bytes:
        return add_usage(body, usage_body(usage), extra)

    def usage_event(self, event: bytes | None, usage: Usage, extra: Mapping[str, object]) -> bytes:
        return last_chunk(event, "chat.completion.chunk", usage, extra)


def usage_body(usage: Usage) -> dict[str, object]:
    """Write usage as chat and text completions do."""
    return {
        "prompt_tokens": usage.tokens_in,
        "completion_tokens": usage.tokens_out,
        "total_tokens": usage.tokens_in + usage.tokens_out,
        "prompt_tokens_details": {"cached_tokens": usage.tokens_cached},
    }


def last_chunk(event: bytes | None, kind: str, usage: Usage, extra: Mapping[str, object]) -> bytes:
    """Write the usage chunk that ends a stream: the provider's own amended, or a new one of this `object` kind."""
    if event is None:
        members = {"object": raw(kind), "choices": b"[]", "usage": raw(usage_body(usage))}
    else:
        members = event_members(event)
    if extra:
        members["tollhouse"] = raw(extra)
    return b"data: " + write_members(members) + b"\n\n"


def _facts_of(chunk: _Chunk) -> Facts:
    choices = chunk.choices or []
    outputs = [_output_of(choice.delta) for choice in choices]
    return Facts(
        output=any(output for _, output in outputs),
        text="".join([text for text, _ in outputs]),
        finished=tuple(choice.index for choice in choices if choice.finish_reason),
        usage=chunk.usage.usage() if chunk.usage else None,
        usage_only=chunk.usage is not None and not choices,
        fault=fault_of(chunk.error),
    )


def _output_of(delta: _Delta | None) -> tuple[str, bool]:
    if delta is None:
        return "", False
    text = _plain(delta.content) or delta.reasoning_content or delta.refusal or ""
    calls = bytes(delta.tool_calls) + bytes(delta.function_call) + bytes(delta.audio)
    if calls and calls != b"null":
        return text + calls.decode(errors="replace"), True
    return text, bool(text)


def _plain(content: str | list[msgspec.Raw] | None) -> str:
    """Some providers write content as a list of parts; its raw JSON counts as output just as well."""
    if isinstance(content, list):
        return "".join([bytes(part).decode() for part in content])
    return content or ""


def _said(said: _Said | None) -> str:
    if said is None:
        return ""
    calls = bytes(said.tool_calls)
    return _plain(said.content) + (said.refusal or "") + (calls.decode() if calls and calls != b"null" else "")


def _with_usage(options: bytes | None) -> bytes:
    members = read_members(options) if options and options != b"null" else {}
    members["include_usage"] = b"true"
    return write_members(members)


# --- what the messages hold -----------------------------------------------------------------------------------------


class _File(msgspec.Struct):
    file_id: str | None = None


class _Part(msgspec.Struct):
    type: str
    text: str = ""
    refusal: str = ""
    file: _File | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None


_MESSAGES = msgspec.json.Decoder(list[_Message])
_KINDS = {"image_url": "image", "input_audio": "audio", "file": "file"}


def _messages(value: bytes) -> list[_Message]:
    try:
        return _MESSAGES.decode(value)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"`messages`: {error}.", param="messages") from None


def _holds_more_than_text(body: bytes) -> bool:
    """A body without any of these marks holds text only, and nobody has to look at each part."""
    return b'"image_url"' in body or b'"input_audio"' in body or b'"file"' in body


def _other_parts(messages: list[msgspec.Raw]) -> tuple[tuple[str, ...], bool]:
    parts = [part for message in messages for part in _parts(_messages(b"[" + bytes(message) + b"]")[0].content)]
    kinds = tuple(_KINDS[part.type] for part in parts if part.type in _KINDS)
    return kinds, any(part.file is not None and part.file.file_id for part in parts)


def _parts(content: str | list[_Part] | None) -> list[_Part]:
    return content if isinstance(content, list) else []


def _kinds(content: str | list[_Part] | None) -> list[str]:
    return [_KINDS.get(part.type, part.type) for part in _parts(content) if part.type not in ("text", "refusal")]


def _text(content: str | list[_Part] | None) -> str:
    if isinstance(content, list):
        return "\n".join(part.text or part.refusal for part in content if part.type in ("text", "refusal"))
    return content or ""


class _JsonSchema(msgspec.Struct):
    schema: dict[str, object] | None = None


class _ResponseFormat(msgspec.Struct):
    type: str
    json_schema: _JsonSchema | None = None


def _response_format(value: bytes | None) -> tuple[Mapping[str, object] | None, bool]:
    if value is None or value == b"null":
        return None, False
    try:
        asked = msgspec.json.decode(value, type=_ResponseFormat)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"`response_format`: {error}.", param="response_format") from None
    return (asked.json_schema.schema if asked.json_schema else None), asked.type == "json_object"


# --- answers of our own ---------------------------------------------------------------------------------------------


def _render_whole(answer: Answer, head: Mapping[str, object]) -> Iterable[tuple[bytes, Facts]]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": answer.text, "refusal": None},
        "logprobs": None,
        "finish_reason": answer.finish_reason,
    }
    body = {**head, "object": "chat.completion", "choices": [choice], "usage": usage_body(answer.usage)}
    yield raw(body), Facts(output=True, text=answer.text, finished=(0,), ended=True, usage=answer.usage)


def _render_stream(answer: Answer, head: Mapping[str, object]) -> Iterable[tuple[bytes, Facts]]:
    def chunk(delta: Mapping[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return b"data: " + raw({**head, "object": "chat.completion.chunk", "choices": [choice]}) + b"\n\n"

    yield chunk({"role": "assistant", "content": ""}), NOTHING
    yield chunk({"content": answer.text}), Facts(output=True, text=answer.text)
    yield chunk({}, answer.finish_reason), Facts(finished=(0,))
    last = {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage_body(answer.usage)}
    yield b"data: " + raw(last) + b"\n\n", Facts(usage=answer.usage, usage_only=True)
