"""
Input rows of a batch: CSV in any dialect, or JSONL. A row that cannot be read becomes a row with an error; none is lost.

Pure: bytes in, rows out.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tollhouse.domain.errors import OperatorError

INPUT_BYTES_MAX = 512 * 1024 * 1024
"""An input is read whole, because its dialect and its rows are known only then; a larger one should be split."""
CELL_CHARS_MAX = 10_000_000
"""A longer cell is a quote that was never closed."""
RECORD_LINES_MAX = 10_000
"""So many lines may one quoted cell span; what an unclosed quote costs is bounded by this."""
DELIMITERS = ",;\t|"
UNUSED = "\x1f"
"""A delimiter that stands in no text: for a file of one column."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One input row.

    Args:
        row: from 1, across all inputs, header and blank lines not counted.
        id: from the column `id`, if there is one.
        error: why it cannot be worked on; then there is no text.
    """

    row: int
    id: str | None
    text: str
    facts: Mapping[str, str]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns that are read: the text, and the facts that may be given away."""

    column: str = "text"
    facts: tuple[str, ...] = ()


class InputRefused(OperatorError):
    """An input file cannot be read as rows."""


def read_rows(name: str, data: bytes, wanted: Wanted, *, first: int = 1) -> list[Row]:
    """
    Read an input by its name's extension: `.jsonl` or `.ndjson`, else CSV.

    Raises InputRefused if it is empty, not text, or has no such column.
    """
    if len(data) > INPUT_BYTES_MAX:
        raise InputRefused(f"{name} has {len(data)} bytes; at most {INPUT_BYTES_MAX}. Split it.")
    lines = _lines(name, data)
    if not any(line.strip() for line in lines):
        raise InputRefused(f"{name} is empty. It needs a header with a column `{wanted.column}`, and rows.")
    jsonl = name.lower().endswith((".jsonl", ".ndjson"))
    rows = _jsonl_rows(lines, wanted) if jsonl else _csv_rows(name, lines, wanted)
    return [Row(number, row.id, row.text, row.facts, row.error) for number, row in enumerate(rows, first)]


# --- text ---


def _lines(name: str, data: bytes) -> list[str]:
    """
    Decode and split, keeping line ends.

    UTF-8 with or without mark, UTF-16 with mark; a file with no valid UTF-8 beyond ASCII is Windows-1252, as older
    spreadsheets write it. Bytes that fit nothing stay in their row as surrogates, which condemn only that row.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _split(_utf16(name, data))
    if b"\0" in data:
        raise InputRefused(f"{name} is not text: it has NUL bytes. Save it as CSV in UTF-8.")
    text = data.decode("utf-8-sig", errors="surrogateescape")
    if _has_surrogates(text) and not any(ord(c) > 127 and not 0xDC80 <= ord(c) <= 0xDCFF for c in text):
        text = data.decode("cp1252", errors="surrogateescape") if _is_cp1252(data) else text
    return _split(text)


def _split(text: str) -> list[str]:
    """Split at \\n, \\r\\n and \\r only: a text may hold other characters that Python takes for line ends."""
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _utf16(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise InputRefused(f"{name} is neither UTF-8 nor UTF-16. Save it as CSV in UTF-8.") from error


def _is_cp1252(data: bytes) -> bool:
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True


def _has_surrogates(text: str) -> bool:
    return any(0xDC80 <= ord(c) <= 0xDCFF for c in text)


# --- CSV ---


class _Dialect(csv.Dialect):
    """Strict, so that a broken row is an error and not a guess."""

    delimiter, quotechar, escapechar = ",", '"', None
    doublequote, skipinitialspace, strict = True, False, True
    lineterminator, quoting = "\n", csv.QUOTE_MINIMAL


def _csv_rows(name: str, lines: Sequence[str], wanted: Wanted) -> Iterator[Row]:
    csv.field_size_limit(CELL_CHARS_MAX)
    start = next(index for index, line in enumerate(lines) if line.strip())
    dialect, header, start = _header(name, lines, start, wanted)
    while start < len(lines):
        if not lines[start].strip():
            start += 1
            continue
        cells, used = _record(lines, start, dialect)
        yield _csv_row(cells, header, wanted) if not isinstance(cells, str) else _broken(cells)
        start += used


def _record(lines: Sequence[str], start: int, dialect: type[csv.Dialect]) -> tuple[list[str] | str, int]:
    """Return one record's cells and how many lines it took; for a broken one the reason, and its first line only."""
    stop = min(len(lines), start + RECORD_LINES_MAX)
    reader = csv.reader((lines[index] for index in range(start, stop)), dialect)
    try:
        cells = next(reader)
    except (csv.Error, StopIteration) as error:
        return f"not CSV: {error}", 1
    return cells, reader.line_num


def _header(name: str, lines: Sequence[str], start: int, wanted: Wanted) -> tuple[type[csv.Dialect], list[str], int]:
    """Find the dialect in which the header has the wanted column, and most columns."""
    best: tuple[type[csv.Dialect], list[str], int] | None = None
    seen: list[str] = []
    for dialect in _dialects(lines, start):
        cells, used = _record(lines, start, dialect)
        names = [cell.strip() for cell in cells] if not isinstance(cells, str) else []
        if len(names) > len(seen):
            seen = names
        if wanted.column in names and (best is None or len(names) > len(best[1])):
            best = (dialect, names, start + used)
    if best is None:
        raise InputRefused(_no_column(name, seen, wanted.column))
    if missing := [fact for fact in wanted.facts if fact not in best[1]]:
        raise InputRefused(f"{name} has no column {', '.join(missing)}. Its columns are: {', '.join(best[1])}.")
    if twice := [column for column in (wanted.column, "id", *wanted.facts) if best[1].count(column) > 1]:
        raise InputRefused(f"{name} has the column {twice[0]} twice. Rename one.")
    return best


def _dialects(lines: Sequence[str], start: int) -> Iterator[type[csv.Dialect]]:
    one = lines[start]
    backslashes = any('\\"' in line for line in lines) and not any('""' in line for line in lines)
    for quote in ('"', "'"):
        for delimiter in (*(d for d in DELIMITERS if d in one), UNUSED):
            if quote == "'" and not one.lstrip().startswith("'"):
                continue
            yield type(
                "_Found",
                (_Dialect,),
                {"delimiter": delimiter, "quotechar": quote, "escapechar": "\\" if backslashes else None},
            )


def _no_column(name: str, seen: Sequence[str], column: str) -> str:
    shown = ", ".join(cell[:40] for cell in seen[:20])
    if not all(cell.isprintable() for cell in seen):
        return f"{name} is not CSV. Its first line should name the columns, `{column}` among them."
    return f"{name} has no column `{column}`. Its first line reads: {shown}. Name the text's column with --column."


def _csv_row(cells: Sequence[str], header: Sequence[str], wanted: Wanted) -> Row:
    named = dict(zip(header, cells, strict=False))
    if len(cells) != len(header):
        return _broken(f"{len(cells)} cells, the header has {len(header)}", named.get("id"))
    if any(_has_surrogates(cell) for cell in cells):
        return _broken("not UTF-8", named.get("id"))
    return _row(named.get("id"), named[wanted.column], {fact: named[fact] for fact in wanted.facts})


# --- JSONL ---


def _jsonl_rows(lines: Sequence[str], wanted: Wanted) -> Iterator[Row]:
    for line in lines:
        if line.strip():
            yield _jsonl_row(line, wanted)


def _jsonl_row(line: str, wanted: Wanted) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _broken(f"not JSON: {getattr(error, 'msg', 'nested too deep')}")
    if not isinstance(value, dict):
        return _broken("not a JSON object")
    row_id = _scalar(value.get("id"))
    text = value.get(wanted.column)
    if not isinstance(text, str):
        told = "is missing" if wanted.column not in value else "is not a text"
        return _broken(f"`{wanted.column}` {told}", row_id)
    if _unpaired(text):
        return _broken("not UTF-8", row_id)
    return _row(row_id, text, {fact: _scalar(value.get(fact)) or "" for fact in wanted.facts})


def _unpaired(text: str) -> bool:
    return any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def _scalar(value: object) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- both ---


def _row(row_id: str | None, text: str, facts: Mapping[str, str]) -> Row:
    if not text.strip():
        return _broken("the text is empty", row_id)
    return Row(0, row_id or None, text, facts)


def _broken(reason: str, row_id: str | None = None) -> Row:
    safe = row_id.encode("utf-8", "replace").decode() if row_id else None
    return Row(0, safe, "", {}, f"broken_row: {reason}")
