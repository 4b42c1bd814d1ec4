"""Labels from a table: the oracle behind `sim-labels`, so that a classification's quality can be staged."""

import csv
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

MAX_LABELS = 100_000
"""Rows in one table; a text that holds a key inside it is found by trying them all."""

UNKNOWN = "unknown"
_WORDS = re.compile(r"[\w.-]+")


class Labels:
    """Label by text or by id. A CSV file has the column `label` and `text` or `id`."""

    def __init__(self, source: Path | Mapping[str, str] | None = None) -> None:
        """Raises OSError for a file that cannot be read, ValueError for one that is not such a table."""
        table = _read(source) if isinstance(source, Path) else dict(source or {})
        if len(table) > MAX_LABELS:
            raise ValueError(f"a label table has at most {MAX_LABELS} rows, this one has {len(table)}")
        self._by_key = {key.strip(): label for key, label in table.items()}
        self._all = sorted(set(self._by_key.values()))

    def of(self, text: str) -> str:
        """Return the label of the text, of an id that stands in it, or of the longest known text inside it."""
        if (label := self._by_key.get(text.strip())) is not None:
            return label
        for word in _WORDS.findall(text):
            if (label := self._by_key.get(word)) is not None:
                return label
        return self._by_key.get(max((key for key in self._by_key if key and key in text), key=len, default=""), UNKNOWN)

    def guess(self, text: str, right_percent: int, seed: int) -> str:
        """Return the label, or for the given share of texts (always the same ones) another label of the table."""
        label = self.of(text)
        draw = int.from_bytes(hashlib.sha256(f"{seed}\n{text}".encode()).digest()[:8], "big")
        others = [other for other in self._all if other != label]
        if draw % 100 < right_percent or not others:
            return label
        return others[draw // 100 % len(others)]


def _read(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        columns = rows.fieldnames or []
        key = next((name for name in ("text", "id") if name in columns), None)
        if key is None or "label" not in columns:
            raise ValueError(
                f"{path}: a label table needs the column label, and text or id; it has {', '.join(columns)}"
            )
        return {row[key] or "": row["label"] or "" for row in rows}
