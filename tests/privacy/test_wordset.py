"""A set of words as a Bloom filter."""

from tollhouse.privacy.wordset import WordSet


def test_every_member_is_known() -> None:
    members = [f"member{number}" for number in range(5_000)]

    words = WordSet.of(members)

    assert all(word in words for word in members)


def test_few_others_are_taken_for_members() -> None:
    words = WordSet.of(f"member{number}" for number in range(100_000))

    taken = sum(f"other{number}" in words for number in range(10_000))

    assert taken < 300  # three in a hundred; one is expected
