"""A scripted `Ask`: answers in order, one repair as the contract says, everything it was asked kept for a look."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tollhouse.workflows import Answered
from tollhouse.workflows.claims.triage import FACTS

Json = dict[str, object]


def an_answer(**changes: object) -> Json:
    """Return a valid triage as a model would give it."""
    return {
        "summary": "The car stalled.",
        "category": "defect",
        "urgency": "low",
        "reasons": ["It stalled."],
        "facts": dict.fromkeys(FACTS),
        "needs_human": False,
        **changes,
    }


def written(**changes: object) -> str:
    return json.dumps(an_answer(**changes))


@dataclass
class ScriptedAsk:
    answers: list[str | Exception]
    degraded: bool = False
    bodies: list[Mapping[str, object]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    async def __call__(
        self, body: Mapping[str, object], *, prompt: str, run: str, repair: Callable[[str], Mapping[str, object] | None]
    ) -> Answered:
        self.prompts.append(prompt)
        self.runs.append(run)
        text, attempts = self._next(body), 1
        if (again := repair(text)) is not None:
            text, attempts = self._next(again), 2
        return Answered(text, self.degraded, 1000 * attempts, attempts, "sim/labels", "call_1")

    def _next(self, body: Mapping[str, object]) -> str:
        self.bodies.append(body)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
