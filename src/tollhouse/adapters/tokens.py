"""Port `TokenCounter` on toktok-rs: exact OpenAI token counts, offline; the vocabulary is inside the wheel."""

ENCODING = "o200k_base"
"""The vocabulary of gpt-4o, gpt-4.1, the o series and gpt-5. For other makers' models the count is an estimate."""

PIECE_CHARS = 65_536
"""
Longer texts are counted in pieces of this size. It bounds the memory of one count; each cut can add a token or two,
never take one away, so the sum stays an upper bound within 0.01 %.
"""


class TokTok:
    """
    Counts tokens. The library and its vocabulary load at the first count (66 MiB, about a quarter of a second).

    Safe to call from several threads; one thread is used, because a call's thread should not take the other cores.
    """

    def count(self, text: str) -> int:
        import toktok

        pieces = [_readable(text[start : start + PIECE_CHARS]) for start in range(0, len(text), PIECE_CHARS)]
        return sum(toktok.batch_count(pieces, ENCODING, threads=1))


def _readable(piece: str) -> str:
    # JSON may carry half of a surrogate pair, which is no UTF-8. As U+FFFD it costs about the same.
    return piece.encode("utf-8", "replace").decode() if _has_surrogate(piece) else piece


def _has_surrogate(piece: str) -> bool:
    try:
        piece.encode()
    except UnicodeEncodeError:
        return True
    return False
