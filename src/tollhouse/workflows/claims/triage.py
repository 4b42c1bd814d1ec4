"""The result of a triage as a value, from and to the JSON that models give and people get."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal, cast

Urgency = Literal["high", "medium", "low"]
FactValue = str | int | bool | None

FACTS = (
    "date", "place", "vehicle_make", "vehicle_model", "vehicle_year", "mileage", "speed", "crash", "fire",
    "persons_hurt", "police_report", "other_party", "damage", "amount",
)  # fmt: skip
COLUMNS = ("summary", "category", "urgency", "reasons", *(f"facts.{fact}" for fact in FACTS), "needs_human")
"""As a flat table shows a triage. The schema in the prompt's folder asks for the same."""


@dataclass(frozen=True, slots=True)
class Triage:
    """A claim, triaged."""

    summary: str
    category: str
    urgency: Urgency
    reasons: tuple[str, ...]
    facts: Mapping[str, FactValue]
    needs_human: bool

    def because(self, reason: str, *, urgency: Urgency | None = None, needs_human: bool = False) -> "Triage":
        """Return this triage changed for a reason, with the reason appended."""
        return replace(
            self,
            urgency=urgency or self.urgency,
            reasons=(*self.reasons, reason),
            needs_human=self.needs_human or needs_human,
        )

    def as_output(self) -> dict[str, object]:
        return {**asdict(self), "reasons": list(self.reasons), "facts": dict(self.facts)}


def triage_from(value: Mapping[str, object]) -> Triage:
    """Make a triage of an answer that `answer.problems` found nothing wrong with."""
    return Triage(
        summary=cast(str, value["summary"]).strip(),
        category=cast(str, value["category"]),
        urgency=cast(Urgency, value["urgency"]),
        reasons=tuple(reason.strip() for reason in cast(list[str], value["reasons"])),
        facts=cast(Mapping[str, FactValue], value["facts"]),
        needs_human=cast(bool, value["needs_human"]),
    )
