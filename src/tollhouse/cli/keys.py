"""`tollhouse keys create|list|revoke`: who may call. A secret is shown once; only its SHA-256 is kept."""

import sys
import time
from collections.abc import Collection
from dataclasses import replace
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tollhouse.domain.errors import OperatorError
from tollhouse.domain.governance import Budget, Key
from tollhouse.domain.money import nano_from_usd, usd_from_nano
from tollhouse.domain.periods import PeriodKind
from tollhouse.ports.changes import Change
from tollhouse.web.moments import rfc3339

from .exit import WrongUsage, reporting, say
from .house import load_house, opened_stores, run_async
from .source import Json
from .table import print_json, print_table
from .when import future_ms

if TYPE_CHECKING:
    from tollhouse.config.load import Loaded
    from tollhouse.config.tree import Key as FileKey
    from tollhouse.config.tree import Settings

SECRET_BYTES = 32
"""256 bits: nobody guesses it, so a plain SHA-256 is enough to keep."""
PREFIX_CHARS = 8
"""Of a secret, shown in lists so that people know which one they hold: `th-` and 30 of its 256 bits."""
NAME_CHARS_MAX = 64
"""As for keys in the configuration."""

HEADINGS = ("name", "prefix", "team", "use cases", "models", "managed", "created", "expires", "revoked", "budget")

Config = Annotated[Path, typer.Option(help="The configuration file.")]


@reporting()
def create(
    *,
    team: Annotated[str, typer.Option(help="The team that will call.")],
    name: Annotated[str, typer.Option(help="What to call the key; it stands in reports.")],
    use_case: Annotated[
        list[str] | None,
        typer.Option("--use-case", help="May be given several times; every one of the team if left out."),
    ] = None,
    expires: Annotated[str | None, typer.Option(help="When it ends: 90d, 24h, or an RFC 3339 time.")] = None,
    models: Annotated[str | None, typer.Option(help="Only these models, with commas.")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="USD/PERIOD", help="A hard cap: 50/month (day, week, month, total).")
    ] = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Make a key. Its secret is printed on stdout, once; running servers know it within a second or two."""
    import secrets

    loaded = load_house(config)
    secret = f"th-{secrets.token_urlsafe(SECRET_BYTES)}"
    now_ms = time.time_ns() // 1_000_000
    key = Key(
        name=_checked_name(name, loaded.settings),
        team=_known("--team", team, loaded.settings.teams),
        digest=sha256(secret.encode()).digest(),
        use_cases=tuple(_use_case(each, team, loaded.settings) for each in dict.fromkeys(use_case or ())),
        models=_models(models, loaded.settings),
        budget=_budget(budget),
        expires_ms=future_ms("--expires", expires, now_ms),
        created_ms=now_ms,
        prefix=secret[:PREFIX_CHARS],
    )
    run_async(_add(loaded, key))
    sys.stdout.write(secret + "\n")
    sys.stdout.flush()
    say(_how_to_use(key, loaded.settings))


@reporting()
def list_keys(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """List every key, revoked ones too: those of the configuration and those of the store. Never a secret."""
    loaded = load_house(config)
    stored = run_async(_all(loaded))
    told = [*(_file_key_json(key, loaded.settings) for key in loaded.settings.keys), *map(_key_json, stored)]
    if as_json:
        print_json({"items": told})
    else:
        print_table(HEADINGS, [_row(key) for key in told])


@reporting()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `keys list` shows it.")],
    *,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """End a key for good. Running servers know within a second or two; calls under way go on."""
    loaded = load_house(config)
    if name in [key.name for key in loaded.settings.keys]:
        raise OperatorError(
            f"the key {name!r} is defined in {config}, which this command never changes. Remove it there under `keys:`."
        )
    run_async(_revoke(loaded, name))
    say(f"The key {name!r} is revoked.")


async def _add(loaded: "Loaded", key: Key) -> None:
    async with opened_stores(loaded) as stores:
        try:
            await stores.keys.add(key, _change(key, "keys create"))
        except ValueError:
            raise OperatorError(
                f"there is a key {key.name!r} already. Choose another --name, or end it with `tollhouse keys revoke {key.name}`."
            ) from None


async def _all(loaded: "Loaded") -> list[Key]:
    async with opened_stores(loaded) as stores:
        return await stores.keys.all()


async def _revoke(loaded: "Loaded", name: str) -> None:
    async with opened_stores(loaded) as stores:
        live = {key.name: key for key in await stores.keys.all() if key.revoked_ms is None}
        if name in live:
            revoked = replace(live[name], revoked_ms=time.time_ns() // 1_000_000)
            await stores.keys.update(revoked, _change(revoked, "keys revoke"))
            return
        names = list(live)
        raise OperatorError(
            f"there is no key {name!r} to revoke{_meant(name, names)}. `tollhouse keys list` shows them all."
        )


def _change(key: Key, reason: str) -> Change:
    return Change("key", key.name, "cli", reason, time.time_ns() // 1_000_000, key.team)


# --- reading the options --------------------------------------------------------------------------------------------


def _checked_name(name: str, settings: "Settings") -> str:
    if not name.strip() or name != name.strip() or len(name) > NAME_CHARS_MAX or not name.isprintable():
        raise WrongUsage(
            f"--name {name!r} must be 1 to {NAME_CHARS_MAX} printable characters without spaces around them"
        )
    if name in [key.name for key in settings.keys]:
        raise OperatorError(f"there is a key {name!r} in the configuration already. Choose another --name.")
    return name


def _known(option: str, name: str, names: Collection[str]) -> str:
    if name not in names:
        raise WrongUsage(f"{option} {name}: the configuration has no such name{_meant(name, list(names))}")
    return name


def _use_case(name: str, team: str, settings: "Settings") -> str:
    use_case = settings.use_cases[_known("--use-case", name, settings.use_cases)]
    if use_case.team != team:
        raise WrongUsage(f"--use-case {name} belongs to team {use_case.team}, not to {team}; a key has one team")
    return name


def _models(text: str | None, settings: "Settings") -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(dict.fromkeys(_known("--models", name.strip(), settings.models) for name in text.split(",")))


def _budget(text: str | None) -> Budget | None:
    """Read `50/month`."""
    if text is None:
        return None
    amount, slash, period = text.partition("/")
    if not slash or period not in list(PeriodKind):
        raise WrongUsage(f"--budget {text} is not USD/PERIOD, for example 50/month; there are {', '.join(PeriodKind)}")
    try:
        return Budget(nano_from_usd(amount), PeriodKind(period))
    except ValueError as error:
        raise WrongUsage(f"--budget {text}: {error}") from None


def _meant(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(names)}" if names else ""


# --- showing --------------------------------------------------------------------------------------------------------


def _key_json(key: Key) -> Json:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "team": key.team,
        "use_cases": list(key.use_cases),
        "models": None if key.models is None else list(key.models),
        "managed": key.managed,
        "created": rfc3339(key.created_ms),
        "expires": None if key.expires_ms is None else rfc3339(key.expires_ms),
        "revoked": None if key.revoked_ms is None else rfc3339(key.revoked_ms),
        "budget": _budget_json(usd_from_nano(key.budget.limit_nanousd), key.budget.period) if key.budget else None,
    }


def _file_key_json(key: "FileKey", settings: "Settings") -> Json:
    """The file does not say when it was made, and its secret may be short: no part of it is shown."""
    from zoneinfo import ZoneInfo

    from tollhouse.config.values import moment_ms

    zone = ZoneInfo(settings.organisation.time_zone)
    return {
        "name": key.name,
        "prefix": None,
        "team": key.team,
        "use_cases": list(key.use_cases),
        "models": None if key.models is None else list(key.models),
        "managed": "file",
        "created": None,
        "expires": None if key.expires is None else rfc3339(moment_ms(key.expires, zone)),
        "revoked": None,
        "budget": _budget_json(key.budget.limit_usd, key.budget.period) if key.budget else None,
    }


def _budget_json(limit_usd: str, period: str) -> Json:
    return {"limit_usd": limit_usd, "period": str(period)}


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
        f"{budget['limit_usd']}/{budget['period']}" if isinstance(budget, dict) else None,
    ]


def _how_to_use(key: Key, settings: "Settings") -> str:
    """What a developer needs next, ready to paste."""
    names = key.use_cases or tuple(name for name, each in settings.use_cases.items() if each.team == key.team)
    models = settings.use_cases[names[0]].models if names else tuple(settings.models)
    model = next((each for each in models if key.models is None or each in key.models), "MODEL")
    port = settings.server.listen.rpartition(":")[2]
    base = f"http://127.0.0.1:{port}/v1"
    header = f' \\\n  -H "x-tollhouse-use-case: {names[0]}"' if len(names) > 1 else ""
    python_header = f', default_headers={{"x-tollhouse-use-case": "{names[0]}"}}' if len(names) > 1 else ""
    return f"""
This is the key {key.name!r} of team {key.team}. It is shown this once; keep it where you keep passwords.

export TOLLHOUSE_KEY=…
curl {base}/chat/completions -H "Authorization: Bearer $TOLLHOUSE_KEY"{header} \\
  -H "content-type: application/json" \\
  -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "Hello"}}]}}'

import os
from openai import OpenAI

client = OpenAI(base_url="{base}", api_key=os.environ["TOLLHOUSE_KEY"]{python_header})"""
