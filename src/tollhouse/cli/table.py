"""Tables on stdout: for people at a terminal and for `grep` alike, so nothing is ever cut."""

import sys
from collections.abc import Sequence

WIDE = 10_000
"""Columns of a stdout that is no terminal: every row stays one line."""


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, total: Sequence[object] | None = None
) -> None:
    """Print rows under headings; numbers (int, or text in a column named like money) go to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    sample = rows[0] if rows else total or []
    for number, column in enumerate(columns):
        right = number < len(sample) and (type(sample[number]) is int or column.endswith("usd"))
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    if total is not None:
        table.add_section()
        table.add_row(*(Text(_shown(cell), style="bold") for cell in total))
    Console(width=None if sys.stdout.isatty() else WIDE, highlight=False).print(table)


def print_json(value: object) -> None:
    """Print one value, indented."""
    from msgspec.json import encode, format  # noqa: A004 - msgspec's name

    sys.stdout.write(format(encode(value), indent=2).decode() + "\n")


def _shown(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    return ", ".join(map(str, cell)) if isinstance(cell, list) else str(cell)
