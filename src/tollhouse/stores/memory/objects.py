"""What is governed and was made by API or command, in memory."""

from tollhouse.domain.errors import Conflict
from tollhouse.ports.changes import Change
from tollhouse.ports.objects import StoredObject

from .changes import MemoryChanges


class MemoryObjects:
    """ObjectStore in memory."""

    def __init__(self, changes: MemoryChanges) -> None:
        self._changes = changes
        self._objects: dict[tuple[str, str], StoredObject] = {}

    async def all(self) -> list[StoredObject]:
        return [self._objects[place] for place in sorted(self._objects)]

    async def put(self, change: Change, *, expected_version: int) -> StoredObject:
        assert change.after is not None
        self._check(change, expected_version)
        stored = StoredObject(change.kind, change.name, change.after, expected_version + 1)
        self._objects[change.kind, change.name] = stored
        self._changes.record(change)
        return stored

    async def delete(self, change: Change, *, expected_version: int) -> None:
        self._check(change, expected_version)
        if self._objects.pop((change.kind, change.name), None) is None:
            raise Conflict(f"There is no {change.kind} {change.name!r} any more.")
        self._changes.record(change)

    def _check(self, change: Change, expected_version: int) -> None:
        there = self._objects.get((change.kind, change.name))
        if (there.version if there else 0) != expected_version:
            raise Conflict(f"The {change.kind} {change.name!r} was changed meanwhile; read it again, and decide again.")
