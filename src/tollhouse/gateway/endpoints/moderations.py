"""`POST /v1/moderations`: input only, nothing written, no usage in the answer."""

import msgspec

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.wire import Asked, Facts, Message, Prompt

from .chat import FaultBody, UsageBody, fault_of
from .input_only import InputOnly, facts_of
from .members import decoded, read_members, typed, write_members


class _Part(msgspec.Struct):
    type: str
    text: str = ""


class _Known(msgspec.Struct):
    input: str | list[str | _Part]
    model: str = ""


class _Body(msgspec.Struct):
    results: list[msgspec.Raw] | None = None
    usage: UsageBody | None = None
    error: FaultBody | str | None = None


_KNOWN = msgspec.json.Decoder(_Known)
_BODY = msgspec.json.Decoder(_Body)


class Moderations(InputOnly):
    """The adapter for moderations (ports/endpoint.py)."""

    name = "moderations"
    path = "/moderations"

    def read(self, body: bytes) -> Asked:
        members = read_members(body)
        known = typed(_KNOWN, body)
        if not known.input:
            raise InvalidRequest("`input` is empty.", param="input")
        images = tuple("image" for part in known.input if isinstance(part, _Part) and part.type == "image_url")
        return Asked(model=known.model, streamed=False, members=members, body_bytes=len(body), parts=images)

    def scan_whole(self, body: bytes) -> Facts:
        whole = decoded(_BODY, body)
        if whole.results is None and whole.error is None:
            raise ValueError("the answer has no `results`")
        return facts_of(answered=whole.results is not None, usage=whole.usage, fault=fault_of(whole.error))

    def prompt(self, asked: Asked) -> Prompt:
        given = typed(_KNOWN, write_members(asked.members)).input
        parts = [given] if isinstance(given, str) else given
        texts = [part if isinstance(part, str) else part.text for part in parts]
        return Prompt(messages=tuple(Message("user", text) for text in texts), instructed="moderation")
