"""Which deployment holds a stored response, in memory."""

from tollhouse.ports.stored_responses import StoredResponse


class MemoryStoredResponses:
    """StoredResponses in memory."""

    def __init__(self) -> None:
        self._responses: dict[str, StoredResponse] = {}

    async def add(self, responses: list[StoredResponse]) -> None:
        for response in responses:
            self._responses.setdefault(response.id, response)

    async def find(self, response_id: str) -> StoredResponse | None:
        return self._responses.get(response_id)

    async def expire(self, before_ms: int) -> int:
        old = [response.id for response in self._responses.values() if response.created_ms < before_ms]
        for response_id in old:
            del self._responses[response_id]
        return len(old)
