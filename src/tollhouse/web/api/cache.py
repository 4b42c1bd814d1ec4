"""Kept answers: they are forgotten here, and never shown."""

from .entry import Answer, Asked
from .rooms import Rooms


async def purge_cache(rooms: Rooms, asked: Asked) -> Answer:
    use_case = asked.names["name"]
    deleted = await rooms.answers.purge(asked.actor, use_case, reason=asked.reason)
    return Answer({"use_case": use_case, "deleted": deleted})
