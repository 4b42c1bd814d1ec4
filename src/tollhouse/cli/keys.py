"""`tollhouse keys create|list|rotate|change|revoke`: who may call. A secret is shown once; only its SHA-256 is kept."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tollhouse.web.moments import rfc3339

from .exit import WrongUsage, reporting, say
from .house import load_house, run_async
from .objects import REASON, AsJson, Config, Key, Name, Reason, Url
from .office import ask, path_of
from .service import Json, Place
from .table import print_json, print_table
from .when import duration_ms, future_ms

if TYPE_CHECKING:
    from tollhouse.config.tree import Settings

HEADINGS = (
    "name",
    "prefix",
    "team",
    "use cases",
    "models",
    "managed",
    "created",
    "expires",
    "revoked",
    "last used",
    "budget",
)

UseCases = Annotated[
    list[str] | None,
    typer.Option("--use-case", help="May be given several times; every one of the team if left out."),
]
Models = Annotated[str | None, typer.Option(help="Only these models, with commas.")]
Budget = Annotated[
    str | None, typer.Option(metavar="USD/PERIOD", help="A hard cap: 50/month (day, week, month, total).")
]
Rpm = Annotated[int | None, typer.Option(help="A ceiling of its own.")]
Tpm = Annotated[int | None, typer.Option(help="A ceiling of its own.")]
Concurrency = Annotated[int | None, typer.Option(help="Calls at once.")]
Expires = Annotated[str | None, typer.Option(help="When it ends: 90d, 24h, or an RFC 3339 time.")]


@reporting()
def create(
    *,
    team: Annotated[str, typer.Option(help="The team that will call.")],
    name: Annotated[str, typer.Option(help="What to call the key; it stands in reports.")],
    use_case: UseCases = None,
    expires: Expires = None,
    models: Models = None,
    budget: Budget = None,
    requests_per_minute: Rpm = None,
    tokens_per_minute: Tpm = None,
    concurrency: Concurrency = None,
    reason: Reason = REASON,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Make a key. Its secret is printed on stdout, once; running servers know it within a second."""
    rate = _rate(requests_per_minute, tokens_per_minute, concurrency)
    limits = _limits(use_case, models, budget, rate, expires)
    body: Json = {"name": name, "team": team, **limits, "reason": reason}
    place = Place(config, url, key)
    made = run_async(ask(place, "POST", "keys", body=body))
    if as_json:
        print_json(made)
        return
    _print_secret(made)
    say(f"This is the key {name!r} of team {team}. It is shown this once; keep it where you keep passwords.")
    say(_how_to_use(made, url, None if url else load_house(config).settings))


@reporting()
def list_keys(
    *, as_json: AsJson = False, url: Url = None, key: Key = None, config: Config = Path("tollhouse.yaml")
) -> None:
    """List every key, revoked ones too: those of the configuration and those of the store. Never a secret."""
    items = cast("list[Json]", run_async(ask(Place(config, url, key), "GET", "keys"))["items"])
    if as_json:
        print_json({"items": items})
    else:
        print_table(HEADINGS, [_row(item) for item in items])


@reporting()
def rotate(
    name: Name,
    *,
    overlap: Annotated[str, typer.Option(help="How long the old secret stays good: 24h, 7d; 0s ends it now.")] = "24h",
    reason: Reason = REASON,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Give a key a new secret, printed on stdout, once. The old one stays good for the overlap."""
    overlap_ms = duration_ms(overlap)
    if overlap_ms is None:
        raise WrongUsage(f"--overlap {overlap!r} is not a duration such as 24h, 7d or 0s")
    body: Json = {"overlap_ms": overlap_ms, "reason": reason}
    rotated = run_async(ask(Place(config, url, key), "POST", f"keys/{path_of(name)}/rotate", body=body))
    if as_json:
        print_json(rotated)
    else:
        _print_secret(rotated)
    until = rotated["rotated_until"]
    say(f"The key {name!r} has a new secret. The old one " + (f"is good until {until}." if until else "has ended."))


@reporting()
def change(
    name: Name,
    *,
    use_case: UseCases = None,
    expires: Expires = None,
    models: Models = None,
    budget: Budget = None,
    requests_per_minute: Rpm = None,
    tokens_per_minute: Tpm = None,
    concurrency: Concurrency = None,
    reason: Reason = REASON,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Change what a key may do; what is left out stays as it is. It counts within a second on every server."""
    rate = _rate(requests_per_minute, tokens_per_minute, concurrency)
    changes = _limits(use_case, models, budget, rate, expires)
    if not changes:
        raise WrongUsage("say what to change: --use-case, --models, --budget, --expires or a rate")
    body: Json = {**changes, "reason": reason}
    run_async(ask(Place(config, url, key), "PATCH", f"keys/{path_of(name)}", body=body))
    say(f"The key {name!r} is changed.")


@reporting()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `keys list` shows it.")],
    *,
    reason: Reason = REASON,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """End a key for good. Running servers know within a second; calls under way go on."""
    run_async(ask(Place(config, url, key), "DELETE", f"keys/{path_of(name)}", query={"reason": reason}))
    say(f"The key {name!r} is revoked.")


# --- reading the options --------------------------------------------------------------------------------------------


def _limits(
    use_cases: list[str] | None, models: str | None, budget: str | None, rate: Json, expires: str | None
) -> Json:
    """Return the members that were given."""
    expires_ms = future_ms("--expires", expires, time.time_ns() // 1_000_000)
    given: Mapping[str, object] = {
        "use_cases": list(dict.fromkeys(use_cases)) if use_cases else None,
        "models": [model.strip() for model in models.split(",")] if models is not None else None,
        "budget": None if budget is None else _budget(budget),
        "rate": rate or None,
        "expires": None if expires_ms is None else rfc3339(expires_ms),
    }
    return {name: value for name, value in given.items() if value is not None}


def _rate(requests_per_minute: int | None, tokens_per_minute: int | None, concurrency: int | None) -> Json:
    rate = {
        "requests_per_minute": requests_per_minute,
        "tokens_per_minute": tokens_per_minute,
        "concurrency": concurrency,
    }
    return {name: value for name, value in rate.items() if value is not None}


def _budget(text: str) -> Json:
    """Read `50/month`."""
    amount, slash, period = text.partition("/")
    if not slash:
        raise WrongUsage(f"--budget {text} is not USD/PERIOD, for example 50/month")
    return {"limit_usd": amount, "period": period}


# --- showing --------------------------------------------------------------------------------------------------------


def _print_secret(key: Json) -> None:
    sys.stdout.write(f"{key['secret']}\n")
    sys.stdout.flush()


def _row(key: Json) -> list[object]:
    budget = key["budget"]
    return [
        key["name"],
        key["prefix"],
        key["team"],
        key["use_cases"] or "all",
        "all" if key["models"] is None else key["models"],
        key["managed"],
        key["created"],
        key["expires"],
        key["revoked"],
        key["last_used"],
        f"{budget['limit_usd']}/{budget['period']}" if isinstance(budget, dict) else None,
    ]


def _how_to_use(key: Json, url: str | None, settings: "Settings | None") -> str:
    """What a developer needs next, ready to paste."""
    names = cast("list[str]", key["use_cases"])
    allowed = cast("list[str] | None", key["models"])
    model = (allowed or ["MODEL"])[0]
    if settings is not None:
        names = names or [name for name, each in settings.use_cases.items() if each.team == key["team"]]
        models = settings.use_cases[names[0]].models if names and names[0] in settings.use_cases else ()
        model = next((each for each in models if allowed is None or each in allowed), model)
    listen = settings.server.listen if settings is not None else ""
    base = f"{url or 'http://127.0.0.1:' + listen.rpartition(':')[2]}/v1"
    header = f' \\\n  -H "x-tollhouse-use-case: {names[0]}"' if len(names) > 1 else ""
    python_header = f', default_headers={{"x-tollhouse-use-case": "{names[0]}"}}' if len(names) > 1 else ""
    return f"""
export TOLLHOUSE_KEY=…
curl {base}/chat/completions -H "Authorization: Bearer $TOLLHOUSE_KEY"{header} \\
  -H "content-type: application/json" \\
  -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'

import os
from openai import OpenAI

client = OpenAI(base_url="{base}", api_key=os.environ["TOLLHOUSE_KEY"]{python_header})"""
