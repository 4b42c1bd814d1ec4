"""One line of a provider's bill, whatever its format: a request's or a bucket's."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from tollhouse.domain.money import MAX_PLACES, MAX_USD, NANO_PER_USD

MAX_LINES = 1_000_000
"""Lines of one file: a busy day's requests one by one, or a year's hourly buckets of a hundred models. About 400 MB."""
HEAD_BYTES = 4096
"""As much of a file as its first line is looked for in, to recognise its format."""
MAX_TOKENS = 10**15
"""Tokens of one line: more is a file of something else, and a sum of a million lines stays inside 64 bits."""
MAX_TEXT_CHARS = 512
"""Models' names and requests' ids; OpenAI takes client request ids of at most this."""
MAX_MS = 253_402_300_800_000
"""The year 10000."""


class BillUnreadable(ValueError):
    """A file is not a bill of this format. The message begins with the place in it."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """
    What a provider charges for one request, or for all requests of a model in a span of time.

    Args:
        place: where it stands in its file.
        model: the provider's name of it; None: of all models.
        from_ms, to_ms: the span `[from_ms, to_ms)`; a single request's may be one moment.
        tokens_in, tokens_out, tokens_cached: None if the line does not say; `tokens_in` includes `tokens_cached`.
        cost_nanousd: None if the line does not say. A credit is negative.
        request: a single request's id, ours if the provider repeats it; None for a bucket.
    """

    place: str
    from_ms: int
    to_ms: int
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    cost_nanousd: int | None = None
    request: str | None = None


def check_count(lines: int) -> None:
    if lines > MAX_LINES:
        raise BillUnreadable(f"line {lines}", f"a bill may have {MAX_LINES:,} lines; split the file")


def check_text(place: str, name: str, text: str) -> str:
    if not text or len(text) > MAX_TEXT_CHARS or not text.isprintable():
        raise BillUnreadable(place, f"`{name}` must be 1 to {MAX_TEXT_CHARS} printable characters")
    return text


def check_span(place: str, from_ms: int, to_ms: int, *, may_be_a_moment: bool) -> None:
    if not 0 <= from_ms <= to_ms <= MAX_MS or (from_ms == to_ms and not may_be_a_moment):
        raise BillUnreadable(place, "it must end after it begins")


def check_tokens(place: str, name: str, tokens: object) -> int:
    if type(tokens) is not int or not 0 <= tokens <= MAX_TOKENS:
        raise BillUnreadable(place, f"`{name}` must be a whole number of tokens, not {tokens!r}")
    return tokens


def usd_of(place: str, name: str, text: str) -> Fraction:
    """Read an amount of USD exactly; a credit is negative, and any number of places is welcome."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise BillUnreadable(place, f"`{name}` must be an amount of USD, not {text[:40]!r}") from None
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MAX_PLACES or abs(value) > MAX_USD:
        raise BillUnreadable(place, f"`{name}` must be an amount of at most {MAX_USD:,} USD, not {text[:40]!r}")
    return Fraction(value)


def nano_of(usd: Fraction) -> int:
    """Round once, half to even: providers state sums with more places than a nano-USD has."""
    return round(usd * NANO_PER_USD)
