"""`tollhouse whoami`: what a key or an access token may do, and what is left of its budgets and rates."""

from pathlib import Path
from typing import Annotated, cast

import typer

from .exit import reporting
from .house import run_async
from .objects import AsJson, Config, Url
from .office import ask
from .service import Json, Place
from .table import print_json, print_table

BUDGETS = ("scope", "name", "limit_usd", "period", "spent_usd", "held_usd", "left_usd", "end")
Secret = Annotated[
    str | None,
    typer.Option(
        envvar=["TOLLHOUSE_KEY", "TOLLHOUSE_ADMIN_TOKEN"],
        help="The key or access token to ask about.",
        show_default=False,
    ),
]


@reporting()
def whoami(
    *, as_json: AsJson = False, url: Url = None, key: Secret = None, config: Config = Path("tollhouse.yaml")
) -> None:
    """Say who one is: with --url what its key or access token may do there, without it who a command acts as."""
    me = run_async(ask(Place(config, url, key), "GET", "me"))
    if as_json:
        print_json(me)
        return
    plain = [[name.replace("_", " "), value] for name, value in me.items() if not isinstance(value, list | dict)]
    print_table(("you are", ""), plain)
    if me.get("may"):
        print_table(("you may",), [[action] for action in cast("list[str]", me["may"])])
    for use_case in cast("list[Json]", me.get("use_cases") or []):
        _print_use_case(use_case)


def _print_use_case(use_case: Json) -> None:
    print_table(("use case", str(use_case["name"])), [*_terms(use_case), *_left_of_rates(use_case)])
    budgets = cast("list[Json]", use_case["budgets"])
    if budgets:
        print_table(BUDGETS, [[budget[column] for column in BUDGETS] for budget in budgets])


def _terms(use_case: Json) -> list[list[object]]:
    parameters = cast("dict[str, object]", use_case["parameters"])
    return [
        ["state", use_case["state"]],
        ["models", use_case["models"]],
        ["max output tokens", use_case["max_output_tokens"]],
        *[[f"parameters: {name}", _shown(value)] for name, value in parameters.items() if value],
    ]


def _left_of_rates(use_case: Json) -> list[list[object]]:
    rates = cast("dict[str, Json]", use_case["rate"])
    return [[f"{name} per minute", f"{rate['left']} left of {rate['limit']}"] for name, rate in rates.items()]


def _shown(value: object) -> object:
    return [f"{name} {each}" for name, each in value.items()] if isinstance(value, dict) else value
