"""
How a workflow makes a governed call. Bootstrap hands in what does it: the gateway, under the run's use case.

A workflow knows no models, keys or budgets; it has a question and can tell whether an answer will do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answered:
    """
    The last answer of a call.

    Args:
        degraded: the in-house engine gave it.
        cost_nanousd: of all attempts together.
        deployment: `provider/model` of the last attempt.
    """

    text: str
    degraded: bool
    cost_nanousd: int
    attempts: int
    deployment: str
    call_id: str


class Ask(Protocol):
    async def __call__(
        self,
        body: Mapping[str, object],
        *,
        prompt: str,
        run: str,
        repair: Callable[[str], Mapping[str, object] | None],
    ) -> Answered:
        """
        Make one call.

        Args:
            body: for `/v1/chat/completions`, without `model`.
            prompt: the prompt's version, `name@hash`; recorded on the call.
            run: the run's id; recorded on the call.
            repair: given the answer's text; None if it will do, else the body to send once more, as one further
                attempt of the same call. Asked once: the second answer is final.

        Raises Unanswered if attempts were made and none gave an answer, else a TollhouseError for what kept the call
        from being made (budget, rate, journal…).
        """
        ...


class Unanswered(Exception):
    """A call ended without an answer; what its attempts cost is known here, and only here to the run."""

    def __init__(self, message: str, *, cost_nanousd: int, attempts: int) -> None:
        super().__init__(message)
        self.cost_nanousd = cost_nanousd
        self.attempts = attempts
