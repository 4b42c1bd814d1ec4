"""All recognisers over one text: in pieces, within limits, failing closed."""

import asyncio
import re
from collections.abc import Callable, Iterator

import pytest

import planted_persons
from tollhouse.domain.errors import DetectorFailed
from tollhouse.privacy.detector import MARGIN, PIECE, SPAN_MAX, Detector
from tollhouse.privacy.reading import Reading
from tollhouse.privacy.recognisers import RECOGNISERS, load
from tollhouse.privacy.recognisers.patterns import PatternRefused
from tollhouse.privacy.recognisers.person import PersonRecogniser
from tollhouse.privacy.spans import Span


class Words:
    """Finds what a pattern matches, and counts how often it was asked."""

    types = ("WORD",)

    def __init__(self, pattern: str = "Zz+") -> None:
        self._pattern = re.compile(pattern)
        self.asked = 0

    def find(self, reading: Reading) -> Iterator[Span]:
        self.asked += 1
        return (Span(m.start(), m.end(), "WORD", 0.9) for m in self._pattern.finditer(reading.text))


class Broken:
    types = ("BROKEN",)

    def find(self, reading: Reading) -> Iterator[Span]:
        raise KeyError(reading.text)


def values(text: str, spans: list[Span]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


def ticking(step_s: float) -> Callable[[], float]:
    ticks = iter(range(10**9))
    return lambda: next(ticks) * step_s


def test_a_value_is_found_whole_wherever_it_stands_between_two_pieces() -> None:
    value = "Zzzzzzzzz"
    detector = Detector([Words()])

    for at in range(PIECE - MARGIN - 20, PIECE + MARGIN + 20):
        text = "." * at + value + "." * (2 * PIECE)

        assert detector.find(text) == [Span(at, at + len(value), "WORD", 0.9)], at


def test_a_part_of_a_name_is_known_in_all_pieces_that_follow_its_first() -> None:
    detector = Detector([PersonRecogniser()])
    filler = "Nothing of note was said here. " * (3 * PIECE // 31)
    text = f"My name is Odwin Zavrelo. {filler}Then Zavrelo left it there."

    found = values(text, detector.find(text))

    assert found == ["Odwin Zavrelo", "Zavrelo"]
    assert values(filler, detector.find(filler + "Then Zavrelo left it there.")) == []


def test_every_piece_is_read_in_the_language_of_the_whole_text() -> None:
    detector = Detector([PersonRecogniser()])
    nouns = "Gewindebuchse, Kontaktsockel, Haltebügel: vorhanden.\n" * (2 * PIECE // 54)
    rest = "Zavrelin hat zwei. Ersatzteile: vorhanden.\n" + nouns

    found = values(nouns + rest, detector.find(nouns + rest + "Das ist alles."))

    assert found == ["Zavrelin"]


def test_an_identifier_of_every_kind_is_found_whole_across_the_end_of_a_piece() -> None:
    detector = Detector([make() for make in RECOGNISERS if make is not PersonRecogniser])
    filler = "and then they went on with the work of the day as they always do, " * 200

    for planted in planted_persons.sentences(len(planted_persons.KINDS), seed=7):
        for at in range(PIECE - len(planted.text), PIECE + 1):
            text = f"{filler[: at - 2]}. {planted.text}. {filler[: PIECE // 2]}"
            start = text.index(planted.value, at)

            found = [s for s in detector.find(text) if s.start <= start and s.end >= start + len(planted.value)]

            assert [span.type for span in found] == [planted.type], (at, planted)


@pytest.mark.parametrize("length", [MARGIN, MARGIN + 1, PIECE, 2 * PIECE, SPAN_MAX])
def test_a_value_longer_than_a_margin_is_read_to_its_end(length: int) -> None:
    value = "Z" + "z" * (length - 1)
    text = "." * (PIECE - 1) + value + "." * PIECE

    assert values(text, Detector([Words()]).find(text)) == [value]


def test_a_value_longer_than_the_longest_is_covered_as_far_as_that_at_least() -> None:
    text = "." * 100 + "Z" + "z" * (3 * SPAN_MAX) + "." * PIECE

    (span,) = Detector([Words()]).find(text)

    assert span.start == 100
    assert span.end >= 100 + SPAN_MAX


async def test_examining_gives_what_finding_gives() -> None:
    text = "a Zz b Zzz " * 3000
    detector = Detector([Words()])

    assert await detector.examine(text) == detector.find(text)
    assert len(detector.find(text)) == 6000


async def test_others_run_after_every_piece() -> None:
    text = "." * (10 * PIECE)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    await Detector([Words()]).examine(text)
    other.cancel()

    assert turns >= 9


async def test_a_text_seen_before_is_not_read_again() -> None:
    words = Words()
    detector = Detector([words])
    first = await detector.examine("one Zz")

    again = await detector.examine("one Zz")

    assert again == first
    assert words.asked == 1


async def test_what_was_found_is_forgotten_oldest_first_when_there_is_no_room() -> None:
    words = Words()
    detector = Detector([words], cache_bytes_max=1200)  # two entries with one span each

    for text in ("Zz 1", "Zz 2", "Zz 1", "Zz 3", "Zz 1", "Zz 2"):
        await detector.examine(text)

    assert words.asked == 4  # "Zz 2" twice


async def test_findings_too_many_to_keep_are_not_kept() -> None:
    words = Words()
    detector = Detector([words], cache_bytes_max=1200)

    for _ in range(2):
        await detector.examine("Zz " * 100)

    assert words.asked == 2


async def test_the_caller_may_change_the_list_it_got() -> None:
    detector = Detector([Words()])
    await detector.examine("Zz")

    (await detector.examine("Zz")).clear()

    assert len(await detector.examine("Zz")) == 1


async def test_a_recogniser_that_fails_refuses_the_text_without_quoting_it() -> None:
    detector = Detector([Words(), Broken()])

    with pytest.raises(DetectorFailed) as refused:
        await detector.examine("Zz secret")

    assert refused.value.message == "The recogniser of BROKEN failed (KeyError)."
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert (refused.value.status, refused.value.code, refused.value.retryable) == (503, "privacy_unavailable", False)


async def test_a_failure_is_not_remembered_as_an_answer() -> None:
    detector = Detector([Broken()])

    for _ in range(2):
        with pytest.raises(DetectorFailed):
            await detector.examine("text")


def test_work_up_to_the_limit_is_done_and_beyond_it_refused() -> None:
    text = "." * (4 * PIECE)  # four pieces of one tick each

    assert Detector([Words()], time_max_ms=4000, clock=ticking(1.0)).find(text) == []
    with pytest.raises(DetectorFailed, match="longer than 3999 ms"):
        Detector([Words()], time_max_ms=3999, clock=ticking(1.0)).find(text)


def test_a_customers_pattern_is_found_under_its_name() -> None:
    detector = Detector([], patterns={"staff-number": r"\bMA-\d{5}\b"})
    text = "Grüße von MA-12345, nicht von MA-123456."

    assert detector.find(text) == [Span(10, 18, "STAFF_NUMBER", 1.0)]
    assert detector.types == {"STAFF_NUMBER"}


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", "invalid escape sequence"),
        (r"(?=a)b", "invalid perl operator"),
        (r"(?<!a)b", "invalid perl operator"),
        (r"a{1001}", "invalid repetition size"),
        (r"(?:\p{L}{999}\pN{1}){1}", "pattern too large"),
        (r"(", "missing"),
        (r"x*", "empty text"),
        ("x" * 1001, "1001 characters"),
    ],
)
def test_a_pattern_without_a_linear_matcher_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(PatternRefused, match=why):
        Detector([], patterns={"mine": pattern})


def test_more_patterns_than_the_limit_are_refused() -> None:
    with pytest.raises(PatternRefused, match="51 patterns"):
        Detector([], patterns={f"p{n}": "x" for n in range(51)})


def test_a_type_that_nobody_offers_is_refused() -> None:
    with pytest.raises(ValueError, match="SHOE_SIZE"):
        Detector(load(), also=["SHOE_SIZE"])
