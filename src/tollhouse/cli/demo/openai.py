"""OpenAI as the demo's engine: only when asked for, with a key from the environment and under a hard budget."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tollhouse.adapters.price_seed import GenaiPrices
from tollhouse.config.template import KNOWN, Known
from tollhouse.domain.money import usd_from_nano

from ..exit import WrongUsage

KEY = "OPENAI_API_KEY"
BASE_URL = "OPENAI_BASE_URL"
"""OpenAI's own clients follow this variable, so whoever sets it expects that their calls go there."""
BUDGET_USD = "0.50"
"""What the demo may cost at most. Fifty claims with a repair each stay below it at the price of a small model."""
EFFORT = "low"
"""Of reasoning: a triage is short, and hidden tokens count against its output limit."""


@dataclass(frozen=True, slots=True)
class OpenAI:
    """
    Where the reports go if asked for. The key stays in `environ`; no file gets it.

    Args:
        price: the price book's line as settings, for an address that it does not know; else empty.
    """

    environ: Mapping[str, str]
    base_url: str
    model: str
    extra: str
    price: str

    @property
    def warning(self) -> str:
        return (
            f"The reports are sent to {self.base_url} (model {self.model}) with your {KEY}. "
            f"That costs at most {BUDGET_USD} USD: the gateway refuses what could exceed this budget."
        )

    @property
    def provider_line(self) -> str:
        return f'  openai: {{dialect: openai, base_url: {json.dumps(self.base_url)}, api_key: "${{{KEY}}}"}}\n'

    @property
    def route_lines(self) -> str:
        return f"  openai: {{deployments: [{{provider: openai, model: {self.model}{self.extra}{self.price}}}]}}\n"

    @property
    def use_case_lines(self) -> str:
        return (
            f'    budget: {{limit_usd: "{BUDGET_USD}", period: total}}\n'
            f"    parameters: {{default: {{reasoning_effort: {EFFORT}}}}}\n"
        )


def find_openai(environ: Mapping[str, str]) -> OpenAI:
    """Raises WrongUsage if there is no key."""
    key = environ.get(KEY)
    if not key:
        raise WrongUsage(
            f"--provider openai needs your key in the environment variable {KEY}. Set it and run the same command "
            "again, or leave --provider out: the in-house engine then triages, and nothing is sent or spent."
        )
    known = next(known for known in KNOWN if known.name == "openai")
    base_url = environ.get(BASE_URL) or known.base_url
    price = "" if base_url == known.base_url else _price(known)
    return OpenAI({KEY: key}, base_url, known.model or "", known.extra, price)


def _price(known: Known) -> str:
    """Write OpenAI's own price down: another address in front of it does not make it cheaper."""
    line = GenaiPrices().line(known.base_url, known.model or "", time.time_ns() // 1_000_000)
    if line is None:
        return ""  # the gateway then refuses the calls: what has no price cannot be bounded
    names = ("input", "cached_input", "output")
    rates = (line.rates.input, line.rates.cached_input, line.rates.output)  # femto-USD a token are nano-USD per million
    told = [f'{name}_per_million: "{usd_from_nano(rate)}"' for name, rate in zip(names, rates, strict=True)]
    return f", price: {{{', '.join(told)}}}"
