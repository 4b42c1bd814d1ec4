"""
What a simulated model costs: decimal strings of USD per million tokens, kept as exact fractions.

A file looks like `{"sim-echo": {"input_per_million": "0.25", "cached_input_per_million": "0.025",
"output_per_million": "2.00"}, "*": …}`; a missing cached price is the input price. A model is looked up by its whole
name, then by the name in front of `:` or `@`, then as `*`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from pathlib import Path

NANO_USD_PER_TOKEN = 1000
"""One USD per million tokens is a thousand nano-USD per token: 1e9 / 1e6."""

PriceLine = Mapping[str, str]

DEFAULT_PRICES: Mapping[str, PriceLine] = {
    "sim-embed": {"input_per_million": "0.02", "output_per_million": "0"},
    "sim-moderate": {"input_per_million": "0", "output_per_million": "0"},
    # Prices whose costs nearly always need rounding, so that a comparison of two bills says something.
    "sim-odd-price": {
        "input_per_million": "0.1234567",
        "cached_input_per_million": "0.0123455",
        "output_per_million": "1.9876545",
    },
    "*": {"input_per_million": "0.25", "cached_input_per_million": "0.025", "output_per_million": "2.00"},
}

_DECIMAL = re.compile(r"\d{1,9}(\.\d{1,15})?")
_MEMBERS = frozenset({"input_per_million", "cached_input_per_million", "output_per_million"})


@dataclass(frozen=True, slots=True)
class Price:
    """Three prices in nano-USD per token, over one denominator so that a cost is one fraction."""

    fresh: int
    cached: int
    output: int
    denominator: int

    def cost_nanousd(self, tokens_in: int, tokens_cached: int, tokens_out: int) -> int:
        """Return the cost, rounded once, half to even. `tokens_in` includes `tokens_cached`."""
        fresh = (tokens_in - tokens_cached) * self.fresh
        return round(Fraction(fresh + tokens_cached * self.cached + tokens_out * self.output, self.denominator))


class Prices:
    """The simulator's price table: the lines given, over `DEFAULT_PRICES`."""

    def __init__(self, source: Path | Mapping[str, PriceLine] | None = None) -> None:
        """Raises OSError for a file that cannot be read, ValueError for one that is not a price table."""
        lines = _read(source) if isinstance(source, Path) else source or {}
        self._prices = {model: _price(model, line) for model, line in {**DEFAULT_PRICES, **lines}.items()}

    def of(self, model: str) -> Price:
        return self._prices.get(model) or self._prices.get(re.split("[:@]", model, maxsplit=1)[0]) or self._prices["*"]


def _read(path: Path) -> dict[str, PriceLine]:
    found = json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict) or not all(isinstance(line, dict) for line in found.values()):
        raise ValueError(f"{path}: expected an object of price lines by model name")
    return found


def _price(model: str, line: PriceLine) -> Price:
    if unknown := set(line) - _MEMBERS:
        raise ValueError(
            f"price of {model}: unknown member {sorted(unknown)[0]!r}; known are {', '.join(sorted(_MEMBERS))}"
        )
    fresh = _per_token(model, line, "input_per_million")
    output = _per_token(model, line, "output_per_million")
    cached = _per_token(model, line, "cached_input_per_million") if "cached_input_per_million" in line else fresh
    denominator = lcm(fresh.denominator, cached.denominator, output.denominator)
    over = [part.numerator * (denominator // part.denominator) for part in (fresh, cached, output)]
    return Price(over[0], over[1], over[2], denominator)


def _per_token(model: str, line: PriceLine, member: str) -> Fraction:
    text = line.get(member)
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise ValueError(f'price of {model}: {member} must be a decimal string of USD such as "0.25", not {text!r}')
    return Fraction(text) * NANO_USD_PER_TOKEN
