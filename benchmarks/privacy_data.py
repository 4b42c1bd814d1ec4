"""
The shared corpus of synthetic sentences (presidio_synth), split in two: one half to build on, one held out.

The split goes by template: sentences of one template differ only in the values filled in, so a template's sentences stay
on one side. Recognisers are built while looking at `build` only; of `held_out` only figures are looked at.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SEED = "tollhouse-privacy-1"

Half = Literal["build", "held_out"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A stretch of text that somebody marked by hand or by construction."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    spans: tuple[Labelled, ...]
    template: int


def sentences(file: Path, half: Half) -> list[Sentence]:
    """Return the sentences of one half of `presidio_synth.jsonl`."""
    return [sentence for sentence in _all(file) if half_of(sentence.template) == half]


def half_of(template: int) -> Half:
    digest = hashlib.sha256(f"{SEED}:{template}".encode()).digest()
    return "build" if digest[0] < 128 else "held_out"


def _all(file: Path) -> Iterator[Sentence]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            spans = tuple(Labelled(span["start"], span["end"], span["type"]) for span in row["spans"])
            yield Sentence(row["text"], spans, row["template_id"])
