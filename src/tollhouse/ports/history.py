"""Past calls in the order they came, as little of each as a back-test needs."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tollhouse.domain.governance import BudgetScope


@dataclass(frozen=True, slots=True)
class PastCall:
    """
    One finished call that reached a provider. Its sums are over its attempts and their corrections.

    `held_nanousd` is the most that was held for it at a time: what a budget must have had left to let it in.
    """

    id: str
    at_ms: int
    team: str
    use_case: str
    key: str
    latency_ms: int
    tokens: int
    cost_nanousd: int
    held_nanousd: int


class History(Protocol):
    def calls(self, scope: BudgetScope, *, since_ms: int, until_ms: int) -> AsyncIterator[Sequence[PastCall]]:
        """Yield the scope's calls that began in `[since_ms, until_ms)`, oldest first, in batches."""
        ...
