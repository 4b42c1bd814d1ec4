"""Past calls in the order they came, in memory."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from tollhouse.domain.calls import Call, scopes_of
from tollhouse.domain.corrections import Correction
from tollhouse.domain.governance import BudgetScope
from tollhouse.ports.history import PastCall

from .books import Books


class MemoryHistory:
    """History in memory."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def calls(self, scope: BudgetScope, *, since_ms: int, until_ms: int) -> AsyncIterator[Sequence[PastCall]]:
        place = (scope.kind, scope.name)
        corrections = defaultdict[str | None, list[Correction]](list)
        for each in self._books.corrections.values():
            corrections[each.call].append(each)
        found = [
            _past(call, corrections[call.id])
            for call in self._books.calls.values()
            if since_ms <= call.at_ms < until_ms and call.attempts and place in scopes_of(call)
        ]
        if found:
            yield sorted(found, key=lambda call: (call.at_ms, call.id))


def _past(call: Call, corrections: Sequence[Correction]) -> PastCall:
    return PastCall(
        id=call.id,
        at_ms=call.at_ms,
        team=call.team,
        use_case=call.use_case,
        key=call.key,
        latency_ms=call.latency_ms,
        tokens=call.tokens_in + call.tokens_out + sum(each.tokens_in + each.tokens_out for each in corrections),
        cost_nanousd=call.cost_nanousd + sum(each.cost_nanousd for each in corrections),
        held_nanousd=max(attempt.held_nanousd for attempt in call.attempts),
    )
