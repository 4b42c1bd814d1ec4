"""Words for tests of bills: attempts as booked, lines, and one import of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tollhouse.accounting.bills import Bill, BillLine
from tollhouse.accounting.claims import claims_of
from tollhouse.accounting.matching import Matching, Settlement, Span, Terms
from tollhouse.domain.calls import AttemptState
from tollhouse.domain.corrections import Correction
from tollhouse.domain.money import PriceLine, Rates
from tollhouse.ports.corrections import Booked

T = 1_790_812_800_000
"""2026-10-01T00:00:00Z"""
MINUTE = 60_000
HOUR = 60 * MINUTE
PRICE = PriceLine("config", Rates(input=250 * 10**6, cached_input=25 * 10**6, output=2000 * 10**6))
"""250, 25 and 2000 nano-USD a token."""

UNKNOWN, SETTLED, VOID, RECONCILED = (
    AttemptState.UNKNOWN,
    AttemptState.SETTLED,
    AttemptState.VOID,
    AttemptState.RECONCILED,
)


def booked(
    name: str,
    at_ms: int = T + MINUTE,
    *,
    cost: int = 0,
    held: int = 1_000_000,
    state: AttemptState = SETTLED,
    estimated: bool = False,
    tokens: tuple[int, int, int] = (0, 0, 0),
    model: str = "m",
    latency_ms: int = 100,
    price: str = "config",
) -> Booked:
    is_unknown = state is UNKNOWN
    return Booked(
        attempt=name,
        call=f"call_{name}",
        team="claims",
        use_case="triage",
        key="ci",
        session=None,
        model="fast",
        provider="p",
        deployment=f"p/{model}",
        endpoint="chat.completions",
        reserved_ms=at_ms,
        state=state,
        estimated=estimated or is_unknown,
        tokens_in=tokens[0],
        tokens_out=tokens[1],
        tokens_cached=tokens[2],
        cost_nanousd=held if is_unknown else cost,
        held_nanousd=held,
        price=price,
        latency_ms=latency_ms,
        corrections=0,
    )


def request(
    name: str, cost: int | None, *, at_ms: int = T + MINUTE, tokens: tuple[int, int, int] | None = None
) -> BillLine:
    told = tokens or (None, None, None)
    return BillLine(
        place="line 2",
        from_ms=at_ms,
        to_ms=at_ms,
        model="m",
        tokens_in=told[0],
        tokens_out=told[1],
        tokens_cached=told[2],
        cost_nanousd=cost,
        request=name,
    )


def bucket(
    cost: int | None,
    *,
    from_ms: int = T,
    to_ms: int = T + HOUR,
    model: str | None = "m",
    tokens: tuple[int, int, int] | None = None,
) -> BillLine:
    told = tokens or (None, None, None)
    return BillLine(
        place="line 2",
        from_ms=from_ms,
        to_ms=to_ms,
        model=model,
        tokens_in=told[0],
        tokens_out=told[1],
        tokens_cached=told[2],
        cost_nanousd=cost,
    )


def a_bill(*lines: BillLine, name: str = "bill.csv") -> Bill:
    return Bill(name, f"csv {name}", lines)


def settle(
    attempts: Iterable[Booked],
    *bills: Bill,
    earlier: Sequence[Correction] = (),
    whole: Span | None = None,
    settled_ms: int = T + 1000 * HOUR,
    price: PriceLine | None = PRICE,
) -> Settlement:
    terms = Terms(
        provider="p",
        price_of=lambda deployment, at_ms: price,
        settled_ms=settled_ms,
        at_ms=T + 2000 * HOUR,
        author="cli",
        whole=whole,
    )
    matching = Matching(claims_of(bills), terms, earlier)
    for each in attempts:
        matching.add(each)
    return matching.conclude()


def corrected(attempts: Iterable[Booked], corrections: Iterable[Correction]) -> list[Booked]:
    """What the store would show after these corrections."""
    found = {each.attempt: each for each in attempts}
    for each in corrections:
        if each.attempt is not None:
            before = found[each.attempt]
            found[each.attempt] = replace(
                before,
                state=RECONCILED if each.settles else before.state,
                estimated=before.estimated and not each.exact,
                tokens_in=before.tokens_in + each.tokens_in,
                tokens_out=before.tokens_out + each.tokens_out,
                tokens_cached=before.tokens_cached + each.tokens_cached,
                cost_nanousd=before.cost_nanousd + each.cost_nanousd,
                corrections=before.corrections + 1,
            )
    return list(found.values())


def costs(attempts: Iterable[Booked]) -> dict[str, int]:
    return {each.attempt: each.cost_nanousd for each in attempts}


def loose(corrections: Iterable[Correction]) -> list[int]:
    return [each.cost_nanousd for each in corrections if each.attempt is None]
