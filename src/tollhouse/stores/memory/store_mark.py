"""Small facts about the store as a whole, in memory."""


class MemoryMarks:
    """StoreMarks in memory."""

    def __init__(self) -> None:
        self._marks: dict[str, bytes] = {}

    async def get(self, name: str) -> bytes | None:
        return self._marks.get(name)

    async def put_if_absent(self, name: str, value: bytes) -> bytes:
        return self._marks.setdefault(name, value)
