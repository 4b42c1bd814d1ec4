"""
Output records of a batch: one per input row, as JSONL or flat CSV, and what an existing file tells when it is resumed.

Pure: texts in, texts out.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tollhouse.domain.errors import OperatorError

from .rows import Row

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that starts so is run by spreadsheets. Source: OWASP, "CSV Injection"."""
BESIDES = ("row", "id", "status")
AFTER = ("error", "run", "cost_usd", "attempts")
LIST_JOINT = " | "


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one row. `cost_usd` is a decimal string; None if only the ledger knows."""

    row: int
    id: str | None
    status: str
    output: Mapping[str, object] | None
    error: str | None
    run: str | None
    cost_usd: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that an existing file holds: its line or lines as written, and whether it must be done again."""

    written: str
    failed: bool


class OutputRefused(OperatorError):
    """The output file exists and does not belong to this input."""


class Format(Protocol):
    """How records are written to one kind of file."""

    def head(self) -> str:
        """What a new file starts with."""
        ...

    def write(self, record: Record) -> str: ...

    def kept(self, text: str, rows: Sequence[Row], name: str) -> list[Kept]:
        """
        Return what a file holds of these rows: a record each, from the first row on, without a gap.

        A last line that was cut is left out. Raises OutputRefused if the file is not these rows'.
        """
        ...


class Jsonl:
    """One JSON object a line; `output` stays an object."""

    def head(self) -> str:
        return ""

    def write(self, record: Record) -> str:
        members = {name: getattr(record, name) for name in (*BESIDES, "output", *AFTER)}
        return json.dumps(members, ensure_ascii=False) + "\n"

    def kept(self, text: str, rows: Sequence[Row], name: str) -> list[Kept]:
        whole, end, rest = text.rpartition("\n")
        lines = whole.split("\n") if end else []
        if rest and _object(rest) is not None:
            lines.append(rest)  # only the line's end is missing
        kept = [self._one(line, place, rows, name) for place, line in enumerate(lines)]
        if rest and not kept and not rest.startswith('{"row": 1,'[: len(rest)]):
            raise _foreign(name, 1)
        return kept

    def _one(self, line: str, place: int, rows: Sequence[Row], name: str) -> Kept:
        value = _object(line)
        if value is None or list(value) != [*BESIDES, "output", *AFTER] or place >= len(rows):
            raise _foreign(name, place + 1)
        if (value["row"], value["id"]) != (rows[place].row, rows[place].id):
            raise _foreign(name, place + 1)
        return Kept(line + "\n", failed=value["status"] != "done")


@dataclass(frozen=True, slots=True)
class Csv:
    """One flat line a record, the output spread over columns."""

    columns: tuple[str, ...]

    def head(self) -> str:
        return _csv_line([*BESIDES, *self.columns, *AFTER])

    def write(self, record: Record) -> str:
        before, after = ([getattr(record, name) for name in names] for names in (BESIDES, AFTER))
        spread = [_at(record.output, column) for column in self.columns]
        return _csv_line([_cell(value) for value in (*before, *spread, *after)])

    def kept(self, text: str, rows: Sequence[Row], name: str) -> list[Kept]:
        head = self.head()
        if not text.startswith(head):
            if head.startswith(text):
                return []
            raise _foreign(name, 1)
        try:
            whole = _whole_records(text[len(head) :])
        except csv.Error as error:
            raise _foreign(name, 2) from error
        return [self._one(cells, place, rows, name) for place, cells in enumerate(whole)]

    def _one(self, cells: Sequence[str], place: int, rows: Sequence[Row], name: str) -> Kept:
        if len(cells) != len(BESIDES) + len(self.columns) + len(AFTER) or place >= len(rows):
            raise _foreign(name, place + 2)
        if (cells[0], cells[1]) != (_cell(rows[place].row), _cell(rows[place].id)):
            raise _foreign(name, place + 2)
        return Kept(_csv_line(cells), failed=cells[2] != "done")


def format_of(name: str, columns: tuple[str, ...]) -> Format:
    """Choose by the extension. Raises OutputRefused."""
    lower = name.lower()
    if lower.endswith((".jsonl", ".ndjson")):
        return Jsonl()
    if lower.endswith(".csv"):
        return Csv(columns)
    raise OutputRefused(f"{name}: records are written as .jsonl or .csv; give the output such a name.")


def _foreign(name: str, line: int) -> OutputRefused:
    return OutputRefused(
        f"{name} exists, and its line {line} is not what this command would write for this input. "
        "Name another output, or remove that file."
    )


def _object(line: str) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _csv_line(cells: Sequence[str]) -> str:
    """Write one line. The writer quotes a lone \\r only if its own line end has one."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"


def _whole_records(text: str) -> list[list[str]]:
    """Return the records that end with a line's end; a quote that is still open belongs to a record that was cut."""
    end = len(text)
    while (end := text.rfind("\n", 0, end)) != -1:
        if text.count('"', 0, end) % 2 == 0:
            return list(csv.reader(io.StringIO(text[: end + 1], newline=""), strict=True))
    return []


def _at(output: Mapping[str, object] | None, column: str) -> object:
    value: object = output
    for step in column.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _cell(value: object) -> str:
    """Write a value as a cell that no spreadsheet runs: text that looks like a formula gets an apostrophe before it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list() | tuple():
            return _safe(LIST_JOINT.join(str(item) for item in value))
        case str():
            return _safe(value)
        case _:
            return _safe(json.dumps(value, ensure_ascii=False))


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
