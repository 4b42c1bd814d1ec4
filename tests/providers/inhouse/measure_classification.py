"""
Measures mode 1 on public sets; the source of the figures in docs/inhouse.md. Not a test.

    python tests/providers/inhouse/measure_classification.py FOLDER HALF

FOLDER holds `NAME/NAME.csv` with columns text and label. HALF is `tune` or `report`: half of each set's labels, drawn
with seed 0. Of that half, five draws (seeds 0 to 4) of 20 labels, `shots` examples each, all other rows asked.
"""

import csv
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from tollhouse.adapters.embedder import open_embedder
from tollhouse.providers.inhouse.choices import Choice
from tollhouse.providers.inhouse.classify import choose
from tollhouse.providers.inhouse.reading import Reading
from tollhouse.providers.inhouse.shots import Shot
from tollhouse.providers.inhouse.summary import gist
from tollhouse.providers.inhouse.vectors import Vectors

SETS = ("banking77", "clinc150", "massive_de")
LABELS = 20
SEEDS = range(5)


def main(folder: str, half: str) -> None:
    vectors = Vectors(open_embedder, gist, max_kept=10_000)
    for name in SETS:
        rows = _rows(Path(folder) / name / f"{name}.csv")
        for shots in (0, 2, 5):
            results = [_accuracy(rows, half, shots, seed, vectors) for seed in SEEDS]
            shown = " ".join(f"{right / asked:.3f}" for right, asked in results)
            right, asked = (sum(column) for column in zip(*results, strict=True))
            sys.stdout.write(f"{name} {half} shots={shots} n={asked} accuracy={right / asked:.3f} by seed: {shown}\n")
            sys.stdout.flush()


def _rows(path: Path) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["label"] != "oos":
                rows.setdefault(row["label"], []).append(row["text"])
    return rows


def _accuracy(rows: dict[str, list[str]], half: str, shots: int, seed: int, vectors: Vectors) -> tuple[int, int]:
    labels = _drawn(_half(sorted(rows), half), LABELS, seed)
    texts = {label: _drawn(rows[label], len(rows[label]), seed) for label in labels}
    examples = [Shot(text, label) for label in labels for text in texts[label][:shots]]
    choices = [Choice(label) for label in labels]
    asked = [(text, label) for label in labels for text in texts[label][shots:]]
    right = sum(choose(Reading(text, vectors, Event()), choices, examples).label == label for text, label in asked)
    return right, len(asked)


def _half(labels: Sequence[str], half: str) -> list[str]:
    shuffled = _drawn(labels, len(labels), 0)
    middle = len(labels) // 2
    return shuffled[:middle] if half == "tune" else shuffled[middle:]


def _drawn(values: Sequence[str], count: int, seed: int) -> list[str]:
    return random.Random(seed).sample(list(values), min(count, len(values)))


if __name__ == "__main__":
    main(*sys.argv[1:3])
