"""The table of triaged reports, a row as soon as it is known: its columns are as wide as the terminal allows, whatever comes."""

from typing import TYPE_CHECKING, cast

from tollhouse.workflows.records import Record

from .confusion import FAILED
from .report import urgency

if TYPE_CHECKING:
    from rich.text import Text

HEADINGS = ("id", "category", "urgency", "needs human", "summary", "reasons")
WIDTHS = (7, 9, 7, 11)
"""Of all columns but the last two, which share the rest. No heading is wider than its column."""
GAP = "  "
STYLES = {"high": "bold red", "medium": "yellow", FAILED: "bold red"}


def heading_row(width: int) -> "Text":
    return _row(HEADINGS, dict.fromkeys(HEADINGS, "bold"), width)


def result_row(record: Record, width: int) -> "Text":
    """Return one line; what is too long is cut."""
    return _row(_cells(record), {"urgency": STYLES.get(urgency(record), "")}, width)


def needs_human(record: Record) -> str:
    if record.output is None:
        return "-"
    return "yes" if record.output["needs_human"] else "no"


def first_reason(record: Record) -> str:
    return next(iter(_reasons(record)), "-")


def _row(cells: tuple[str, ...], styles: dict[str, str], width: int) -> "Text":
    from rich.text import Text

    rest = width - sum(WIDTHS) - len(GAP) * (len(HEADINGS) - 1)
    widths = (*WIDTHS, rest // 2, rest - rest // 2)
    row = Text(no_wrap=True)
    for name, cell, columns in zip(HEADINGS, cells, widths, strict=True):
        text = Text(cell, style=styles.get(name, ""))
        text.truncate(columns, overflow="ellipsis", pad=True)
        row.append_text(text).append(GAP)
    row.rstrip()
    return row


def _cells(record: Record) -> tuple[str, ...]:
    output = record.output
    if output is None:
        return record.id or "", "-", FAILED, "-", _one_line(record.error or ""), ""
    return (
        record.id or "",
        str(output["category"]),
        urgency(record),
        needs_human(record),
        _one_line(str(output["summary"])),
        " | ".join(_reasons(record)),
    )


def _reasons(record: Record) -> list[str]:
    """Return the reasons, those of our rules first: where space is short they say most."""
    reasons = cast("list[str]", record.output["reasons"]) if record.output else []
    return sorted(map(_one_line, reasons), key=lambda reason: not reason.startswith("rule "))


def _one_line(text: str) -> str:
    """A text of the data or of a model, fit for a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
