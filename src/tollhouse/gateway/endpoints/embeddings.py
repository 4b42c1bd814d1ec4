"""`POST /v1/embeddings`: input only, nothing written, no output bound."""

import msgspec

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.wire import Asked, Facts, Message, Prompt

from .chat import FaultBody, UsageBody, fault_of
from .input_only import InputOnly, facts_of
from .members import decoded, read_members, typed, write_members


class _Known(msgspec.Struct):
    input: str | list[str | int | list[int]]
    model: str = ""


class _Body(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    usage: UsageBody | None = None
    error: FaultBody | str | None = None


_KNOWN = msgspec.json.Decoder(_Known)
_BODY = msgspec.json.Decoder(_Body)


class Embeddings(InputOnly):
    """The adapter for embeddings (ports/endpoint.py)."""

    name = "embeddings"
    path = "/embeddings"

    def read(self, body: bytes) -> Asked:
        members = read_members(body)
        known = typed(_KNOWN, body)
        if not known.input:
            raise InvalidRequest("`input` is empty.", param="input")
        return Asked(model=known.model, streamed=False, members=members, body_bytes=len(body))

    def scan_whole(self, body: bytes) -> Facts:
        whole = decoded(_BODY, body)
        if whole.data is None and whole.error is None:
            raise ValueError("the answer has no `data`")
        return facts_of(answered=whole.data is not None, usage=whole.usage, fault=fault_of(whole.error))

    def prompt(self, asked: Asked) -> Prompt:
        given = typed(_KNOWN, write_members(asked.members)).input
        texts = [given] if isinstance(given, str) else [part for part in given if isinstance(part, str)]
        return Prompt(messages=tuple(Message("user", text) for text in texts), instructed="embedding")
