"""Where kept answers are forgotten, with an author and a reason like any other change."""

from collections.abc import Awaitable, Callable

from tollhouse.domain.errors import NotFound
from tollhouse.domain.roles import Actor
from tollhouse.ports.changes import Change
from tollhouse.ports.clock import Clock

from .desk import checked_reason
from .register import Register
from .roles import Action, require, sees

KIND = "cache"
"""Of such a change in the record."""

Purge = Callable[[Change], Awaitable[int | None]]
"""Forgets what is kept for the use case that the change names; see `Shelf.purge`."""


class AnswerDesk:
    """For use cases of the file too: what is kept is no part of their configuration."""

    def __init__(self, register: Register, purge: Purge, clock: Clock) -> None:
        self._register = register
        self._purge = purge
        self._clock = clock

    async def purge(self, actor: Actor, use_case: str, *, reason: str) -> int | None:
        """
        Forget every answer kept for a use case: here when this returns, elsewhere within a second.

        Return how many there were in the store; None if it could not delete them now. Raises NotPermitted,
        InvalidRequest or NotFound.
        """
        require(actor, Action.CACHE_PURGE)
        found = self._register.governance.use_cases.get(use_case)
        if found is None or not sees(actor, found.team):
            raise NotFound(f"There is no use case {use_case[:80]!r}.")
        return await self._purge(
            Change(
                kind=KIND,
                name=use_case,
                author=actor.name,
                reason=checked_reason(reason),
                at_ms=self._clock.now_ms(),
                team=found.team,
            )
        )
