"""`tollhouse usage`: what was used and what it cost, by whatever one asks."""

import csv
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from tollhouse.ports.usage import DIMENSIONS, CallFilter

from .exit import WrongUsage, reporting
from .house import run_async
from .source import Json, Place, open_source
from .table import print_json, print_table
from .when import past_ms

COLUMNS = ("calls", "errors", "tokens_in", "tokens_out", "tokens_cached", "cost_usd", "estimated_usd")


@reporting()
def usage(
    *,
    by: Annotated[
        str, typer.Option(help=f"What to group by, with commas: {', '.join(DIMENSIONS)}.")
    ] = "team,use_case,model",
    since: Annotated[str, typer.Option(help="From when: 30d, 24h, 15m, or an RFC 3339 time.")] = "30d",
    until: Annotated[str | None, typer.Option(help="Until when, not included; now if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: one line a group, no total.")] = False,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
    url: Annotated[str | None, typer.Option(help="Ask this service instead of the configured store.")] = None,
    key: Annotated[str | None, typer.Option(envvar="TOLLHOUSE_ADMIN_TOKEN", help="The service's admin token.")] = None,
) -> None:
    """Add up calls, tokens and cost. The figures are the ledger's, as on every other screen."""
    groups = _groups(by)
    if as_json and as_csv:
        raise WrongUsage("--json and --csv exclude each other")
    now_ms = time.time_ns() // 1_000_000
    where = CallFilter(since_ms=past_ms("--since", since, now_ms), until_ms=past_ms("--until", until, now_ms))
    items, total = run_async(_ask(Place(config, url, key), groups, where))
    if as_json:
        print_json({"items": items, "total": total})
    elif as_csv:
        _print_csv(groups, items)
    else:
        _print_table(groups, items, total)


async def _ask(place: Place, groups: tuple[str, ...], where: CallFilter) -> tuple[list[Json], Json]:
    async with open_source(place) as source:
        return await source.usage(groups, where)


def _groups(by: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in by.split(","))
    unknown = [name for name in names if name not in DIMENSIONS]
    if unknown:
        raise WrongUsage(f"--by {by}: there is no {unknown[0]!r}; there are {', '.join(DIMENSIONS)}")
    if len(set(names)) < len(names):
        raise WrongUsage(f"--by {by}: one of them is named twice")
    return names


def _print_table(groups: tuple[str, ...], items: list[Json], total: Json) -> None:
    headings = [name.replace("_", " ") for name in (*groups, *COLUMNS)]
    rows = [[row[name] for name in (*groups, *COLUMNS)] for row in items]
    last = ["total", *[""] * (len(groups) - 1), *(total[name] for name in COLUMNS)]
    print_table(headings, rows, total=last)


def _print_csv(groups: tuple[str, ...], items: list[Json]) -> None:
    """The total is left out: whoever adds up a column would count it twice."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    names = [*groups, *(name for name in items[0] if name not in groups)] if items else [*groups, *COLUMNS]
    writer.writerow(names)
    writer.writerows(["" if row[name] is None else row[name] for name in names] for row in items)
