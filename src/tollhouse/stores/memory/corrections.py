"""Corrections in memory."""

from collections.abc import AsyncIterator, Sequence

from tollhouse.domain.calls import Attempt, AttemptState, Call
from tollhouse.domain.corrections import Correction
from tollhouse.ports.corrections import Booked

from ..budgets import charged_nanousd, charges_of_corrections
from .books import Books


class MemoryCorrections:
    """Corrections in memory."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def add(self, corrections: Sequence[Correction]) -> int:
        books = self._books
        fresh = {each.id: each for each in reversed(corrections) if each.id not in books.corrections}
        books.corrections.update(fresh)
        charges = charges_of_corrections(fresh.values())
        for (scope, period), figures in books.budgets.items():
            figures.spent += charged_nanousd(charges.get((scope.kind, scope.name), ()), period)
        return len(fresh)

    async def booked(self, provider: str, *, since_ms: int, until_ms: int) -> AsyncIterator[Sequence[Booked]]:
        found = [
            (call, attempt)
            for call in self._books.calls.values()
            for attempt in call.attempts
            if attempt.provider == provider and since_ms <= attempt.reserved_ms < until_ms
        ]
        found.sort(key=lambda pair: (pair[1].reserved_ms, pair[0].id))
        for call, attempt in found:
            yield [_booked(call, attempt, self._of(attempt.id))]

    async def all(self, *, since_ms: int, until_ms: int) -> list[Correction]:
        found = [each for each in self._books.corrections.values() if since_ms <= each.booked_ms < until_ms]
        return sorted(found, key=lambda each: (each.booked_ms, each.id))

    def _of(self, attempt_id: str) -> list[Correction]:
        return [each for each in self._books.corrections.values() if each.attempt == attempt_id]


def _booked(call: Call, attempt: Attempt, corrections: Sequence[Correction]) -> Booked:
    settled = any(each.settles for each in corrections)
    return Booked(
        attempt=attempt.id,
        call=call.id,
        team=call.team,
        use_case=call.use_case,
        key=call.key,
        session=call.session,
        model=call.model,
        provider=attempt.provider,
        deployment=attempt.deployment,
        endpoint=call.endpoint,
        reserved_ms=attempt.reserved_ms,
        state=AttemptState.RECONCILED if settled else attempt.state,
        estimated=attempt.estimated and not any(each.exact for each in corrections),
        tokens_in=attempt.tokens_in + sum(each.tokens_in for each in corrections),
        tokens_out=attempt.tokens_out + sum(each.tokens_out for each in corrections),
        tokens_cached=attempt.tokens_cached + sum(each.tokens_cached for each in corrections),
        cost_nanousd=attempt.cost_nanousd + sum(each.cost_nanousd for each in corrections),
        held_nanousd=attempt.held_nanousd,
        price=attempt.price,
        latency_ms=attempt.latency_ms,
        corrections=len(corrections),
    )
