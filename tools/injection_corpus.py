"""
The texts that the injection classifier is built on, and those that are kept apart.

Whole families are kept apart: kinds of injected orders, whole sources of jailbreaks with everything that resembles them,
kinds of harmless look-alikes, half of the e-mails, half of the ordinary texts.
"""

import csv
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

SEED = 20261124

ATTACK, HARMLESS = 1, 0

KEPT_ORDERS = 5
"""Of 15 kinds of orders injected into e-mails."""
KEPT_JAILBREAKS = ("jbb-jbc", "jbb-pair")
KEPT_LOOKALIKES = ("notinject-two", "notinject-three")
ORDINARY_MAX = 1_200
"""Texts of each ordinary set, so that none outweighs the rest."""
LONG_CHARS = 1_500
"""Long texts are cut into pieces of this length."""

SHINGLE_WORDS = 5
ALIKE = 0.15
"""Two jailbreaks that share this part of the shorter one's five-word runs are of one family."""


@dataclass(frozen=True, slots=True)
class Example:
    """`family`: what figures are told by. `order`: the injected words, where they are known; empty: anywhere in the text."""

    text: str
    label: int
    family: str
    order: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    build: list[Example]
    kept: list[Example]


def corpus(data: Path) -> Corpus:
    """Read and split everything below `data`. The same seed gives the same split."""
    rows = [json.loads(line) for line in (data / "prompt_attacks" / "prompt_attacks.jsonl").open(encoding="utf-8")]
    found = Corpus([], [])
    for part in (_emails, _jailbreaks, _lookalikes):
        build, kept = part(rows)
        found.build.extend(build)
        found.kept.extend(kept)
    for name, texts in _ordinary(data):
        build, kept = _halves([Example(text, HARMLESS, f"ordinary:{name}") for text in texts])
        found.build.extend(build)
        found.kept.extend(kept)
    return found


Row = dict[str, object]
Split = tuple[list[Example], list[Example]]


def _emails(rows: list[Row]) -> Split:
    """Keep kinds of orders apart and, for the build half, drop rows whose e-mail is one of those kept apart."""
    emails = sorted({str(row["text"]) for row in rows if row["kind"] == "benign-email"})
    kinds = sorted({str(row["kind"]) for row in rows if str(row["kind"]).startswith("indirect:")})
    rng = random.Random(SEED)
    kept_kinds = set(rng.sample(kinds, KEPT_ORDERS))
    kept_emails = set(rng.sample(emails, len(emails) // 2))
    build = [Example(each, HARMLESS, "e-mail") for each in emails if each not in kept_emails]
    kept = [Example(each, HARMLESS, "e-mail") for each in emails if each in kept_emails]
    for row in rows:
        if row["kind"] not in kinds:
            continue
        text, kind = str(row["text"]), str(row["kind"])
        email = max(emails, key=lambda each: _shared(each, text))
        if kind in kept_kinds:
            kept.append(Example(text, ATTACK, kind))
        elif email not in kept_emails:
            build.append(Example(text, ATTACK, kind, _inserted(email, text)))
    return build, kept


def _shared(email: str, text: str) -> int:
    """Return how many characters stand alike at the start plus at the end."""
    start = next((at for at, (one, other) in enumerate(zip(email, text, strict=False)) if one != other), len(email))
    pairs = zip(reversed(email), reversed(text), strict=False)
    end = next((at for at, (one, other) in enumerate(pairs) if one != other), len(email))
    return min(len(email), start + end)


def _inserted(email: str, text: str) -> str:
    start = next((at for at, (one, other) in enumerate(zip(email, text, strict=False)) if one != other), len(email))
    return text[start : start + len(text) - len(email)].strip()


def _jailbreaks(rows: list[Row]) -> Split:
    """Put jailbreaks that resemble each other into one family; families with a text of a kept source are kept apart."""
    found = [Example(str(row["text"]), ATTACK, str(row["source"])) for row in rows if row["kind"] == "jailbreak"]
    families = _families([each.text for each in found])
    members = defaultdict(list)
    for example, family in zip(found, families, strict=True):
        members[family].append(example)
    build: list[Example] = []
    kept: list[Example] = []
    rng = random.Random(SEED)
    for family in sorted(members):
        draw = rng.random()
        is_kept = any(each.family in KEPT_JAILBREAKS for each in members[family])
        (kept if is_kept or draw < 0.5 else build).extend(members[family])
    return build, kept


def _families(texts: list[str]) -> list[int]:
    """Return a family's number for each text: connected by shared runs of words."""
    runs = [_runs(text) for text in texts]
    by_run = defaultdict(list)
    for at, each in enumerate(runs):
        for run in each:
            by_run[run].append(at)
    parent = list(range(len(texts)))

    def root(at: int) -> int:
        while parent[at] != at:
            at = parent[at]
        return at

    for at, each in enumerate(runs):
        shared = Counter(other for run in each for other in by_run[run] if other < at)
        for other, count in shared.items():
            if count >= ALIKE * min(len(each), len(runs[other])):
                one, two = sorted((root(at), root(other)))
                parent[two] = one  # the first text names the family, whatever the order
    return [root(at) for at in range(len(texts))]


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[at:] for at in range(SHINGLE_WORDS)), strict=False))


def _lookalikes(rows: list[Row]) -> Split:
    """NotInject by source; XSTest by kind, its harmful contrasts counted as harmless: they are questions without a trick."""
    kinds = sorted({str(row["kind"]) for row in rows if row["source"] == "xstest"})
    kept_kinds = set(random.Random(SEED).sample(kinds, len(kinds) // 2))
    build, kept = [], []
    for row in rows:
        source, kind = str(row["source"]), str(row["kind"])
        if source.startswith("notinject"):
            name = "notinject" + ("-multilingual" if kind.endswith("Multilingual") else "")
            (kept if source in KEPT_LOOKALIKES else build).append(Example(str(row["text"]), HARMLESS, name))
        elif source == "xstest":
            name = "xstest" + ("-harmful-question" if row["label"] == 2 else "")
            (kept if kind in kept_kinds else build).append(Example(str(row["text"]), HARMLESS, name))
    return build, kept


def _halves(examples: list[Example]) -> Split:
    shuffled = random.Random(SEED).sample(examples, len(examples))
    middle = len(shuffled) // 2
    return shuffled[:middle], shuffled[middle:]


# --- ordinary texts, none of them an attack ---------------------------------------------------------------------------


def _ordinary(data: Path) -> Iterator[tuple[str, list[str]]]:
    for name, read in ORDINARY.items():
        texts = [text for text in dict.fromkeys(read(data)) if text.strip()]
        yield name, random.Random(SEED).sample(texts, min(ORDINARY_MAX, len(texts)))


def _column(path: Path, column: str) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from (row[column] for row in csv.DictReader(lines))


def _lines(path: Path, member: str) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        yield from (str(json.loads(line)[member]) for line in lines)


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (text[at : at + LONG_CHARS] for at in range(0, min(len(text), 100 * LONG_CHARS), LONG_CHARS))


def _turns(data: Path) -> Iterator[str]:
    with (data / "cache_traps" / "conversations.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield from (turn["content"] for side in ("a", "b") for turn in json.loads(line)[side])


ORDINARY: dict[str, Callable[[Path], Iterable[str]]] = {
    "banking77": lambda data: _column(data / "banking77" / "banking77.csv", "text"),
    "clinc150": lambda data: _column(data / "clinc150" / "clinc150.csv", "text"),
    "massive_de": lambda data: _column(data / "massive_de" / "massive_de.csv", "text"),
    "vehicle_complaints": lambda data: _column(data / "vehicle_complaints" / "complaints.csv", "text"),
    "german_ler": lambda data: _lines(data / "german_ler" / "german_ler.jsonl", "text"),
    "cuad": lambda data: islice(_pieces(_lines(data / "cuad" / "contracts.jsonl", "text")), 2_000),
    "cache_traps": _turns,
}
