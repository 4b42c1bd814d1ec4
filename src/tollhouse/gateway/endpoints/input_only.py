"""What embeddings and moderations share: never streamed, no output tokens, nothing written into the request or answer."""

from collections.abc import Iterable, Mapping

from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import Answer, Asked, Facts, ProviderFault, Shaped

from .chat import UsageBody
from .members import raw, write_members


class InputOnly:
    """Half an adapter (ports/endpoint.py): the endpoint adds `read`, `scan_whole`, `prompt` and its names."""

    ends_with_done = False

    def shape(
        self, asked: Asked, deployment: Deployment, *, parameters: Parameters, output_tokens_max: int | None
    ) -> Shaped:
        return Shaped(write_members({**asked.members, "model": raw(deployment.model)}), 0)

    def scan(self, data: bytes) -> Facts:
        raise ValueError("this endpoint is never streamed")

    def render(
        self, answer: Answer, asked: Asked, *, model: str, id_suffix: str, created: int
    ) -> Iterable[tuple[bytes, Facts]]:
        raise ValueError("a text is no answer to this endpoint")

    def with_usage(self, body: bytes, usage: Usage, extra: Mapping[str, object]) -> bytes:
        return body

    def usage_event(self, event: bytes | None, usage: Usage, extra: Mapping[str, object]) -> bytes:
        raise ValueError("this endpoint is never streamed")


def facts_of(*, answered: bool, usage: UsageBody | None, fault: ProviderFault | None) -> Facts:
    """Tell of a whole answer; one that holds neither its own member nor a fault is no answer."""
    return Facts(output=answered, finished=(0,), ended=True, usage=usage.usage() if usage else None, fault=fault)
