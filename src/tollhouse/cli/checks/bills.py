"""A provider's bill against the books, without changing them: what `tollhouse reconcile` would correct."""

from typing import TYPE_CHECKING

from tollhouse.cli.bill import BillAsk, match_claims, read_claims
from tollhouse.domain.errors import OperatorError, StoreUnavailable
from tollhouse.domain.money import usd_from_nano

from .check import Check, Group, some

if TYPE_CHECKING:
    from tollhouse.accounting.matching import Settlement
    from tollhouse.config.load import Loaded
    from tollhouse.stores.sql.engine import Database

GROUP = Group("reconcile")
SHOWN = 5


async def examine(ask: BillAsk, loaded: "Loaded", database: "Database", now_ms: int) -> Check:
    from tollhouse.stores.sql import stores_on

    try:
        claims = read_claims(ask, loaded)
        settlement = await match_claims(claims, ask, loaded, stores_on(database), now_ms)
    except StoreUnavailable as error:
        return GROUP.error("bill", error.message)
    except (OperatorError, OSError) as error:
        return GROUP.fail("bill", f"it cannot be read: {error}", "Check the options --bill and --provider.")
    lines = len(claims.requests) + len(claims.buckets)
    return judge(settlement, lines, ask)


def judge(settlement: "Settlement", lines: int, ask: BillAsk) -> Check:
    told = [
        *(f"{each.attempt or each.line}: {_signed(each.cost_nanousd)} USD" for each in settlement.corrections),
        *(f"{gap.line}: {gap.message}" for gap in settlement.gaps),
    ]
    if not told:
        left = f", {len(settlement.left)} left for later" if settlement.left else ""
        return GROUP.ok("bill", f"{ask.provider}'s bill is what is booked ({lines} looked at{left})")
    files = " ".join(str(path) for path in ask.files)
    count = f"{len(settlement.corrections)} corrections are due and {len(settlement.gaps)} differences unexplained"
    return GROUP.fail(
        "bill", f"{count}: {some(told, SHOWN)}", f"Run `tollhouse reconcile {files} --provider {ask.provider}`."
    )


def _signed(nanousd: int) -> str:
    return f"{'+' if nanousd > 0 else ''}{usd_from_nano(nanousd)}"
