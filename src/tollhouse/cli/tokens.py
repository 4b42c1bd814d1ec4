"""`tollhouse tokens create|list|revoke`: roles for people and tools. A secret is shown once; only its SHA-256 is kept."""

import sys
import time
from pathlib import Path
from typing import Annotated, cast

import typer

from tollhouse.web.moments import rfc3339

from .exit import reporting, say
from .house import run_async
from .objects import REASON, AsJson, Config, Key, Name, Reason, Url
from .office import ask, path_of
from .service import Json, Place
from .table import print_json, print_table
from .when import future_ms

HEADINGS = ("name", "prefix", "role", "team", "created", "created_by", "expires", "revoked", "last_used")


@reporting()
def create(
    *,
    role: Annotated[str, typer.Option(help="admin, auditor, team-owner, developer or viewer.")],
    name: Annotated[str, typer.Option(help="What to call it; it is the author of what it changes.")],
    team: Annotated[
        str | None, typer.Option(help="The team it sees; only an admin or auditor may have none, and sees all.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="When it ends: 90d, 24h, or an RFC 3339 time.")] = None,
    reason: Reason = REASON,
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Make an access token. Its secret is printed on stdout, once; running servers know it within a second."""
    expires_ms = future_ms("--expires", expires, time.time_ns() // 1_000_000)
    body: Json = {
        "name": name,
        "role": role,
        "team": team,
        "expires": None if expires_ms is None else rfc3339(expires_ms),
        "reason": reason,
    }
    made = run_async(ask(Place(config, url, key), "POST", "tokens", body=body))
    if as_json:
        print_json(made)
    else:
        sys.stdout.write(f"{made['secret']}\n")
        sys.stdout.flush()
    sees = f"team {team}" if team else "the whole organisation"
    say(
        f"This is the access token {name!r}: {role} of {sees}. It is shown this once; keep it where you keep passwords."
    )


@reporting()
def list_tokens(
    *, as_json: AsJson = False, url: Url = None, key: Key = None, config: Config = Path("tollhouse.yaml")
) -> None:
    """List every access token, revoked ones too. Never a secret."""
    items = cast("list[Json]", run_async(ask(Place(config, url, key), "GET", "tokens"))["items"])
    if as_json:
        print_json({"items": items})
    else:
        print_table(
            [heading.replace("_", " ") for heading in HEADINGS], [[item[h] for h in HEADINGS] for item in items]
        )


@reporting()
def revoke(
    name: Name,
    *,
    reason: Reason = REASON,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """End an access token for good. Running servers know within a second."""
    run_async(ask(Place(config, url, key), "DELETE", f"tokens/{path_of(name)}", query={"reason": reason}))
    say(f"The access token {name!r} is revoked.")
