"""`POST /v1/embeddings`: input only, nothing written, no output bound."""

from collections.abc import Iterable, Mapping

import msgspec

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import Answer, Asked, Facts, Message, Prompt, Shaped

from .chat import FaultBody, UsageBody, fault_of
from .members import decoded, raw, read_members, typed, write_members


class _Known(msgspec.Struct):
    input: str | list[str | int | list[int]]
    model: str = ""


class _Body(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    usage: UsageBody | None = None
    error: FaultBody | str | None = None


_KNOWN = msgspec.json.Decoder(_Known)
_BODY = msgspec.json.Decoder(_Body)


class Embeddings:
    """The adapter for embeddings (ports/endpoint.py)."""

    name = "embeddings"
    path = "/embeddings"
    ends_with_done = False

    def read(self, body: bytes) -> Asked:
        members = read_members(body)
        known = typed(_KNOWN, body)
        if not known.input:
            raise InvalidRequest("`input` is empty.", param="input")
        return Asked(model=known.model, streamed=False, members=members, body_bytes=len(body))

    def shape(
        self, asked: Asked, deployment: Deployment, *, parameters: Parameters, output_tokens_max: int | None
    ) -> Shaped:
        members = dict(asked.members)
        members["model"] = raw(deployment.model)
        return Shaped(write_members(members), 0)

    def scan(self, data: bytes) -> Facts:
        raise ValueError("embeddings are never streamed")

    def scan_whole(self, body: bytes) -> Facts:
        whole = decoded(_BODY, body)
        if whole.data is None and whole.error is None:
            raise ValueError("the answer has no `data`")
        return Facts(
            output=whole.data is not None,
            finished=(0,),
            ended=True,
            usage=whole.usage.usage() if whole.usage else None,
            fault=fault_of(whole.error),
        )

    def prompt(self, asked: Asked) -> Prompt:
        given = typed(_KNOWN, write_members(asked.members)).input
        texts = [given] if isinstance(given, str) else [part for part in given if isinstance(part, str)]
        return Prompt(messages=tuple(Message("user", text) for text in texts), instructed="embedding")

    def render(
        self, answer: Answer, asked: Asked, *, model: str, id_suffix: str, created: int
    ) -> Iterable[tuple[bytes, Facts]]:
        raise ValueError("a text is not an embedding")

    def with_usage(self, body: bytes, usage: Usage, extra: Mapping[str, object]) -> bytes:
        return body

    def usage_event(self, event: bytes | None, usage: Usage, extra: Mapping[str, object]) -> bytes:
        raise ValueError("embeddings are never streamed")
