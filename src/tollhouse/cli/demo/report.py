"""What the demo found out, as values; `screen.py` shows it, `--json` prints it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from tollhouse import __version__
from tollhouse.domain.money import usd_from_nano
from tollhouse.workflows.records import Record

from .complaints import SEVERITY, SOURCE, Recorded
from .confusion import FAILED, Confusion
from .figures import Figures
from .staged import Staged


@dataclass(frozen=True, slots=True)
class Claims:
    """
    The first act.

    Args:
        engine: `inhouse` or `openai`.
        at_a_time: how many reports were worked on together; latencies depend on it.
        figures: the ledger's.
        seconds: from the first call to the last result.
    """

    engine: str
    at_a_time: int
    records: Sequence[Record]
    recorded: Mapping[str, Recorded]
    confusion: Confusion
    figures: Figures
    seconds: float

    @property
    def failed(self) -> list[Record]:
        return [record for record in self.records if record.output is None]

    @property
    def hurt(self) -> list[tuple[Record, Recorded]]:
        """The reports in which, as the authority recorded it, somebody was injured or killed."""
        pairs = [(record, self.recorded[record.id or ""]) for record in self.records]
        return [(record, known) for record, known in pairs if known.hurt]

    @property
    def disagreements(self) -> list[tuple[str, str, str]]:
        """Return (id, severity, urgency) where they differ."""
        all_three = [
            (record.id or "", self.recorded[record.id or ""].severity, urgency(record)) for record in self.records
        ]
        return [each for each in all_three if each[1] != each[2]]

    def as_json(self) -> dict[str, object]:
        return {
            "engine": self.engine,
            "at_a_time": self.at_a_time,
            "source": SOURCE,
            "severity": SEVERITY,
            "reports": len(self.records),
            "failed": len(self.failed),
            "seconds": round(self.seconds, 3),
            "results": [self._result(record) for record in self.records],
            "ledger": self.figures.as_json(),
            "confusion": self.confusion.as_json(),
            "hurt": [
                {"id": record.id, "injured": known.injured, "deaths": known.deaths, "urgency": urgency(record)}
                for record, known in self.hurt
            ],
        }

    def _result(self, record: Record) -> dict[str, object]:
        return {
            "id": record.id,
            "status": record.status,
            "severity": self.recorded[record.id or ""].severity,
            "output": record.output,
            "error": record.error,
            "run": record.run,
            "cost_usd": record.cost_usd,
            "attempts": record.attempts,
        }


@dataclass(frozen=True, slots=True)
class Failures:
    """
    The second act.

    Args:
        figures: the ledger's sums over all of it.
        billed_nanousd: the whole bill of the simulated provider, by its own arithmetic.
    """

    staged: Sequence[Staged]
    figures: Figures
    billed_nanousd: int
    seconds: float

    @property
    def difference_nanousd(self) -> int:
        return self.figures.cost_nanousd - self.billed_nanousd

    @property
    def explained(self) -> bool:
        """Is every difference a row that says so, and does nothing stand beside the rows shown?"""
        shown = sum(each.difference_nanousd for each in self.staged)
        return shown == self.difference_nanousd and all(each.explained for each in self.staged)

    def as_json(self) -> dict[str, object]:
        return {
            "simulated": True,
            "seconds": round(self.seconds, 3),
            "cases": [each.as_json() for each in self.staged],
            "ledger": self.figures.as_json(),
            "booked_nanousd": self.figures.cost_nanousd,
            "billed_nanousd": self.billed_nanousd,
            "difference_nanousd": self.difference_nanousd,
            "explained": self.explained,
        }


@dataclass(frozen=True, slots=True)
class Served:
    """Where the house can be reached while it runs."""

    url: str
    api_key: str
    admin_token: str
    config: str
    curl: str


@dataclass(frozen=True, slots=True)
class Report:
    claims: Claims
    failures: Failures
    served: Served
    kept: str | None
    seconds: float

    @property
    def complaint(self) -> str | None:
        """What went wrong, in a sentence; None if all is well."""
        return "; ".join(self._complaints()) or None

    def _complaints(self) -> Iterator[str]:
        if failed := self.claims.failed:
            yield f"{len(failed)} of {len(self.claims.records)} reports failed, the first with {failed[0].error}"
        if self.claims.figures.calls != len(self.claims.records):
            yield f"the ledger holds {self.claims.figures.calls} calls for {len(self.claims.records)} reports"
        if not self.failures.explained:
            yield "ledger and bill differ by more than what the ledger marks as unknown or estimated"

    def as_json(self) -> dict[str, object]:
        return {
            "version": __version__,
            "ok": self.complaint is None,
            "claims": self.claims.as_json(),
            "failures": self.failures.as_json(),
            "server": {
                "url": self.served.url,
                "base_url": f"{self.served.url}/v1",
                "api_key": self.served.api_key,
                "admin_token": self.served.admin_token,
                "curl": self.served.curl,
            },
            "kept": self.kept,
            "seconds": round(self.seconds, 3),
        }


def urgency(record: Record) -> str:
    """Return the triage's urgency, or `failed`."""
    return FAILED if record.output is None else cast(str, record.output["urgency"])


def cost_words(figures: Figures) -> str:
    """Say a cost, and what of it is not certain."""
    told = f"{usd_from_nano(figures.cost_nanousd)} USD"
    if figures.estimated_nanousd:
        told += f", {usd_from_nano(figures.estimated_nanousd)} of it estimated or held"
    return told
