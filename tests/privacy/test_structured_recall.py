"""Invented persons and harmless numbers: what is missed, and what is masked in vain."""

from collections import Counter

import pytest

import harmless_texts
import planted_persons
from tollhouse.privacy.detector import Detector
from tollhouse.privacy.recognisers import load

SEED = 20260
FALSE_MASKS_MAX = 0.02


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(load())


def missed(detector: Detector, count: int, seed: int) -> list[str]:
    return [
        planted.text
        for planted in planted_persons.sentences(count, seed)
        if not covers(detector, planted.text, planted.value, planted.type)
    ]


def covers(detector: Detector, text: str, value: str, kind: str) -> bool:
    start = text.index(value)
    return any(
        span.type == kind and span.start <= start and start + len(value) <= span.end for span in detector.find(text)
    )


def test_no_identifier_of_a_thousand_persons_is_missed(detector: Detector) -> None:
    assert missed(detector, 1_000, SEED) == []


@pytest.mark.slow
def test_no_identifier_of_ten_thousand_persons_is_missed(detector: Detector) -> None:
    assert missed(detector, 10_000, SEED + 1) == []


def test_of_harmless_texts_rich_in_numbers_hardly_any_is_masked(detector: Detector) -> None:
    texts = list(harmless_texts.sentences(2_000, SEED))

    masked = Counter(bool(detector.find(text)) for text in texts)

    assert masked[True] / len(texts) <= FALSE_MASKS_MAX
