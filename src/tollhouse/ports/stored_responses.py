"""Which deployment holds a stored response, and whose it is."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """`tokens` is the size of the conversation up to and including it: the input bound of what continues it."""

    id: str
    deployment: str
    team: str
    use_case: str
    tokens: int
    created_ms: int


class StoredResponses(Protocol):
    async def add(self, responses: list[StoredResponse]) -> None:
        """Insert; an id that is there already stays as it is."""
        ...

    async def find(self, response_id: str) -> StoredResponse | None: ...
