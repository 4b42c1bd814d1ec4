"""Counting tokens offline."""

import toktok

from tollhouse.adapters.tokens import PIECE_CHARS, TokTok


def test_counts_as_o200k_does() -> None:
    counter = TokTok()

    assert counter.count("hello world") == 2
    assert counter.count("") == 0
    assert counter.count("The quick brown fox jumps over the lazy dog.") == 10


def test_a_long_text_is_counted_in_pieces_and_never_too_low() -> None:
    text = "The vehicle was towed to the dealer. " * (3 * PIECE_CHARS // 37)

    exact = sum(toktok.batch_count([text], "o200k_base"))

    assert 0 <= TokTok().count(text) - exact <= exact // 1_000


def test_half_a_surrogate_pair_is_counted_not_refused() -> None:
    assert TokTok().count("broken \ud83d emoji") >= 3


def test_special_tokens_are_plain_text() -> None:
    assert TokTok().count("<|endoftext|>") > 1
