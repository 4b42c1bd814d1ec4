"""What an attempt's events add up to."""

import tracemalloc

import pytest

from tollhouse.domain.wire import Facts
from tollhouse.gateway.tally import JOINED, Tally


@pytest.mark.parametrize("count", [0, 1, JOINED - 1, JOINED, JOINED + 1, 3 * JOINED])
def test_the_text_is_all_of_it_in_order(count: int) -> None:
    tally = Tally()

    for number in range(count):
        tally.add(Facts(output=True, text=f"{number} "))

    assert tally.text == "".join(f"{number} " for number in range(count))


def test_a_long_stream_is_kept_as_text_and_not_as_a_string_an_event() -> None:
    tally, length = Tally(), 0
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()

    for number in range(50_000):
        text = f"{number:03d} "
        length += len(text)
        tally.add(Facts(output=True, text=text))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert length <= grown < 1.5 * length
