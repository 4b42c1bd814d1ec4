"""Words for tests of the ledger: calls, budgets and asks, as short as the story needs them."""

from collections.abc import Sequence
from datetime import UTC

from tollhouse.domain.calls import Attempt, AttemptState, Call, Outcome
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.ids import new_id
from tollhouse.domain.periods import Period, PeriodKind, period_at
from tollhouse.ports.ledger import SliceAsk, SliceHeld
from tollhouse.stores import Stores

NOON_MS = 1_790_856_000_000
"""2026-10-01T12:00:00Z, a Thursday."""
DAY_MS = 86_400_000

OCTOBER = period_at(PeriodKind.MONTH, NOON_MS, UTC)
FIRST_OF_OCTOBER = period_at(PeriodKind.DAY, NOON_MS, UTC)
FOREVER = period_at(PeriodKind.TOTAL, NOON_MS, UTC)

ORGANISATION = BudgetScope("organisation", "")
CLAIMS = BudgetScope("team", "claims")
TRIAGE = BudgetScope("use_case", "claims-triage")
CI = BudgetScope("key", "ci")


def an_attempt(
    cost: int = 30,
    *,
    at_ms: int = NOON_MS,
    provider: str = "openai",
    model: str = "gpt-5-mini",
    state: AttemptState = AttemptState.SETTLED,
    estimated: bool = False,
    tokens_in: int = 100,
    tokens_out: int = 20,
) -> Attempt:
    return Attempt(
        id=new_id("att"),
        deployment=f"{provider}/{model}",
        provider=provider,
        reserved_ms=at_ms,
        held_nanousd=cost * 2,
        state=state,
        outcome=Outcome.UNKNOWN if state is AttemptState.UNKNOWN else Outcome.OK,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_cached=10,
        estimated=estimated or state is AttemptState.UNKNOWN,
        cost_nanousd=cost,
        price="seed:openai/gpt-5-mini",
        latency_ms=110,
    )


def a_call(
    *attempts: Attempt,
    at_ms: int = NOON_MS,
    team: str = "claims",
    use_case: str = "claims-triage",
    key: str = "ci",
    model: str = "fast",
    status: int = 200,
    outcome: Outcome = Outcome.OK,
) -> Call:
    last = attempts[-1] if attempts else None
    return Call(
        id=new_id("call"),
        at_ms=at_ms,
        endpoint="chat.completions",
        team=team,
        use_case=use_case,
        key=key,
        model=model,
        provider=last.provider if last else None,
        deployment=last.deployment if last else None,
        status=status,
        outcome=outcome,
        latency_ms=120,
        attempts=list(attempts),
    )


def an_ask(
    scope: BudgetScope = CLAIMS, *, limit: int = 1000, least: int = 30, most: int = 0, period: Period = OCTOBER
) -> SliceAsk:
    return SliceAsk(scope, period, limit, least, most)


async def figures(stores: Stores, scope: BudgetScope = CLAIMS, period: Period = OCTOBER) -> tuple[int, int]:
    """Return `(spent, leased)` of one budget; it must be there once."""
    (found,) = [b for b in await stores.ledger.budgets() if (b.scope, b.period) == (scope, period)]
    return found.spent_nanousd, found.leased_nanousd


async def slices(stores: Stores) -> list[tuple[str, str, int]]:
    """Return `(process, scope, amount)` of every slice that is out."""
    return [(process, str(held.scope), held.nanousd) for process, held in await stores.ledger.leases()]


def amounts(held: Sequence[SliceHeld]) -> list[int]:
    return [piece.nanousd for piece in held]
