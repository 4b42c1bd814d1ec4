"""`tollhouse usage`: what was used and what it cost, by whatever one asks."""

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tollhouse.domain.calls import Outcome
from tollhouse.ports.usage import DIMENSIONS, TAG, CallFilter, check_dimensions
from tollhouse.web.render import usage_csv

from .exit import WrongUsage, reporting
from .filters import outcome_of, status_of, tags_of
from .house import run_async
from .service import Json, Place
from .source import open_source
from .table import print_json, print_table
from .when import past_ms

COLUMNS = (
    "calls",
    "errors",
    "tokens_in",
    "tokens_out",
    "tokens_cached",
    "cost_usd",
    "estimated_usd",
    "saved_usd",
    "latency_p50_ms",
    "latency_p95_ms",
)
"""Of the table; JSON and CSV have all figures."""


FINISHED = tuple(each for each in Outcome if each is not Outcome.RUNNING)


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@reporting()
def usage(
    *,
    by: Annotated[
        str, typer.Option(help=f"What to group by, with commas: {', '.join(DIMENSIONS)}, {TAG}NAME.")
    ] = "team,use_case,model",
    since: Annotated[str, typer.Option(help="From when: 30d, 24h, 15m, or an RFC 3339 time.")] = "30d",
    until: Annotated[str | None, typer.Option(help="Until when, not included; now if left out.")] = None,
    team: Annotated[str | None, typer.Option(help="Only this team's.")] = None,
    use_case: Annotated[str | None, typer.Option(help="Only this use case's.")] = None,
    key_name: Annotated[str | None, typer.Option(help="Only of this key.")] = None,
    model: Annotated[str | None, typer.Option(help="Only for this route.")] = None,
    provider: Annotated[
        str | None, typer.Option(help="Only what this provider served, and what its attempts cost.")
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="Only with this prompt version, name@hash.")] = None,
    status: Annotated[str | None, typer.Option(help=f"{', '.join(FINISHED)}, or an HTTP status.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only with this tag; may be repeated.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV: one line a group, no total.")] = False,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
    url: Annotated[str | None, typer.Option(help="Ask this service instead of the configured store.")] = None,
    key: Annotated[str | None, typer.Option(envvar="TOLLHOUSE_ADMIN_TOKEN", help="The service's admin token.")] = None,
) -> None:
    """Add up calls, tokens and cost. The figures are the ledger's, as on every other screen."""
    groups, shape = _groups(by), _format(output, as_json=as_json, as_csv=as_csv)
    now_ms = time.time_ns() // 1_000_000
    where = CallFilter(
        since_ms=past_ms("--since", since, now_ms),
        until_ms=past_ms("--until", until, now_ms),
        team=team,
        use_case=use_case,
        key=key_name,
        model=model,
        provider=provider,
        prompt=prompt,
        status=status_of(status),
        outcome=outcome_of(status),
        tags=tags_of(tag),
    )
    items, total = run_async(_ask(Place(config, url, key), groups, where))
    if shape is Format.JSON:
        print_json({"items": items, "total": total})
    elif shape is Format.CSV:
        sys.stdout.write(usage_csv(groups, items, total))
    else:
        _print_table(groups, items, total)


async def _ask(place: Place, groups: tuple[str, ...], where: CallFilter) -> tuple[list[Json], Json]:
    async with open_source(place) as source:
        return await source.usage(groups, where)


def _groups(by: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in by.split(","))
    try:
        check_dimensions(names)
    except ValueError as error:
        raise WrongUsage(f"--by {by}: {error}") from None
    return names


def _format(output: Format, *, as_json: bool, as_csv: bool) -> Format:
    """`--json` and `--csv` are short for `--format`."""
    wished = {output} - {Format.TABLE} | ({Format.JSON} if as_json else set()) | ({Format.CSV} if as_csv else set())
    if len(wished) > 1:
        raise WrongUsage("one format at a time: --json and --csv exclude each other")
    return next(iter(wished), Format.TABLE)


def _print_table(groups: tuple[str, ...], items: list[Json], total: Json) -> None:
    headings = [name.replace("_", " ") for name in (*groups, *COLUMNS)]
    rows = [[row[name] for name in (*groups, *COLUMNS)] for row in items]
    last = ["total", *[""] * (len(groups) - 1), *(total[name] for name in COLUMNS)]
    print_table(headings, rows, total=last)
