"""`tollhouse budgets list|set|delete|try`: what may be spent, what is left, and what a proposal would have done."""

import time
from pathlib import Path
from typing import Annotated, cast

import typer

from tollhouse.web.moments import rfc3339

from .exit import WrongUsage, reporting, say
from .house import run_async
from .objects import REASON, AsJson, Config, Key, Reason, Url
from .office import ask, path_of
from .service import Json, Place
from .table import print_json, print_table
from .when import past_ms

KINDS = {"organisation": "organisation", "team": "team", "use-case": "use_case", "key": "key"}
COLUMNS = ("scope", "name", "limit_usd", "period", "spent_usd", "held_usd", "left_usd", "used", "on_exhausted", "end")
DAYS = ("day", "team", "calls", "cost_usd", "warned", "slowed", "blocked", "blocked_usd")
VERDICTS = ("blocked", "slowed", "warned")
SHOWN = 5
"""Calls of each verdict that are named; --json has up to a hundred."""
BAR = 20

Scope = Annotated[
    str, typer.Argument(metavar="SCOPE", help="organisation, team:NAME, use-case:NAME or key:NAME.", show_default=False)
]
Limit = Annotated[str | None, typer.Option(metavar="USD/PERIOD", help="300/month; day, week, month or total.")]
WarnAt = Annotated[str | None, typer.Option(metavar="PART,…", help="Parts of the limit to warn at: 0.5,0.8.")]
OnExhausted = Annotated[str, typer.Option(help="block, or fallback to the last model of the use case.")]


@reporting()
def list_budgets(
    *, as_json: AsJson = False, url: Url = None, key: Key = None, config: Config = Path("tollhouse.yaml")
) -> None:
    """List budgets as they stand now: spent, held by calls under way and processes, and left."""
    items = cast("list[Json]", run_async(ask(Place(config, url, key), "GET", "budgets"))["items"])
    if as_json:
        print_json({"items": items})
    else:
        print_table(COLUMNS, [[_used(item) if c == "used" else item[c] for c in COLUMNS] for item in items])


@reporting()
def set_budget(
    scope: Scope,
    limit: Annotated[str, typer.Argument(metavar="USD/PERIOD", help="300/month; day, week, month or total.")],
    *,
    warn_at: WarnAt = None,
    on_exhausted: OnExhausted = "block",
    reason: Reason = REASON,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Set a budget of what the store manages. It holds within a second on every server."""
    body: Json = {**_budget(limit, warn_at, on_exhausted), "reason": reason}
    now = run_async(ask(Place(config, url, key), "PUT", f"budgets/{_path(scope)}", body=body))
    say(f"The budget of {scope} is {now['limit_usd']} USD per {now['period']}; {now['left_usd']} USD are left.")


@reporting()
def delete_budget(
    scope: Scope,
    *,
    reason: Reason = REASON,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Take a budget away."""
    run_async(ask(Place(config, url, key), "DELETE", f"budgets/{_path(scope)}", query={"reason": reason}))
    say(f"{scope} has no budget any more.")


@reporting()
def try_budget(
    scope: Scope,
    *,
    limit: Limit = None,
    warn_at: WarnAt = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="A rate to try.")] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(help="A rate to try.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Calls at once, to try.")] = None,
    since: Annotated[str, typer.Option(help="The past to try it on: 30d, 12h, or an RFC 3339 time.")] = "30d",
    until: Annotated[str | None, typer.Option(help="Its end; now if left out.")] = None,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Say which past calls a proposed budget or rate would have warned of, slowed down or blocked. Nothing is changed."""
    kind, name = _scope(scope)
    now_ms = time.time_ns() // 1_000_000
    rate = {
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "concurrency": concurrency,
    }
    since_ms, until_ms = past_ms("--since", since, now_ms), past_ms("--until", until, now_ms)
    body: Json = {
        "scope": kind,
        "name": name,
        "budget": None if limit is None else _budget(limit, warn_at, "block"),
        "rate": {each: value for each, value in rate.items() if value is not None} or None,
        "since": rfc3339(since_ms or 0),
        "until": rfc3339(until_ms or now_ms),
    }
    found = run_async(ask(Place(config, url, key), "POST", "budgets/simulate", body=body))
    if as_json:
        print_json(found)
    else:
        _print_trial(found)


def _print_trial(found: Json) -> None:
    days, total = cast("list[Json]", found["days"]), cast("Json", found["total"])
    most = max((cast("int", day["calls"]) for day in days), default=0)
    print_table(
        (*DAYS, "blocked #, slowed ~, passed ="),
        [[*(day[column] for column in DAYS), _bar(day, most)] for day in days],
        total=["total", "", *(total[column] for column in DAYS[2:]), ""],
    )
    calls = cast("list[Json]", found["calls"])
    for verdict in VERDICTS:
        first = [call for call in calls if call["verdict"] == verdict][:SHOWN]
        for call in first:
            say(f"{verdict}: {call['call']} at {call['at']} (team {call['team']}; {call['why']})")
    if not any(total[verdict] for verdict in VERDICTS):
        say("No call of that time would have been touched.")


def _bar(day: Json, most: int) -> str:
    """Draw a day: as long as its calls, and of what became of them."""
    counts = {mark: cast("int", day[verdict]) for mark, verdict in (("#", "blocked"), ("~", "slowed"))}
    counts["="] = cast("int", day["calls"]) - sum(counts.values())
    return "".join(mark * -(-max(count, 0) * BAR // max(most, 1)) for mark, count in counts.items())


def _used(item: Json) -> str:
    """How much of the limit is spent, as a bar and in percent."""
    from decimal import Decimal

    limit, spent = Decimal(str(item["limit_usd"])), Decimal(str(item["spent_usd"]))
    part = min(spent / limit, Decimal(1)) if limit else Decimal(1)
    full = int(part * 10)
    return f"{'#' * full}{'.' * (10 - full)} {part * 100:.0f} %"


# --- reading the options --------------------------------------------------------------------------------------------


def _scope(text: str) -> tuple[str, str | None]:
    kind, colon, name = text.partition(":")
    if kind not in KINDS or bool(name) != (kind != "organisation") or (colon and not name):
        raise WrongUsage(f"{text!r} is no scope; write organisation, team:NAME, use-case:NAME or key:NAME")
    return KINDS[kind], name or None


def _path(scope: str) -> str:
    kind, name = _scope(scope)
    return kind if name is None else path_of(kind, name)


def _budget(limit: str, warn_at: str | None, on_exhausted: str) -> Json:
    amount, slash, period = limit.partition("/")
    if not slash:
        raise WrongUsage(f"{limit!r} is not USD/PERIOD, for example 300/month")
    budget: Json = {"limit_usd": amount, "period": period, "on_exhausted": on_exhausted}
    if warn_at is not None:
        budget["warn_at"] = _parts(warn_at)
    return budget


def _parts(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise WrongUsage(f"--warn-at {text!r} is not parts of the limit such as 0.5,0.8") from None
