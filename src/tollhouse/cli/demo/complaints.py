"""The reports that the demo triages: the texts on one side, what the authority recorded on the other."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from tollhouse.workflows.rows import Row, Wanted, read_rows

SHOWN = 50
SOURCE = "vehicle complaint reports of the US NHTSA (public domain), the first of the sample that ships"
SEVERITY = "derived from the authority's record: high = fire, injury or death; medium = crash; low = the rest"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the authority recorded of a report; no engine, prompt or rule sees it. None: left open."""

    severity: str
    injured: int | None
    deaths: int | None

    @property
    def hurt(self) -> bool:
        return bool(self.injured or self.deaths)


@dataclass(frozen=True, slots=True)
class Sample:
    """`rows` hold the texts alone; `recorded` is by the row's id, for comparison afterwards."""

    rows: Sequence[Row]
    recorded: dict[str, Recorded]


def sample() -> Sample:
    """Read the first reports of the sample that ships with the workflow."""
    data = (files("tollhouse.workflows.claims") / "sample" / "complaints.csv").read_bytes()
    lines = list(csv.DictReader(data.decode("utf-8-sig").splitlines(keepends=True)))[:SHOWN]
    return Sample(read_rows("complaints.csv", data, Wanted())[:SHOWN], {line["id"]: _recorded(line) for line in lines})


def _recorded(line: dict[str, str]) -> Recorded:
    return Recorded(line["severity"], _count(line["injured"]), _count(line["deaths"]))


def _count(cell: str) -> int | None:
    return int(cell) if cell else None
