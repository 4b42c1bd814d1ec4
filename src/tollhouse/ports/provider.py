"""A provider speaks one dialect. It yields events, or raises one of the UpstreamErrors; it never returns half an answer."""

from collections.abc import AsyncGenerator, Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from tollhouse.domain.governance import Deployment
from tollhouse.domain.rates import ProviderQuota
from tollhouse.domain.wire import Asked, Event

from .endpoint import Endpoint

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Outgoing(NamedTuple):
    """
    One attempt as it goes out. `body` is already shaped for the deployment; `method` GET has none.

    Args:
        headers: ours to add (traceparent); a provider adds its own authorisation.
        key: which of the provider's keys to use, by its place.
        heard: told what the provider's answer says is left for us there, if it says so, as soon as its headers are here.
    """

    endpoint: Endpoint
    deployment: Deployment
    asked: Asked
    body: bytes
    path: str
    max_answer_bytes: int
    method: str = "POST"
    headers: Mapping[str, str] = NO_HEADERS
    key: int = 0
    heard: Callable[[ProviderQuota], None] | None = None


class Provider(Protocol):
    """
    One configured provider.

    `send` is lazy: nothing leaves before the first iteration, and closing the generator (`aclosing`) closes the
    upstream connection. It enforces every timer of `deployment.timeouts`. It returns normally only after a complete
    answer: every choice finished on a stream, a whole JSON body otherwise.
    """

    name: str
    degraded: bool
    """True for engines whose answers must be marked (`x-tollhouse-degraded: inhouse`)."""

    def send(self, outgoing: Outgoing) -> AsyncGenerator[Event, None]: ...

    async def close(self) -> None: ...
