"""
Reconciling a provider's bill: read what is booked in its time, match, and write the corrections.

    bills/ -> claims.py -> matching.py (pure) -> here -> the store
"""

from tollhouse.domain.calls import Outcome
from tollhouse.ports.corrections import Corrections
from tollhouse.ports.usage import MAX_PAGE, CallFilter, UsageQueries

from .claims import Claims
from .matching import Matching, Settlement, Terms

MARGIN_MS = 86_400_000
"""How far around a bill attempts are looked for: a clock that differs, and requests that take long. No request takes a day."""
POSTED_MS = 2_000
"""Finished calls are in the ledger within 1 s; twice that, so that one late flush does not matter."""
AT_ONCE = 1_000
"""Corrections in one transaction: posting waits for it, and it takes some 50 ms."""


async def settled_ms(usage: UsageQueries, now_ms: int) -> int:
    """Return the moment before which every attempt is in the ledger: no call that began before it is still open."""
    earliest_ms, cursor = now_ms - POSTED_MS, None
    while True:
        page = await usage.calls(CallFilter(outcome=Outcome.RUNNING), limit=MAX_PAGE, cursor=cursor)
        earliest_ms = min([earliest_ms, *(call.at_ms for call in page.items)])
        cursor = page.next_cursor
        if cursor is None:
            return earliest_ms


async def match(corrections: Corrections, claims: Claims, terms: Terms) -> Settlement:
    """Hold the claims against what is booked. Nothing is written. Raises StoreUnavailable."""
    first_ms, last_ms = claims.span
    if terms.whole is not None:
        first_ms, last_ms = min(first_ms, terms.whole[0]), max(last_ms, terms.whole[1])
    since_ms, until_ms = first_ms - MARGIN_MS, last_ms + MARGIN_MS
    earlier = await corrections.all(since_ms=since_ms, until_ms=until_ms)
    matching = Matching(claims, terms, [each for each in earlier if each.provider == terms.provider])
    async for batch in corrections.booked(terms.provider, since_ms=since_ms, until_ms=until_ms):
        for booked in batch:
            matching.add(booked)
    return matching.conclude()


async def write(corrections: Corrections, settlement: Settlement) -> int:
    """
    Write what a bill changes; return how many corrections that were. Raises StoreUnavailable.

    They are fewer than there are if someone else corrected the same attempts meanwhile: the same import once more sees
    what that was. If it breaks off in between, the same import once more writes the rest: what is written counts as booked then.
    """
    written = 0
    found = settlement.corrections
    for start in range(0, len(found), AT_ONCE):
        written += await corrections.add(found[start : start + AT_ONCE])
    return written
