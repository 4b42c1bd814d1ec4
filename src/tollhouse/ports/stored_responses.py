"""Which deployment holds a stored response, and whose it is."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """
    Args:
        tokens: the size of the conversation up to and including it: the input bound of what continues it.
        originals: sealed: what the placeholders of the conversation stand for; None if it has none, or nobody can know.
    """

    id: str
    deployment: str
    team: str
    use_case: str
    tokens: int
    created_ms: int
    originals: bytes | None = None


class StoredResponses(Protocol):
    async def add(self, responses: list[StoredResponse]) -> None:
        """Insert; an id that is there already stays as it is."""
        ...

    async def find(self, response_id: str) -> StoredResponse | None: ...

    async def expire(self, before_ms: int) -> int:
        """Delete what was created before, and return how many."""
        ...
