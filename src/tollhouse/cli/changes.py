"""`tollhouse changes`: who changed what, and why."""

from pathlib import Path
from typing import Annotated, cast

import typer

from .exit import reporting
from .house import run_async
from .objects import AsJson, Config, Key, Url
from .office import ask
from .service import Json, Place
from .table import print_json, print_table

COLUMNS = ("at", "author", "kind", "name", "team", "reason")


@reporting()
def changes(
    *,
    kind: Annotated[str | None, typer.Option(help="Only of this kind: use_case, key, token…")] = None,
    name: Annotated[str | None, typer.Option(help="Only of what has this name.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most, 1 to 1000.")] = 50,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """List changes of teams, use cases, routes, prices, budgets, keys and access tokens, newest first."""
    query = {"limit": str(limit), **({"kind": kind} if kind else {}), **({"name": name} if name else {})}
    found = run_async(ask(Place(config, url, key), "GET", "changes", query=query))
    if as_json:
        print_json(found)
        return
    items = cast("list[Json]", found["items"])
    print_table(COLUMNS, [[item[column] for column in COLUMNS] for item in items])
