"""The log of what arrived: bounded, in memory, for tests that look at what a gateway really sent."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, overload

MAX_REQUESTS = 2000
MAX_LOGGED_BYTES = 32 * 2**20
"""Bodies and headers kept in all; the oldest requests go first."""

Outcome = Literal["open", "answered", "broken", "client closed", "stopped"]


@dataclass(slots=True)
class Request:
    """
    One request as it came, and what became of it.

    `outcome`: `open` while it is being answered; `answered` with a complete answer, an error too; `broken` where the
    behaviour broke off; `client closed` if the client left first; `stopped` by the end of the simulator.
    `weight_bytes` is its size in this log, `connection` the number of its connection.
    `sent_bytes` were handed to the connection. `ended_at` is in seconds of `time.time()`.
    """

    method: str
    path: str
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    connection: int
    weight_bytes: int
    at: float = field(default_factory=time.time)
    request_id: str = ""
    model: str = ""
    status: int | None = None
    outcome: Outcome = "open"
    sent_bytes: int = 0
    ended_at: float | None = None

    def header(self, name: str) -> str | None:
        """Return a header's first value; names are compared in lower case."""
        wanted = name.lower().encode()
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == wanted), None)


class RequestLog(Sequence[Request]):
    """The newest `MAX_REQUESTS` requests within `MAX_LOGGED_BYTES`. `arrived` counts all that ever came."""

    def __init__(self) -> None:
        self.arrived = 0
        self._requests: deque[Request] = deque()
        self._bytes = 0

    def add(self, request: Request) -> None:
        self.arrived += 1
        self._requests.append(request)
        self._bytes += request.weight_bytes
        while len(self._requests) > MAX_REQUESTS or self._bytes > MAX_LOGGED_BYTES:
            self._bytes -= self._requests.popleft().weight_bytes

    def __len__(self) -> int:
        return len(self._requests)

    def __iter__(self) -> Iterator[Request]:
        return iter(self._requests)

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> list[Request]: ...
    def __getitem__(self, index: int | slice) -> Request | list[Request]:
        return list(self._requests)[index] if isinstance(index, slice) else self._requests[index]
