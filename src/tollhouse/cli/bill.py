"""A provider's bill on the command line: read the files, and hold them against the store's books."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tollhouse.domain.errors import OperatorError

from .exit import WrongUsage

if TYPE_CHECKING:
    from tollhouse.accounting.bills import Bill
    from tollhouse.accounting.claims import Claims
    from tollhouse.accounting.matching import Settlement
    from tollhouse.config.load import Loaded
    from tollhouse.stores import Stores

AUTHOR = "cli"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillAsk:
    """What the options of a bill say. `since_ms` and `until_ms` widen or narrow the span in which it is complete."""

    provider: str
    files: Sequence[Path]
    format: str | None = None
    is_complete: bool = False
    since_ms: int | None = None
    until_ms: int | None = None


def read_claims(ask: BillAsk, loaded: "Loaded") -> "Claims":
    """Read every file, or none. Raises OperatorError or OSError."""
    from tollhouse.accounting.bills import FORMATS, BillUnreadable
    from tollhouse.accounting.claims import claims_of

    if ask.provider not in loaded.settings.providers:
        known = ", ".join(loaded.settings.providers)
        raise WrongUsage(f"--provider {ask.provider}: the configuration has no such provider; there are {known}")
    if ask.format is not None and ask.format not in FORMATS:
        raise WrongUsage(f"--format {ask.format}: there are {', '.join(FORMATS)}")
    if not ask.is_complete and (ask.since_ms, ask.until_ms) != (None, None):
        raise WrongUsage("--since and --until say where the bill is complete: give --complete too")
    try:
        bills = [_read(path, ask.format) for path in ask.files]
        _check_once(bills)
        return claims_of(bills)
    except BillUnreadable as error:
        raise OperatorError(f"{error}. Nothing was written.") from None


async def match_claims(claims: "Claims", ask: BillAsk, loaded: "Loaded", stores: "Stores", now_ms: int) -> "Settlement":
    """Hold the claims against the books. Nothing is written. Raises StoreUnavailable."""
    from tollhouse.accounting.matching import Settlement, Terms
    from tollhouse.accounting.past_prices import PastPrices
    from tollhouse.accounting.reconciliation import match, settled_ms
    from tollhouse.adapters.price_seed import GenaiPrices
    from tollhouse.config.govern import provider_specs
    from tollhouse.config.overlay import compose

    if not (claims.requests or claims.buckets):
        return Settlement()
    governance = compose(loaded.settings, await stores.objects.all()).governance
    base_urls = {spec.name: spec.base_url for spec in provider_specs(loaded.settings)}
    first_ms, last_ms = claims.span
    since_ms = first_ms if ask.since_ms is None else ask.since_ms
    until_ms = last_ms if ask.until_ms is None else ask.until_ms
    terms = Terms(
        provider=ask.provider,
        price_of=PastPrices(governance.routes.values(), GenaiPrices(), base_urls).line,
        settled_ms=await settled_ms(stores.usage, now_ms),
        at_ms=now_ms,
        author=AUTHOR,
        whole=(since_ms, until_ms) if ask.is_complete else None,
    )
    return await match(stores.corrections, claims, terms)


def _read(path: Path, format: str | None) -> "Bill":  # noqa: A002 - the option's name
    from tollhouse.accounting.bills import MAX_BYTES, read_bill

    with path.open("rb") as file:
        return read_bill(path.name, file.read(MAX_BYTES + 1), format)


def _check_once(bills: "Sequence[Bill]") -> None:
    sources = [bill.source for bill in bills]
    if len(set(sources)) < len(sources):
        raise WrongUsage("one file is given twice, and would count twice")
