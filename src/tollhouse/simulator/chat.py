"""POST /v1/chat/completions."""

from collections.abc import Iterator

import msgspec

from .asked import (
    MAX_CHOICES,
    Asked,
    Content,
    Reader,
    Refused,
    at_least,
    bounded_schema,
    of_raw,
    text_and_tokens,
    tool_to_call,
)
from .failures import invalid
from .said import Said, interleaved
from .scene import FINGERPRINT, Frame, Scene, usage_chunks, usage_of, with_usage


class Message(msgspec.Struct):
    role: str
    content: Content = None
    tool_calls: msgspec.Raw = msgspec.Raw()


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class JsonSchema(msgspec.Struct):
    schema: msgspec.Raw = msgspec.Raw()


class ResponseFormat(msgspec.Struct):
    type: str = "text"
    json_schema: JsonSchema | None = None


class ChatBody(msgspec.Struct):
    messages: list[Message]
    model: str = ""
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    n: int | None = None
    tools: list[msgspec.Raw] | None = None
    tool_choice: msgspec.Raw = msgspec.Raw()
    response_format: msgspec.Raw = msgspec.Raw()


_BODIES = Reader(ChatBody)
_FORMATS = Reader(ResponseFormat)


class ChatCompletions:
    """See `scene.Endpoint`."""

    name = "chat/completions"

    def read(self, body: bytes, model: str | None) -> Asked:
        sent = _BODIES.read(body)
        if not sent.messages:
            raise Refused(invalid("Invalid 'messages': empty array.", param="messages", code="empty_array"))
        text, tokens_in = _conversation(sent.messages)
        after_tool = sent.messages[-1].role == "tool"
        return Asked(
            endpoint=self.name,
            model=sent.model or model or "",
            text=text,
            prompts=(text,),
            tokens_in=tokens_in + of_raw(sent.response_format, *sent.tools or ()),
            stream=sent.stream or False,
            include_usage=bool(sent.stream_options and sent.stream_options.include_usage),
            limit=_limit(sent),
            n=at_least("n", sent.n, 1, MAX_CHOICES) or 1,
            tool=None if after_tool else tool_to_call(sent.tools, sent.tool_choice),
            schema=_schema(sent.response_format),
            prefilled=sent.messages[-1].role == "assistant",
        )

    def body(self, scene: Scene) -> bytes:
        answer: dict[str, object] = {
            "id": f"chatcmpl-{scene.number}",
            "object": "chat.completion",
            "created": scene.created,
            "model": scene.asked.model,
            "choices": [_choice(scene, index, said) for index, said in enumerate(scene.said)],
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        }
        return with_usage(answer, usage_of(scene), scene.form)

    def frames(self, scene: Scene) -> Iterator[Frame]:
        chunk: dict[str, object] = {
            "id": f"chatcmpl-{scene.number}",
            "object": "chat.completion.chunk",
            "created": scene.created,
            "model": scene.asked.model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        }
        usage: dict[str, object] = {"usage": None} if scene.asked.include_usage else {}

        def frame(index: int, delta: dict[str, object], made: int, kind: str, finish: str | None = None) -> Frame:
            choice = {"index": index, "delta": delta, "finish_reason": finish}
            return Frame(msgspec.json.encode({**chunk, "choices": [choice], **usage}), made, kind)

        for index, said in enumerate(scene.said):
            yield frame(index, _opening(scene, index, said), 0, "output" if said.tool else "start")
        for index, piece, made in interleaved(scene.said):
            yield frame(index, _delta(scene.said[index], piece), made, "output")
        made = scene.tokens_out
        for index, said in enumerate(scene.said if scene.form.finish else ()):
            yield frame(index, {}, made, "end", said.finish)
        if scene.asked.include_usage:
            yield from usage_chunks(chunk, usage_of(scene), scene.form, made)
        if scene.form.done:
            yield Frame(b"[DONE]", made, "end")


def _conversation(messages: list[Message]) -> tuple[str, int]:
    """Return the text of the last user message (or the last message, if no user spoke), and the tokens of all."""
    last, user, total = "", None, 0
    for message in messages:
        last, spent = text_and_tokens(message.content)
        total += spent + of_raw(message.tool_calls)
        if message.role == "user":
            user = last
    return (last if user is None else user), total


def _limit(sent: ChatBody) -> int | None:
    newer = at_least("max_completion_tokens", sent.max_completion_tokens, 1)
    older = at_least("max_tokens", sent.max_tokens, 1)
    return newer if newer is not None else older


def _schema(raw: msgspec.Raw) -> bytes | None:
    if not bytes(raw) or bytes(raw) == b"null":
        return None
    wanted = _FORMATS.read(bytes(raw))
    return bounded_schema(wanted.json_schema.schema) if wanted.json_schema else None


def _choice(scene: Scene, index: int, said: Said) -> dict[str, object]:
    message: dict[str, object] = {
        "role": "assistant",
        "content": None if said.tool or said.refused else said.text,
        "refusal": said.text if said.refused else None,
        "annotations": [],
    }
    if said.tool:
        function = {"name": said.tool, "arguments": said.text}
        message["tool_calls"] = [{"id": _call_id(scene, index), "type": "function", "function": function}]
    finish = said.finish if scene.form.finish else None
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish}


def _opening(scene: Scene, index: int, said: Said) -> dict[str, object]:
    if not said.tool:
        return {"role": "assistant", "content": None if said.refused else "", "refusal": None}
    function = {"name": said.tool, "arguments": ""}
    call = {"index": 0, "id": _call_id(scene, index), "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None}


def _delta(said: Said, piece: str) -> dict[str, object]:
    if said.tool:
        return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
    return {"refusal": piece} if said.refused else {"content": piece}


def _call_id(scene: Scene, index: int) -> str:
    return f"call_{scene.number}x{index}"
