"""`tollhouse reconcile`: hold a provider's bill against the books, and correct what differs."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tollhouse.domain.money import usd_from_nano

from .bill import BillAsk, match_claims, read_claims
from .exit import CheckFailed, reporting, say
from .house import load_house, opened_stores, run_async
from .table import print_json, print_table
from .when import past_ms

if TYPE_CHECKING:
    from tollhouse.accounting.matching import Gap, Row, Settlement

COLUMNS = ("model", "day", "billed usd", "before usd", "corrections usd", "after usd")
SHOWN = 5
"""Differences that are told in words."""
LISTED = 1_000
"""Differences in --json: whoever has more has the wrong bill."""


@reporting()
def reconcile(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="The provider's bill: one or more files.", show_default=False)
    ],
    *,
    provider: Annotated[str, typer.Option(help="Whose bill it is: a name under `providers`.", show_default=False)],
    format: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="openai-costs, openai-usage, simulator or csv; recognised if left out.")
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="The bill has everything that is charged: what it lacks cost nothing.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="With --complete: from when it is; its first line's moment if left out.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="With --complete: until when it is; its last line's end if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be corrected, and write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
) -> None:
    """Correct what is booked by a provider's bill. Exits 3 if a difference remains that nobody explains."""
    now_ms = time.time_ns() // 1_000_000
    ask = BillAsk(
        provider=provider,
        files=files,
        format=format,
        is_complete=complete,
        since_ms=past_ms("--since", since, now_ms),
        until_ms=past_ms("--until", until, now_ms),
    )
    settlement, written = run_async(_reconcile(config, ask, now_ms, dry_run=dry_run))
    if as_json:
        print_json(_json(settlement, written, dry_run=dry_run))
    else:
        _print(settlement)
    _say(settlement, written, dry_run=dry_run)
    _conclude(settlement, written, dry_run=dry_run)


async def _reconcile(config: Path, ask: BillAsk, now_ms: int, *, dry_run: bool) -> "tuple[Settlement, int]":
    from tollhouse.accounting.reconciliation import write

    loaded = load_house(config)
    claims = read_claims(ask, loaded)
    async with opened_stores(loaded) as stores:
        settlement = await match_claims(claims, ask, loaded, stores, now_ms)
        return settlement, 0 if dry_run else await write(stores.corrections, settlement)


def _print(settlement: "Settlement") -> None:
    rows = [list(_row(row).values()) for row in settlement.rows]
    print_table(COLUMNS, rows)


def _say(settlement: "Settlement", written: int, *, dry_run: bool) -> None:
    count = f"{len(settlement.corrections)} would be written" if dry_run else f"{written} written"
    say(f"Corrections: {count}. Attempts that were unknown or estimated, settled by them: {settlement.settled}.")
    if settlement.left:
        say(
            f"{len(settlement.left)} lines are left for later, because calls of their time may still be under way; "
            f"the first is {settlement.left[0]}."
        )
    for gap in settlement.gaps[:SHOWN]:
        say(f"Not explained: {gap.line}: {_usd(gap.nanousd)} USD; {gap.message}.")


def _conclude(settlement: "Settlement", written: int, *, dry_run: bool) -> None:
    by_others = 0 if dry_run else len(settlement.corrections) - written
    if by_others:
        raise CheckFailed(f"{by_others} attempts were corrected by someone else meanwhile. Run the same command again.")
    if settlement.gaps:
        raise CheckFailed(
            f"{len(settlement.gaps)} differences remain that nobody explains. Look for requests that do not come "
            "through tollhouse, and for models that are named otherwise in the bill."
        )


def _json(settlement: "Settlement", written: int, *, dry_run: bool) -> dict[str, object]:
    return {
        "rows": [_row(row) for row in settlement.rows],
        "corrections": len(settlement.corrections),
        "written": written,
        "dry_run": dry_run,
        "settled": settlement.settled,
        "unexplained": len(settlement.gaps),
        "gaps": [_gap(gap) for gap in settlement.gaps[:LISTED]],
        "left": settlement.left[:LISTED],
    }


def _row(row: "Row") -> dict[str, object]:
    return {
        "model": row.model,
        "day": row.day,
        "billed_usd": _usd(row.billed_nanousd),
        "before_usd": usd_from_nano(row.before_nanousd),
        "corrections_usd": usd_from_nano(row.corrected_nanousd),
        "after_usd": usd_from_nano(row.after_nanousd),
    }


def _gap(gap: "Gap") -> dict[str, object]:
    return {"line": gap.line, "usd": _usd(gap.nanousd), "message": gap.message}


def _usd(nanousd: int | None) -> str | None:
    return None if nanousd is None else usd_from_nano(nanousd)
