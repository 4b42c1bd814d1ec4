"""A set of words as a Bloom filter."""

import random
from string import ascii_lowercase

from tollhouse.privacy.wordset import WordSet


def test_every_member_is_known() -> None:
    members = [f"member{number}" for number in range(5_000)]

    words = WordSet.of(members)

    assert all(word in words for word in members)


def test_few_others_are_taken_for_members() -> None:
    make = random.Random(7)
    drawn = ["".join(make.choices(ascii_lowercase, k=7)) for _ in range(130_000)]
    words = WordSet.of(drawn[:119_000])

    taken = sum(word in words for word in drawn[119_000:])

    assert taken < 220  # two in a hundred; one and a half are expected
