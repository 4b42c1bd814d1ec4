from hypothesis import given
from hypothesis import strategies as st

from tollhouse.privacy.spans import Span, settle


def test_the_surer_of_two_overlapping_spans_names_the_type() -> None:
    number, card = Span(5, 20, "PHONE_NUMBER", 0.6), Span(5, 21, "CREDIT_CARD", 1.0)

    assert settle([number, card]) == [Span(5, 21, "CREDIT_CARD", 1.0)]


def test_what_a_less_sure_span_covers_besides_stays_covered() -> None:
    name, address = Span(0, 10, "PERSON", 0.9), Span(8, 30, "STREET_ADDRESS", 0.5)

    assert settle([address, name]) == [Span(0, 30, "PERSON", 0.9)]


def test_neighbours_stay_two() -> None:
    spans = [Span(0, 4, "PERSON", 0.9), Span(4, 8, "PERSON", 0.9)]

    assert settle(spans) == spans


ANY_SPAN = st.builds(
    lambda start, length, score: Span(start, start + length, "PERSON", score),
    st.integers(0, 50),
    st.integers(1, 10),
    st.sampled_from([0.5, 0.9, 1.0]),
)


@given(st.lists(ANY_SPAN))
def test_every_covered_character_stays_covered_once(spans: list[Span]) -> None:
    settled = settle(spans)

    covered = [at for span in settled for at in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    assert set(covered) == {at for span in spans for at in range(span.start, span.end)}
