"""
What is found and what is masked in vain, by type: `python -m benchmarks.privacy_quality FILE --half held_out`.

FILE is `presidio_synth.jsonl` (microsoft/presidio-research, MIT), which is not part of this repository. A labelled span
counts as found if a span of ours touches it, as whole if one covers it; a span of ours is false if it touches no labelled
span of any type. F2 weighs recall twice as much as precision. Of the held-out half only these figures are to be looked at.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from tollhouse.privacy.detector import Detector
from tollhouse.privacy.recognisers import load
from tollhouse.privacy.spans import Span

from .privacy_data import Labelled, Sentence, sentences

TYPES = {
    "PERSON": "PERSON",
    "STREET_ADDRESS": "STREET_ADDRESS",
    "ZIP_CODE": "ZIP_CODE",
    "PHONE_NUMBER": "PHONE_NUMBER",
    "CREDIT_CARD": "CREDIT_CARD",
    "IBAN_CODE": "IBAN_CODE",
    "EMAIL_ADDRESS": "EMAIL_ADDRESS",
    "IP_ADDRESS": "IP_ADDRESS",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
}
"""Labels of the data that a policy masks unless it says otherwise, and our type for each."""


@dataclass(slots=True)
class Score:
    labelled: int = 0
    found: int = 0
    whole: int = 0
    characters: int = 0
    covered: int = 0
    false: int = 0

    def line(self) -> str:
        precision = self.found / (self.found + self.false) if self.found + self.false else 1.0
        recall = self.found / self.labelled if self.labelled else 1.0
        f2 = 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0
        whole, covered = (
            part / max(total, 1) for part, total in ((self.whole, self.labelled), (self.covered, self.characters))
        )
        return (
            f"{self.labelled:>6}{precision:>11.3f}{recall:>8.3f}{f2:>7.3f}{whole:>8.3f}{covered:>12.3f}{self.false:>7}"
        )


@dataclass(slots=True)
class Scores:
    by_type: dict[str, Score] = field(default_factory=dict)

    def of(self, kind: str) -> Score:
        return self.by_type.setdefault(kind, Score())

    def add(self, sentence: Sentence, found: list[Span]) -> None:
        for labelled in sentence.spans:
            kind = our_type(labelled, sentence.text)
            if kind:
                self._labelled(self.of(kind), labelled, found)
        for span in found:
            if not any(touch(span, labelled) for labelled in sentence.spans):
                self.of(span.type).false += 1

    def _labelled(self, score: Score, labelled: Labelled, found: list[Span]) -> None:
        score.labelled += 1
        score.characters += labelled.end - labelled.start
        near = [span for span in found if touch(span, labelled)]
        score.found += bool(near)
        score.whole += any(span.start <= labelled.start and labelled.end <= span.end for span in near)
        score.covered += sum(min(span.end, labelled.end) - max(span.start, labelled.start) for span in near)


def our_type(labelled: Labelled, text: str) -> str | None:
    if labelled.type == "DATE_TIME" and "date of birth" in text.lower():
        return "DATE_OF_BIRTH"
    return TYPES.get(labelled.type)


def touch(span: Span, labelled: Labelled) -> bool:
    return span.start < labelled.end and labelled.start < span.end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--half", choices=["build", "held_out"], default="build")
    chosen = parser.parse_args()
    detector, scores = Detector(load()), Scores()
    for sentence in sentences(chosen.file, chosen.half):
        scores.add(sentence, detector.find(sentence.text))
    print(f"{'type':<20}{'n':>6}{'precision':>11}{'recall':>8}{'F2':>7}{'whole':>8}{'characters':>12}{'false':>7}")
    for kind, score in sorted(scores.by_type.items()):
        print(f"{kind:<20}{score.line()}")


if __name__ == "__main__":
    main()
