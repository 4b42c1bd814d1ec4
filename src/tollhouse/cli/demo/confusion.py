"""How urgencies compare with the data's severity, and with the trivial answer. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

LEVELS = ("high", "medium", "low")
FAILED = "failed"
"""Stands for the urgency of a report whose triage gave none; it counts as wrong."""
TRIVIAL = "low"
"""What somebody would say who read nothing: most reports are low."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """`counts` by (severity, rated)."""

    counts: Counter[tuple[str, str]]

    @property
    def n(self) -> int:
        return self.counts.total()

    @property
    def right(self) -> int:
        return sum(self.counts[level, level] for level in LEVELS)

    @property
    def trivial_right(self) -> int:
        return self.of(TRIVIAL)

    def of(self, severity: str) -> int:
        """How many reports have this severity."""
        return sum(count for (known, _), count in self.counts.items() if known == severity)

    def found(self, severity: str) -> int:
        """How many of them were rated so."""
        return self.counts[severity, severity]

    def trivially_found(self, severity: str) -> int:
        """How many of them the trivial answer rates so."""
        return self.of(severity) if severity == TRIVIAL else 0

    @property
    def rated(self) -> tuple[str, ...]:
        """The ratings that occur at all: failures are a column only if there are some."""
        return (*LEVELS, FAILED) if any(rated == FAILED for _, rated in self.counts) else LEVELS

    def as_json(self) -> dict[str, object]:
        return {
            "n": self.n,
            "rows": {
                severity: {rated: self.counts[severity, rated] for rated in (*LEVELS, FAILED)} for severity in LEVELS
            },
            "triage": {"right": self.right, "found": {level: self.found(level) for level in LEVELS}},
            "always_low": {
                "right": self.trivial_right,
                "found": {level: self.trivially_found(level) for level in LEVELS},
            },
            "of": {level: self.of(level) for level in LEVELS},
        }


def confusion(pairs: Iterable[tuple[str, str]]) -> Confusion:
    """Count pairs of (severity, rated)."""
    return Confusion(Counter(pairs))
