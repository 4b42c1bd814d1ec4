"""An answer to `POST /v1/completions`: a chunk of a stream and the whole have one shape."""

import msgspec

from .form import (
    ANSWER_MAX_BYTES,
    RAWS,
    Folding,
    Raws,
    Said,
    Unkept,
    data_of,
    decoded,
    encode,
    pieces,
    sse,
    with_id,
)

HEAD = ("id", "object", "created", "model", "system_fingerprint")

_NULL = b"null"


class Completions:
    """See `form.Form`."""

    framing = frozenset({"model", "stream", "stream_options", "user"})

    def folding(self) -> Folding:
        return _Folding()

    def read(self, whole: bytes) -> Said:
        choice = _choice(whole)
        if choice.finish_reason != "stop":
            raise Unkept(f"the answer ended with {choice.finish_reason!r}")
        if not choice.text:
            raise Unkept("the answer has no text")
        return Said(choice.text)

    def again(self, whole: bytes, suffix: str) -> bytes:
        return with_id(whole, f"cmpl-{suffix}")

    def stream(self, whole: bytes, suffix: str, *, usage_asked: bool) -> list[bytes]:
        members, choice = RAWS.decode(whole), _choice(whole)
        head: dict[str, object] = {name: members[name] for name in HEAD if name in members}
        head["id"] = f"cmpl-{suffix}"
        none: dict[str, object] = {"usage": None} if usage_asked else {}

        def event(text: str, logprobs: object = None, finish: str | None = None) -> bytes:
            said = {"index": 0, "text": text, "logprobs": logprobs, "finish_reason": finish}
            return sse({**head, "choices": [said], **none})

        if bytes(choice.logprobs) != _NULL:
            events = [event(choice.text or "", choice.logprobs)]
        else:
            events = [event(piece) for piece in pieces(choice.text or "")]
        events.append(event("", None, choice.finish_reason))
        if usage_asked:
            events.append(sse({**head, "choices": [], "usage": members.get("usage")}))
        return events


class _Choice(msgspec.Struct):
    index: int = 0
    text: str | None = None
    finish_reason: str | None = None
    logprobs: msgspec.Raw = msgspec.Raw(_NULL)


class _Body(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw(_NULL)


_BODY = msgspec.json.Decoder(_Body)


def _choice(whole: bytes) -> _Choice:
    choices = decoded(_BODY, whole).choices or []
    if len(choices) != 1 or choices[0].index != 0:
        raise Unkept(f"the answer has {len(choices)} choices")
    return choices[0]


class _Folding:
    """See `form.Folding`. Logarithms of probabilities come in lists that nobody tells us how to join: not kept."""

    def __init__(self) -> None:
        self._head: Raws = {}
        self._usage = msgspec.Raw(_NULL)
        self._text = bytearray()
        self._finish: str | None = None

    def add(self, event: bytes) -> None:
        data = data_of(event)
        body = decoded(_BODY, data)
        if not self._head:
            self._head = {name: value for name, value in decoded(RAWS, data).items() if name in HEAD}
        if bytes(body.usage) != _NULL:
            self._usage = body.usage
        for choice in body.choices or ():
            if choice.index or bytes(choice.logprobs) != _NULL:
                raise Unkept("the answer has several choices, or logarithms of probabilities")
            self._text += (choice.text or "").encode()
            self._finish = choice.finish_reason or self._finish
        if len(self._text) > ANSWER_MAX_BYTES:
            raise Unkept("the answer is too long")

    def whole(self) -> bytes:
        choice = {"index": 0, "text": self._text.decode(), "logprobs": None, "finish_reason": self._finish}
        whole: dict[str, object] = {**self._head, "choices": [choice]}
        if bytes(self._usage) != _NULL:
            whole["usage"] = self._usage
        return encode(whole)
