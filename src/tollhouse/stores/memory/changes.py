"""The record of changes, in memory."""

from collections.abc import Sequence
from dataclasses import replace

from tollhouse.ports.changes import Change


class MemoryChanges:
    """Changes in memory; other stores in memory call `record`."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def record(self, change: Change) -> None:
        self._changes.append(replace(change, id=len(self._changes) + 1))

    async def list(
        self,
        *,
        kind: str | None = None,
        name: str | None = None,
        team: str | None = None,
        limit: int = 50,
        before_id: int | None = None,
    ) -> Sequence[Change]:
        wanted = (kind, name, team)
        taken = [
            change
            for change in reversed(self._changes)
            if (before_id is None or change.id < before_id)
            and all(want is None or want == have for want, have in zip(wanted, _places(change), strict=True))
        ]
        return taken[:limit]

    async def revision(self) -> int:
        return len(self._changes)


def _places(change: Change) -> tuple[str, str, str | None]:
    return change.kind, change.name, change.team
