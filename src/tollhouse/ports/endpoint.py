"""An endpoint of OpenAI's API that costs tokens: where its prompt, answer, limit and usage are. One adapter each."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import Answer, Asked, Facts, Prompt, Shaped


class Endpoint(Protocol):
    """Reads requests, shapes them for a deployment, and scans answers. Pure: no I/O, no clock."""

    name: str
    """As recorded on calls: `chat.completions`, `responses`, `completions`, `embeddings`, `moderations`."""
    path: str
    """Below a provider's base URL: `/chat/completions`."""
    ends_with_done: bool
    """Does a good stream end with `data: [DONE]`? (Responses does not.)"""

    def read(self, body: bytes) -> Asked:
        """Read a request. Raises InvalidJson or InvalidRequest (with `param`)."""
        ...

    def shape(
        self, asked: Asked, deployment: Deployment, *, parameters: Parameters, output_tokens_max: int | None
    ) -> Shaped:
        """Splice the body for one deployment. Raises ParameterNotAllowed or InvalidRequest."""
        ...

    def scan(self, data: bytes) -> Facts:
        """Read one stream event's data (without `data: `; never `[DONE]`). Raises ValueError if it is not JSON."""
        ...

    def scan_whole(self, body: bytes) -> Facts:
        """Read a whole, not streamed answer. Raises ValueError if it is not a JSON object of this endpoint."""
        ...

    def prompt(self, asked: Asked) -> Prompt:
        """Return the request in words. Raises InvalidRequest if its messages have the wrong shape."""
        ...

    def render(
        self, answer: Answer, asked: Asked, *, model: str, id_suffix: str, created: int
    ) -> Iterable[tuple[bytes, Facts]]:
        """Write a local answer in this endpoint's wire: whole, or as SSE events if `asked.streamed`. Never `[DONE]`."""
        ...

    def with_usage(self, body: bytes, usage: Usage, extra: Mapping[str, object]) -> bytes:
        """Return a whole answer's body with usage added, and `extra` as its member `tollhouse` if not empty."""
        ...

    def usage_event(self, event: bytes | None, usage: Usage, extra: Mapping[str, object]) -> bytes:
        """Return a stream's last usage event (SSE) with `extra` as member `tollhouse`: `event` amended, or a new one."""
        ...
