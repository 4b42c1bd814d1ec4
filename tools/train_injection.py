"""
Make the weights of the injection classifier, with a seed, from public data and our own phrases.

    PYTHONPATH=src:. python -m tools.train_injection DATA [--tune | --kept]

`--tune` prints figures on the half that is built on, each family told without having been trained on it; `--kept` prints
those on what was kept apart. Without either, the weights are written. Needs numpy, which the extra `local` brings.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tollhouse.privacy.guardrails.injection import Injection
from tollhouse.privacy.injection.classifier import SLOTS, WINDOWS, ZERO, features, windows
from tollhouse.privacy.injection.cues import cued
from tollhouse.privacy.injection.marks import template_marks
from tollhouse.privacy.injection.readable import readable
from tollhouse.privacy.injection.words import Words

from .injection_corpus import ATTACK, HARMLESS, SEED, Corpus, Example, corpus
from .injection_phrases import ATTACKS as ATTACK_FRAMES
from .injection_phrases import HARMLESS as HARMLESS_FRAMES
from .injection_phrases import drawn

PHRASES = 600
"""Drawn a language and label."""
CARRIED = 120
"""Of the orders, so many more stand in the middle of an ordinary text."""
CARRIED_AGAIN = 4
"""Each order that stood in an e-mail stands in so many other texts too, so that the e-mail is not what is learnt."""
ROUNDS = 3
"""After each, an attack is learnt only by the windows that look most like one."""
TOP_WINDOWS = 3
THRESHOLDS = (0.5, 2.75)
"""For each window size. Chosen by `--tune`: no look-alike, one ordinary text in a hundred and one contract in thirty is flagged."""
STEPS = 150
DECAY = 2e-3
FOLDS = 5
HARMLESS_WEIGHT = 4.0
SHIPPED = Path(__file__).parent.parent / "src/tollhouse/privacy/injection/weights"


@dataclass(frozen=True, slots=True)
class Bag:
    """An example as windows, each the slots of its features."""

    example: Example
    windows: list[np.ndarray]
    sizes: list[int]
    certain: list[bool]


def bag(example: Example) -> Bag:
    words = Words(readable(example.text).text).all
    kinds = [np.array(each, dtype=np.int64) for each in features(words)]
    order = _order(words, Words(readable(example.order).text).all) if example.order else None
    spans = list(windows(len(words)))
    return Bag(
        example,
        [np.concatenate([kind[start:end] for kind in kinds]) for start, end in spans],
        [end - start for start, end in spans],
        [_holds(order, start, end) for start, end in spans],
    )


def _order(words: Sequence[str], order: Sequence[str]) -> tuple[int, int] | None:
    for at in range(len(words) - len(order) + 1):
        if words[at : at + len(order)] == order:
            return at, at + len(order)
    return None


def _holds(order: tuple[int, int] | None, start: int, end: int) -> bool:
    """Does this window hold at least most of the order? Unknown: every window may."""
    if order is None:
        return True
    return min(end, order[1]) - max(start, order[0]) >= 0.7 * min(order[1] - order[0], end - start)


def own_phrases() -> list[Example]:
    found = []
    for label, frames in ((ATTACK, ATTACK_FRAMES), (HARMLESS, HARMLESS_FRAMES)):
        for lang, lines in frames.items():
            found += [Example(text, label, f"own:{lang}") for text in drawn(lines, PHRASES, SEED)]
    return found


def carried(orders: Sequence[Example], carriers: Sequence[Example], rng: random.Random) -> list[Example]:
    """Put orders into ordinary texts, at the start, in the middle or at the end."""
    found = []
    for order in orders:
        sentences = rng.choice(carriers).text.split(". ")
        at = rng.choice((0, len(sentences) // 2, len(sentences)))
        text = ". ".join([*sentences[:at], order.text.rstrip("."), *sentences[at:]])
        found.append(Example(text, ATTACK, order.family, order.text.rstrip(".")))
    return found


# --- training -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Model:
    weights: np.ndarray
    bias: float

    def scores(self, each: Bag) -> list[float]:
        return [
            self.bias + self.weights[slots].sum() / np.sqrt(size) if size else self.bias
            for slots, size in zip(each.windows, each.sizes, strict=True)
        ]


def train(bags: Sequence[Bag]) -> Model:
    """Fit in rounds: first every window that may hold the order, then those that score best."""
    model: Model | None = None
    for _ in range(ROUNDS):
        rows, sizes, labels, weights = [], [], [], []
        for each in bags:
            chosen = _chosen(each, model)
            for rank, at in enumerate(chosen):
                rows.append(each.windows[at])
                sizes.append(each.sizes[at])
                labels.append(each.example.label)
                weights.append(_weight(each.example.label, rank, model is None))
        model = _fit(rows, np.array(sizes), np.array(labels, dtype=float), np.array(weights))
    assert model is not None
    return model


def _weight(label: int, rank: int, is_first: bool) -> float:
    """An attack is its best windows; of a harmless text the window that looks worst counts most."""
    if label == ATTACK:
        return 1.0
    return HARMLESS_WEIGHT if rank == 0 and not is_first else 0.5


def _chosen(each: Bag, model: Model | None) -> list[int]:
    certain = [
        at for at in range(len(each.windows)) if each.sizes[at] and (each.certain[at] or each.example.label == HARMLESS)
    ]
    if model is None:
        return certain
    scores = model.scores(each)
    best = sorted(certain, key=lambda at: -scores[at])
    return best[:TOP_WINDOWS] if each.example.label == ATTACK else best


def _fit(rows: list[np.ndarray], sizes: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> Model:
    """Logistic regression with decay, by Adam over all rows at once: no order of rows, so no chance in it."""
    row_of = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    slots = np.concatenate(rows)
    values = 1 / np.sqrt(sizes)[row_of]
    weights = weights * np.where(labels == 1, weights[labels == 0].sum() / weights[labels == 1].sum(), 1.0)
    weights /= weights.sum()
    table, bias = np.zeros(SLOTS), 0.0
    first, second = np.zeros(SLOTS + 1), np.zeros(SLOTS + 1)
    for step in range(1, STEPS + 1):
        scores = bias + np.bincount(row_of, weights=table[slots] * values, minlength=len(rows))
        errors = weights * (1 / (1 + np.exp(-scores)) - labels)
        slope = np.append(
            np.bincount(slots, weights=errors[row_of] * values, minlength=SLOTS) + DECAY / 100 * table, errors.sum()
        )
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        move = 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        table -= move[:-1]
        bias -= float(move[-1])
    return Model(table, bias)


# --- figures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of an example, and by what."""

    example: Example
    cues: bool
    classifier: bool


def tune(bags: Sequence[Bag]) -> list[Told]:
    """Tell every example by a model that has not seen its kind of injected order, or else the example itself."""
    kinds = sorted({each.example.family for each in bags if each.example.family.startswith("indirect:")})
    random.Random(SEED).shuffle(kinds)
    fold_of = {kind: at % FOLDS for at, kind in enumerate(kinds)}
    folds = [fold_of.get(each.example.family, at % FOLDS) for at, each in enumerate(bags)]
    found = []
    for fold in range(FOLDS):
        model = train([each for each, its in zip(bags, folds, strict=True) if its != fold])
        found += [
            Told(each.example, *by_cues(each.example.text), is_over(model, each))
            for each, its in zip(bags, folds, strict=True)
            if its == fold
        ]
    return found


def is_over(model: Model, each: Bag) -> bool:
    pairs = zip(model.scores(each), each.sizes, strict=True)
    return any(score >= THRESHOLDS[size > WINDOWS[0][0]] for score, size in pairs)


def guarded(examples: Sequence[Example]) -> list[Told]:
    """Tell every example by the guardrail as it ships."""
    guardrail = Injection()
    found = []
    for example in examples:
        rules = {hit.rule for hit in guardrail.hits(example.text)}
        found.append(Told(example, bool(rules - {"classifier"}), "classifier" in rules))
    return found


def by_cues(text: str) -> tuple[bool]:
    shown = readable(text)
    return (any(True for _ in cued(Words(shown.text))) or any(True for _ in template_marks(shown.text)),)


def table(told: Sequence[Told]) -> str:
    """Return flagged shares by family, attacks first: by cues, by the classifier, by either."""
    by_family = defaultdict(list)
    for each in told:
        by_family[each.example.label, each.example.family].append(each)
    lines = ["| texts | family | n | cues | classifier | both |", "|---|---|---|---|---|---|"]
    for (label, family), rows in sorted(by_family.items(), key=lambda pair: (-pair[0][0], pair[0][1])):
        counts = (sum(each.cues for each in rows), sum(each.classifier for each in rows))
        both = sum(each.cues or each.classifier for each in rows)
        shares = " | ".join(f"{count / len(rows):.1%}" for count in (*counts, both))
        lines.append(f"| {'attack' if label else 'harmless'} | {family} | {len(rows)} | {shares} |")
    return "\n".join(lines)


def build_bags(found: Corpus) -> list[Bag]:
    rng = random.Random(SEED)
    own = own_phrases()
    carriers = [each for each in found.build if each.family.startswith("ordinary:") and len(each.text) > 200]
    orders = rng.sample([each for each in own if each.label == ATTACK], CARRIED * 3)
    orders += [Example(each.order, ATTACK, each.family) for each in found.build if each.order] * CARRIED_AGAIN
    return [bag(each) for each in [*found.build, *own, *carried(orders, carriers, rng)]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("data", type=Path)
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--kept", action="store_true")
    asked = parser.parse_args()
    found = corpus(asked.data)
    bags = build_bags(found)
    if asked.tune:
        print(table(tune(bags)))
    elif asked.kept:
        print(table(guarded(found.kept)))
    else:
        write(train(bags), Counter(each.example.family for each in bags))


def write(model: Model, trained_on: Counter[str]) -> None:
    scale = float(np.abs(model.weights).max()) / (ZERO - 1)
    SHIPPED.mkdir(exist_ok=True)
    steps = np.rint(model.weights / scale).astype(int) + ZERO
    (SHIPPED / "injection.bin").write_bytes(bytes(steps.tolist()))
    facts = {
        "scale": scale,
        "bias": model.bias,
        "thresholds": THRESHOLDS,
        "seed": SEED,
        "trained_on": dict(sorted(trained_on.items())),
    }
    (SHIPPED / "injection.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
