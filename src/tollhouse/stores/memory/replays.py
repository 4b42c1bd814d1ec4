"""Stored answers for idempotency keys, in memory."""

from dataclasses import replace

from tollhouse.ports.replays import Replay


class MemoryReplays:
    """Replays in memory."""

    def __init__(self) -> None:
        self._replays: dict[tuple[str, str], Replay] = {}

    async def begin(self, replay: Replay, *, dead_before_ms: int) -> Replay | None:
        there = self._replays.get((replay.scope, replay.key))
        if there is not None and (there.sealed is not None or there.started_ms >= dead_before_ms):
            return there
        self._replays[replay.scope, replay.key] = replay
        return None

    async def finish(self, scope: str, key: str, sealed: bytes) -> None:
        there = self._replays.get((scope, key))
        if there is not None:
            self._replays[scope, key] = replace(there, sealed=sealed)

    async def forget(self, scope: str, key: str) -> None:
        self._replays.pop((scope, key), None)

    async def free(self, process: str) -> int:
        dead = [place for place, replay in self._replays.items() if replay.process == process and replay.sealed is None]
        for place in dead:
            del self._replays[place]
        return len(dead)

    async def expire(self, before_ms: int) -> int:
        old = [place for place, replay in self._replays.items() if replay.started_ms < before_ms]
        for place in old:
            del self._replays[place]
        return len(old)
