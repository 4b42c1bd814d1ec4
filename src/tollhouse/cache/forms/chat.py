"""An answer to `POST /v1/chat/completions`."""

from collections.abc import Iterator, Mapping

import msgspec

from .form import (
    ANSWER_MAX_BYTES,
    RAWS,
    Folding,
    Raws,
    Said,
    Unkept,
    a_list,
    check_arguments,
    data_of,
    decoded,
    encode,
    is_empty,
    pieces,
    sse,
    with_id,
)

HEAD = ("id", "created", "model", "service_tier", "system_fingerprint")
"""What of an answer stands on every chunk. Other members beside `choices` and `usage` are the provider's own and go."""
FINISHED = frozenset({"stop", "tool_calls", "function_call"})
"""How a complete answer ends. `length` is cut, `content_filter` refused."""
TEXTS = ("content", "reasoning_content", "reasoning")
"""What a message says, under the names that providers use."""

_NULL = b"null"


class Chat:
    """See `form.Form`. A whole answer is one `chat.completion`."""

    framing = frozenset(
        {"model", "stream", "stream_options", "store"}
        | {"user", "safety_identifier", "metadata", "prompt_cache_key", "prompt_cache_retention"}
    )

    def folding(self) -> Folding:
        return _Folding()

    def read(self, whole: bytes) -> Said:
        choice = _choice(whole)
        message = choice.message or {}
        if choice.finish_reason not in FINISHED:
            raise Unkept(f"the answer ended with {choice.finish_reason!r}")
        for name, value in message.items():
            if name not in ("role", "tool_calls", "function_call", *TEXTS) and not is_empty(value):
                raise Unkept(f"the message has a member `{name}`")
        calls = [*a_list(message.get("tool_calls")), *_legacy(message)]
        for call in calls:
            _check_call(call)
        text = message.get("content") or ""
        if not isinstance(text, str) or not (text or calls):
            raise Unkept("the answer has no text")
        return Said(text, bool(calls))

    def again(self, whole: bytes, suffix: str) -> bytes:
        return with_id(whole, f"chatcmpl-{suffix}")

    def stream(self, whole: bytes, suffix: str, *, usage_asked: bool) -> list[bytes]:
        members = RAWS.decode(whole)
        head: dict[str, object] = {"id": f"chatcmpl-{suffix}", "object": "chat.completion.chunk"}
        head |= {name: members[name] for name in HEAD[1:] if name in members}
        none: dict[str, object] = {"usage": None} if usage_asked else {}
        choice = _choice(whole)
        events = [sse({**head, "choices": [piece], **none}) for piece in _pieces(choice)]
        if usage_asked:
            events.append(sse({**head, "choices": [], "usage": members.get("usage")}))
        return events


class _Choice(msgspec.Struct):
    index: int = 0
    message: dict[str, object] | None = None
    finish_reason: str | None = None
    logprobs: msgspec.Raw = msgspec.Raw(_NULL)


class _Whole(msgspec.Struct):
    choices: list[_Choice] | None = None


_WHOLE = msgspec.json.Decoder(_Whole)


def _choice(whole: bytes) -> _Choice:
    """Return the only choice. Raises Unkept if there is none or another."""
    choices = decoded(_WHOLE, whole).choices or []
    if len(choices) != 1 or choices[0].index != 0:
        raise Unkept(f"the answer has {len(choices)} choices")
    return choices[0]


def _legacy(message: Mapping[str, object]) -> list[object]:
    """The one call of a message as it was written before there were several."""
    call = message.get("function_call")
    return [] if is_empty(call) else [{"type": "function", "function": call}]


def _check_call(call: object) -> None:
    if not isinstance(call, dict):
        raise Unkept("a tool call is no object")
    function, custom = call.get("function"), call.get("custom")
    if isinstance(function, dict):
        check_arguments(function.get("arguments"))
    elif not (isinstance(custom, dict) and isinstance(custom.get("input"), str)):
        raise Unkept(f"a tool call is of the type {call.get('type')!r}")


def _pieces(choice: _Choice) -> Iterator[Mapping[str, object]]:
    """Yield what the chunks of a stream say: who speaks, what is said, how it ended."""
    message = choice.message or {}

    def piece(delta: Mapping[str, object], logprobs: object = None, finish: str | None = None) -> Mapping[str, object]:
        return {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}

    content = message.get("content")
    yield piece({"role": "assistant", "content": "" if isinstance(content, str) else None, "refusal": None})
    for name in reversed(TEXTS):  # a model thinks before it speaks
        text = message.get(name)
        if not isinstance(text, str) or not text:
            continue
        if name == "content" and bytes(choice.logprobs) != _NULL:
            yield piece({name: text}, choice.logprobs)
        else:
            yield from (piece({name: part}) for part in pieces(text))
    for index, call in enumerate(a_list(message.get("tool_calls"))):
        assert isinstance(call, dict), "a tool call was read before it was kept"
        yield piece({"tool_calls": [{"index": index, **call}]})
    if not is_empty(message.get("function_call")):
        yield piece({"function_call": message["function_call"]})
    yield piece({}, None, choice.finish_reason)


# --- from a stream --------------------------------------------------------------------------------------------------


class _Logprobs(msgspec.Struct):
    content: list[msgspec.Raw] | None = None
    refusal: list[msgspec.Raw] | None = None


class _Delta(msgspec.Struct):
    index: int = 0
    delta: dict[str, object] | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Delta] | None = None
    usage: msgspec.Raw = msgspec.Raw(_NULL)


_CHUNK = msgspec.json.Decoder(_Chunk)


class _Folding:
    """See `form.Folding`. Text is kept as bytes: a list of its pieces would be ten times as large."""

    def __init__(self) -> None:
        self._head: Raws = {}
        self._usage = msgspec.Raw(_NULL)
        self._texts: dict[str, bytearray] = {}
        self._calls: dict[int, _Call] = {}
        self._legacy: _Call | None = None
        self._logprobs: list[msgspec.Raw] = []
        self._finish: str | None = None
        self._bytes = 0

    def add(self, event: bytes) -> None:
        data = data_of(event)
        chunk = decoded(_CHUNK, data)
        if not self._bytes:  # until it says something
            self._take_head(data)
        if bytes(chunk.usage) != _NULL:
            self._usage = chunk.usage
        for choice in chunk.choices or ():
            if choice.index:
                raise Unkept("the answer has several choices")
            self._take(choice)

    def whole(self) -> bytes:
        message: dict[str, object] = {"role": "assistant", "content": None, "refusal": None}
        message |= {name: text.decode() for name, text in self._texts.items()}
        if self._calls:
            message["tool_calls"] = [self._calls[index].written() for index in sorted(self._calls)]
        if self._legacy is not None:
            message["function_call"] = self._legacy.function()
        logprobs = {"content": self._logprobs, "refusal": None} if self._logprobs else None
        choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": self._finish}
        whole: dict[str, object] = {**self._head, "object": "chat.completion", "choices": [choice]}
        if bytes(self._usage) != _NULL:
            whole["usage"] = self._usage
        return encode(whole)

    def _take_head(self, data: bytes) -> None:
        """The first chunk that names a thing counts; some providers send one before with nothing but empty names."""
        for name, value in decoded(RAWS, data).items():
            if name in HEAD and bytes(value) not in (_NULL, b'""'):
                self._head.setdefault(name, value)

    def _take(self, choice: _Delta) -> None:
        for name, value in (choice.delta or {}).items():
            if is_empty(value) or name == "role":
                continue
            if name in TEXTS and isinstance(value, str):
                self._say(name, value)
            elif name == "tool_calls":
                for piece in a_list(value):
                    self._call(piece)
            elif name == "function_call":
                self._legacy = self._legacy or _Call()
                self._bytes += self._legacy.add_function(value)
            else:
                raise Unkept(f"a chunk has a member `{name}`")
        if choice.logprobs is not None:
            self._weigh(choice.logprobs)
        self._finish = choice.finish_reason or self._finish
        if self._bytes > ANSWER_MAX_BYTES:
            raise Unkept("the answer is too long")

    def _say(self, name: str, text: str) -> None:
        said = self._texts.setdefault(name, bytearray())
        before = len(said)
        said += text.encode()
        self._bytes += len(said) - before

    def _call(self, piece: object) -> None:
        if not isinstance(piece, dict) or not isinstance(piece.get("index"), int):
            raise Unkept("a tool call has no place")
        self._bytes += self._calls.setdefault(piece["index"], _Call()).add(piece)

    def _weigh(self, logprobs: _Logprobs) -> None:
        if logprobs.refusal:
            raise Unkept("the answer is a refusal")
        for value in logprobs.content or ():
            self._logprobs.append(msgspec.Raw(bytes(value)))  # a copy, so that the chunk may go
            self._bytes += len(bytes(value))


class _Call:
    """One tool call, piece by piece: names come once, arguments (or a custom tool's input) in pieces."""

    __slots__ = ("_names", "_text")

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._text = bytearray()

    def add(self, piece: Mapping[str, object]) -> int:
        """Return how many bytes it grew by."""
        grown = 0
        for name, value in piece.items():
            if name == "index" or is_empty(value):
                continue
            if name in ("id", "type"):
                self._name(name, value)
            elif name == "function":
                grown += self.add_function(value)
            elif name == "custom":
                grown += self._add(value, "input")
            else:
                raise Unkept(f"a tool call has a member `{name}`")
        return grown

    def add_function(self, value: object) -> int:
        return self._add(value, "arguments")

    def written(self) -> dict[str, object]:
        kind = self._names.get("type", "function")
        body = self.function() if kind == "function" else {"name": self._names.get("name"), "input": self._said}
        return {"id": self._names.get("id"), "type": kind, kind: body}

    def function(self) -> dict[str, object]:
        return {"name": self._names.get("name"), "arguments": self._said}

    @property
    def _said(self) -> str:
        return self._text.decode()

    def _add(self, value: object, text: str) -> int:
        if not isinstance(value, dict):
            raise Unkept("a tool call is no object")
        before = len(self._text)
        for name, part in value.items():
            if name == text and isinstance(part, str):
                self._text += part.encode()
            elif name == "name":
                self._name(name, part)
            elif not is_empty(part):
                raise Unkept(f"a tool call has a member `{name}`")
        return len(self._text) - before

    def _name(self, name: str, value: object) -> None:
        """Some providers repeat a name on every chunk; two different ones cannot be put together."""
        if is_empty(value):
            return
        if not isinstance(value, str) or self._names.setdefault(name, value) != value:
            raise Unkept(f"a tool call has several of `{name}`")
