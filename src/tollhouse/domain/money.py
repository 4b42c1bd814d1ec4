"""
Money: integers of nano-USD (1e-9 USD), and prices as integers of femto-USD (1e-15 USD) a token.

A price per million tokens with up to nine decimal places is a whole number of femto-USD a token, so a cost is an
exact integer product, rounded once (half-even) to nano-USD. No float comes near.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NamedTuple

NANO_PER_USD = 10**9
FEMTO_PER_NANO = 10**6
MAX_USD = 10**9
"""No single amount above a billion dollars: a larger one is a typing error, and it keeps sums inside 64 bits."""
MAX_PLACES = 100
"""Decimal places worth looking at; zeros behind the ninth are welcome, a million of them are not."""


def nano_from_usd(text: str) -> int:
    """Read a decimal string of USD exactly. Raises ValueError if negative, too precise, too large or not a number."""
    return _exact(text, NANO_PER_USD, "at most nine decimal places")


def usd_from_nano(nano: int) -> str:
    """Write nano-USD as a plain decimal string, shortest form: `0.0123`, `-1`, `0`."""
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    whole, rest = divmod(nano, NANO_PER_USD)
    return f"{sign}{whole}.{rest:09d}".rstrip("0") if rest else f"{sign}{whole}"


def femto_per_token(usd_per_million: str) -> int:
    """Read a price in USD per million tokens as femto-USD a token. Raises ValueError like `nano_from_usd`."""
    return _exact(usd_per_million, NANO_PER_USD, "at most nine decimal places per million tokens")


def _exact(text: str, scale: int, limit: str) -> int:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a decimal number") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    if value < 0:
        raise ValueError(f"{text!r} is negative")
    if value > MAX_USD:
        raise ValueError(f"{text!r} is larger than {MAX_USD} USD")
    if value.as_tuple().exponent < -MAX_PLACES:  # type: ignore[operator]  # finite, so it is a number
        raise ValueError(f"{text!r} is too precise: {limit}")
    scaled = Fraction(value) * scale  # Decimal's own product would be rounded to 28 digits
    if scaled.denominator != 1:
        raise ValueError(f"{text!r} is too precise: {limit}")
    return scaled.numerator


class Usage(NamedTuple):
    """
    Tokens of one answer. `tokens_in` includes `tokens_cached`, `audio_in` and `cache_writes` (input that the provider
    stored in its own cache, which some models charge more for); `tokens_out` includes reasoning and `audio_out`.

    `estimated`: counted by us, because the provider gave none.
    """

    tokens_in: int
    tokens_out: int
    tokens_cached: int = 0
    audio_in: int = 0
    audio_out: int = 0
    cache_writes: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """Femto-USD a token. Audio tokens and cache writes without a rate of their own (None) cost the text rate."""

    input: int
    cached_input: int
    output: int
    audio_input: int | None = None
    audio_output: int | None = None
    cache_write: int | None = None

    def dearest(self) -> tuple[int, int]:
        """Return the dearest input and output rates."""
        dearest_in = max(self.input, self.cached_input, self.audio_input or 0, self.cache_write or 0)
        return dearest_in, max(self.output, self.audio_output or 0)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """
    One line of the price book.

    Args:
        id: which line priced an attempt, for example `seed:openai/gpt-5-mini` or `config:models.fast`.
        rates: from the first token on.
        tiers: `(above_tokens_in, rates)` ascending; the last tier whose bound the input exceeds prices the whole answer.
    """

    id: str
    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()

    def rates_for(self, tokens_in: int) -> Rates:
        chosen = self.rates
        for above, rates in self.tiers:
            if tokens_in > above:
                chosen = rates
        return chosen

    def dearest(self, tokens_in: int) -> tuple[int, int]:
        """Return the dearest input and output rates that an answer to at most so many tokens can reach."""
        dearest_in, dearest_out = self.rates.dearest()
        for above, rates in self.tiers:
            if tokens_in > above:
                tier_in, tier_out = rates.dearest()
                dearest_in, dearest_out = max(dearest_in, tier_in), max(dearest_out, tier_out)
        return dearest_in, dearest_out


def cost_nanousd(line: PriceLine, usage: Usage) -> int:
    """Price one answer exactly and round once, half to even."""
    rates = line.rates_for(usage.tokens_in)
    plain_in = usage.tokens_in - usage.tokens_cached - usage.audio_in - usage.cache_writes
    femto = (
        max(plain_in, 0) * rates.input
        + usage.tokens_cached * rates.cached_input
        + usage.cache_writes * (rates.input if rates.cache_write is None else rates.cache_write)
        + usage.audio_in * (rates.input if rates.audio_input is None else rates.audio_input)
        + (usage.tokens_out - usage.audio_out) * rates.output
        + usage.audio_out * (rates.output if rates.audio_output is None else rates.audio_output)
    )
    return _half_even(femto)


def bound_nanousd(line: PriceLine, tokens_in: int, tokens_out: int) -> int:
    """Return the most that an answer of at most these tokens can cost, at the dearest rates it can reach."""
    dearest_in, dearest_out = line.dearest(tokens_in)
    return -(-(tokens_in * dearest_in + tokens_out * dearest_out) // FEMTO_PER_NANO)


def _half_even(femto: int) -> int:
    nano, rest = divmod(femto, FEMTO_PER_NANO)
    twice = 2 * rest
    if twice > FEMTO_PER_NANO or (twice == FEMTO_PER_NANO and nano & 1):
        nano += 1
    return nano
