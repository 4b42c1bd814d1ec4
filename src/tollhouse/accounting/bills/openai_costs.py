"""
OpenAI's cost export: amounts by day and line item, without tokens.

`GET /v1/organization/costs`, best with `group_by=line_item`: an item is then `MODEL, input`, `MODEL, cached input`…,
possibly behind a service tier (`priority | MODEL, output`) or with a modality (`MODEL audio, input`); what is no model's
(`web search tool calls`) keeps its name. Without that grouping a bucket is of all models. Amounts are JSON numbers of
USD, read as decimals. Source: OpenAI's API reference, "Costs"; the items' form as its users report it.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from .line import BillLine, BillUnreadable, check_text, nano_of, usd_of
from .openai_page import Result, is_page, results

KIND = "organization.costs.result"

Bucket = tuple[int, int, str | None]


def recognises(data: bytes) -> bool:
    return is_page(data) and KIND.encode() in data


def read(data: bytes) -> Iterator[BillLine]:
    """Yield a line for each bucket and model: its items are added up before they are rounded. Raises BillUnreadable."""
    sums: dict[Bucket, Fraction] = {}
    places: dict[Bucket, str] = {}
    for result in results(data):
        if result.object != KIND:
            raise BillUnreadable(result.place, f"`object` is {result.object[:60]!r}; amounts are in {KIND}")
        amount = _amount(result)
        if amount is not None:
            bucket = (result.from_ms, result.to_ms, _model(result))
            sums[bucket] = sums.get(bucket, Fraction(0)) + amount
            places.setdefault(bucket, result.place)
    for bucket, usd in sums.items():
        from_ms, to_ms, model = bucket
        yield BillLine(place=places[bucket], model=model, from_ms=from_ms, to_ms=to_ms, cost_nanousd=nano_of(usd))


def _amount(result: Result) -> Fraction | None:
    amount = result.members.get("amount")
    if amount is None:
        return None
    if not isinstance(amount, dict):
        raise BillUnreadable(result.place, "`amount` must be an object")
    currency, value = amount.get("currency"), amount.get("value")
    if currency != "usd":
        raise BillUnreadable(result.place, f"amounts must be in usd, not {currency!r}")
    if type(value) is not int and not isinstance(value, Decimal | str):
        raise BillUnreadable(result.place, "`amount.value` must be a number")
    return usd_of(result.place, "amount.value", str(value))


def _model(result: Result) -> str | None:
    item = result.text("line_item")
    if item is None:
        return None
    named, comma, _ = item.partition(",")
    name = named.rpartition("|")[2].split()[:1] if comma else [item]
    return check_text(result.place, "line_item", name[0] if name else "")
