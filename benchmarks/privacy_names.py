"""
How well names, addresses and postcodes are found: `python -m benchmarks.privacy_names DATA [--half held_out] [--drop 0.5]`.

DATA is the folder with presidio_synth, german_ler, evi_profiles and the harmless texts. presidio_synth is split by template,
the others by text; recognisers were built while looking at the half `build` only. A span is found if one of its type
overlaps it, false if it overlaps none of its type; it is covered if one span of any type covers it wholly. F2 weighs recall
four times as much as precision. `--drop` leaves out a share of the listed names that occur in the half, as if nobody had
listed them: names nobody lists are as frequent elsewhere.

Letters are texts as customers and developers write them, in English, German and French, in `benchmarks/letters`: a person's
name stands in double brackets, with its titles; `\\n` is the end of a line.
"""

import argparse
import csv
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tollhouse.privacy import lists
from tollhouse.privacy.lexicon import Lexicon, dictionaries
from tollhouse.privacy.reading import Reading
from tollhouse.privacy.recognisers.person import PersonRecogniser
from tollhouse.privacy.recognisers.postcode import PostcodeRecogniser
from tollhouse.privacy.recognisers.street_address import StreetAddressRecogniser
from tollhouse.privacy.spans import Span, settle

TYPES = ("PERSON", "STREET_ADDRESS", "ZIP_CODE")
SEED = 7
TITLE = re.compile(r"(?:(?:Mr|Mrs|Ms|Dr)\.? |Frau lic\. iur\. |Frau |Herrn |Mme |Monsieur |Eheleute )*")
FRAMES = {
    "en": ("{} has not paid the invoice.", "We sent the contract to {} last week.", "Is {} insured?"),
    "fr": ("{} n'a pas payé la facture.", "Le dossier de {} est clos.", "Avez-vous écrit à {} hier ?"),
    "pl": ("{} has not paid the invoice.", "Der Vertrag mit {} endet im Mai.", "Is {} insured?"),
}
"""Sentences without a cue; the Polish names stand in English and German ones."""
POSTCODE_FRAMES = {
    "en": "My postcode is {}.",
    "fr": "Mon code postal est {}.",
    "pl": "Meine Postleitzahl ist {}.",
}

LETTERS = Path(__file__).parent / "letters"

Find = Callable[[str], list[Span]]


@dataclass
class Score:
    """What was found of one type."""

    found: int = 0
    missed: int = 0
    covered: int = 0
    masked: int = 0
    """Found, or wholly covered by spans of other types: a postcode in an address."""
    right: int = 0
    false: int = 0

    def __str__(self) -> str:
        n = self.found + self.missed
        recall = self.found / n if n else 0.0
        precision = self.right / (self.right + self.false) if self.right + self.false else 0.0
        f2 = 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0
        covered = self.covered / n if n else 0.0
        masked = self.masked / n if n else 0.0
        return f"n={n:4} precision={precision:.3f} recall={recall:.3f} F2={f2:.3f} wholly covered={covered:.3f} found or covered={masked:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", choices=("build", "held_out"), default="build")
    parser.add_argument("--drop", type=float, default=0.0)
    given = parser.parse_args()
    texts = [
        row
        for row in rows(given.data / "presidio_synth/presidio_synth.jsonl")
        if half(row["template_id"]) == given.half
    ]
    court = [row for row in rows(given.data / "german_ler/german_ler.jsonl") if half(row["text"]) == given.half]
    find = finder(dropped(texts, given.drop))
    report("presidio_synth", texts, find)
    written = [text for line in lines_of("persons.txt") if half((text := marked(line))["text"]) == given.half]
    report("letters", written, finder(dropped(written, given.drop)))
    false_masks(
        "letters without persons", [line for line in lines_of("harmless.txt") if half(line) == given.half], find
    )
    report("german_ler", court, find)
    report(
        "german_ler, names of two letters and more", court, find, lambda span: bool(re.search(r"\w\w", span["value"]))
    )
    for language, frames in FRAMES.items():
        profiles(given.data / f"evi_profiles/profiles_{language}.csv", language, frames, given.half, find)
    for name, harmless in harmless_texts(given.data, given.half):
        false_masks(name, harmless, find)


def half(key: object) -> str:
    return "build" if hashlib.sha256(str(key).encode()).digest()[0] < 128 else "held_out"


def lines_of(name: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in (LETTERS / name).read_text(encoding="utf-8").splitlines()]


def marked(line: str) -> dict:
    """Return a text and where its brackets stood, without the titles in them."""
    text, spans = "", []
    for number, part in enumerate(re.split(r"\[\[|\]\]", line)):
        if number % 2:
            title = TITLE.match(part)
            start = len(text) + (title.end() if title else 0)
            end = len(text) + len(part)
            spans.append({"type": "PERSON", "start": start, "end": end, "value": part[start - end :]})
        text += part
    return {"text": text, "spans": spans}


def rows(file: Path) -> Iterator[dict]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def finder(names: frozenset[str]) -> Find:
    every = {name: lists.read(name) for name in ("given_names", "surnames", "places", "words")}
    for kind in ("given_names", "surnames"):
        every[kind] = [line for line in every[kind] if line.partition(" ")[0].casefold() not in names]
    lexicon = Lexicon(*every.values(), heard=dictionaries())
    recognisers = [kind(lambda: lexicon) for kind in (PersonRecogniser, StreetAddressRecogniser, PostcodeRecogniser)]
    return lambda text: settle(span for recogniser in recognisers for span in recogniser.find(Reading(text)))


def dropped(texts: Sequence[dict], share: float) -> frozenset[str]:
    words = {
        word.casefold()
        for row in texts
        for span in row["spans"]
        if span["type"] == "PERSON"
        for word in re.findall(r"\w{2,}", span["value"])
    }
    return frozenset(random.Random(SEED).sample(sorted(words), round(len(words) * share)))


def report(name: str, texts: Sequence[dict], find: Find, counts: Callable[[dict], bool] = lambda span: True) -> None:
    scores = {kind: Score() for kind in TYPES}
    for row in texts:
        found = find(row["text"])
        for kind, score in scores.items():
            add(score, kind, [span for span in row["spans"] if span["type"] == kind], found, counts)
    for kind, score in scores.items():
        if score.found + score.missed:
            print(f"{name}: {len(texts)} texts, {kind}: {score}")


def add(score: Score, kind: str, marked: list[dict], found: list[Span], counts: Callable[[dict], bool]) -> None:
    own = [span for span in found if span.type == kind]
    for span in filter(counts, marked):
        hit = any(one.start < span["end"] and span["start"] < one.end for one in own)
        score.found += hit
        score.missed += not hit
        covered = any(one.start <= span["start"] and span["end"] <= one.end for one in found)
        score.covered += covered
        score.masked += hit or covered
    for one in own:
        right = any(one.start < span["end"] and span["start"] < one.end for span in marked)
        score.right += right
        score.false += not right


def profiles(file: Path, language: str, frames: Sequence[str], wanted: str, find: Find) -> None:
    with file.open(encoding="utf-8", newline="") as lines:
        people = [row for row in csv.DictReader(lines) if half(row["name"]) == wanted]
    for label, spell in (("as written", str), ("small letters", str.lower)):
        texts = [(spell(frame.format(row["name"])), spell(row["name"])) for row in people for frame in frames]
        print(
            f"evi_profiles {language}, {label}: {len(texts)} texts, names wholly covered {share_covered(texts, find):.3f}"
        )
    texts = [(POSTCODE_FRAMES[language].format(row["postcode"]), row["postcode"]) for row in people]
    print(f"evi_profiles {language}: {len(texts)} texts, postcodes wholly covered {share_covered(texts, find):.3f}")


def share_covered(texts: Sequence[tuple[str, str]], find: Find) -> float:
    return sum(is_covered(text, value, find(text)) for text, value in texts) / len(texts)


def is_covered(text: str, value: str, found: Iterable[Span]) -> bool:
    start = text.index(value)
    return any(span.start <= start and start + len(value) <= span.end for span in found)


def harmless_texts(data: Path, wanted: str) -> Iterator[tuple[str, list[str]]]:
    for name, file in (
        ("banking77 (en)", "banking77/banking77.csv"),
        ("massive_de (de)", "massive_de/massive_de.csv"),
        ("vehicle_complaints (en)", "vehicle_complaints/complaints.csv"),
    ):
        with (data / file).open(encoding="utf-8", newline="") as lines:
            yield name, [row["text"] for row in csv.DictReader(lines) if half(row["text"]) == wanted]
    court = [
        row
        for row in rows(data / "german_ler/german_ler.jsonl")
        if not any(s["type"] == "PERSON" for s in row["spans"])
    ]
    yield "german_ler without persons (de)", [row["text"] for row in court if half(row["text"]) == wanted]
    contracts = (part for row in rows(data / "cuad/contracts.jsonl") for part in row["text"].split("\n\n"))
    yield (
        "cuad (en; persons and addresses occur)",
        [part for part in contracts if len(part) > 200 and half(part) == wanted],
    )


def false_masks(name: str, texts: Sequence[str], find: Find) -> None:
    masks: Counter[str] = Counter()
    for text in texts:
        spans = find(text)
        masks["texts"] += bool(spans)
        masks["words"] += sum(len(text[span.start : span.end].split()) for span in spans)
    words = sum(len(text.split()) for text in texts)
    print(
        f"{name}: {len(texts)} texts, with a mask {masks['texts'] / len(texts):.2%}; words masked {masks['words'] / words:.3%}"
    )


if __name__ == "__main__":
    main()
