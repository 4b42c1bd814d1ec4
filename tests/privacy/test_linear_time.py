"""Texts made to be expensive: twice as long may cost twice as much, not more."""

import time

import pytest

from tollhouse.privacy.detector import PIECE, Detector
from tollhouse.privacy.recognisers import ON_REQUEST, load

LENGTH = 100_000
RATIO_MAX = 3.5
"""Of CPU for twice the text: 2 if linear, 4 if quadratic."""
ROUNDS = 5
FIXED_S = 0.005
"""What a busy machine may add to either."""

HOSTILE = (
    "a" * 40 + "@", "1", "1 ", "+1", "(0)", "756.1234.5678.", "4111 ", "a@", "@a.", "a%40", "a [at] b.", "://:@", "://a:b", ".", "a.", "-", "+",
    "a:", "::1", "<<", "A<<\n", "AB12 ", "CH93 0076 2011 ", "AB-123-", "DE89 3704 0044 0532 0130 01 ", "eyJaaaaaaaa.", "sk-",
    "-----BEGIN PRIVATE KEY-----", "password: ", "password is ", "secret_key=", "key", "pin ", "born 1", "né 1", "passport A",
    "tel 1", "visa 4111 ", "steuer 12 ", "a", "A", "ä1", "٠", " ", "\n",
)  # fmt: skip


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(load(), also=list(ON_REQUEST), patterns={"mine": r"\d+x|(?:a+)+b|MA-\d{5}"})


def least_cpu_s(detector: Detector, text: str) -> float:
    return min(cpu_s(detector, text) for _ in range(ROUNDS))


def cpu_s(detector: Detector, text: str) -> float:
    began = time.thread_time()
    detector.find(text)
    return time.thread_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("unit", HOSTILE)
def test_twice_the_text_costs_at_most_three_times_as_much(detector: Detector, unit: str) -> None:
    once = (unit * LENGTH)[:LENGTH]

    assert least_cpu_s(detector, once * 2) <= RATIO_MAX * least_cpu_s(detector, once) + FIXED_S


@pytest.mark.parametrize("unit", HOSTILE)
def test_inside_a_piece_twice_the_text_costs_at_most_three_times_as_much(detector: Detector, unit: str) -> None:
    once = (unit * PIECE)[: PIECE // 2]

    assert least_cpu_s(detector, once * 2) <= RATIO_MAX * least_cpu_s(detector, once) + FIXED_S
