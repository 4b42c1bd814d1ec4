"""Group config: the settings load, nothing important is left out, and secrets are kept to their owner."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tollhouse.config.load import Loaded, load
from tollhouse.config.problems import InvalidConfig
from tollhouse.config.tree import Settings
from tollhouse.domain.errors import ConfigError
from tollhouse.domain.governance import Deployment

from .check import Check, Group

if TYPE_CHECKING:
    from tollhouse.domain.governance import Governance

GROUP = Group("config")
OTHERS = stat.S_IRWXG | stat.S_IRWXO
TOLD_HERE = (".env", "privacy.master_key")
"""Warnings of `load` about these are left out, because there is a check for each."""


def read(config: Path, environ: Mapping[str, str]) -> tuple[Loaded | None, list[Check]]:
    """Return the configuration, None if it cannot be used, and what is to be said about the file itself."""
    try:
        loaded = load(config, environ)
    except InvalidConfig as error:
        return None, [GROUP.fail(str(one.mark), one.what, one.todo) for one in error.problems]
    except ConfigError as error:
        return None, [GROUP.error("file", error.message)]
    return loaded, [GROUP.ok("file", f"{config}: {_counts(loaded.settings)}")]


def examine(loaded: Loaded) -> list[Check]:
    from tollhouse.adapters.clock import SystemClock
    from tollhouse.bootstrap import price_book, unpriced
    from tollhouse.config.govern import govern

    governance = govern(loaded.settings)
    return [
        *_warnings(loaded.warnings),
        _admin_token(loaded.settings),
        _master_key(loaded.settings),
        _dotenv(loaded.path.parent / ".env"),
        prices(governance, unpriced(governance, price_book(loaded, SystemClock()))),
    ]


def prices(governance: "Governance", without: list[Deployment]) -> Check:
    if without:
        return GROUP.warn(
            "prices",
            f"no price for {', '.join(deployment.name for deployment in without)}: such calls are refused",
            "Add `price` to the deployment or its route, or `unpriced: allow` to the use case.",
        )
    count = sum(len(route.deployments) for route in governance.routes.values())
    return GROUP.ok("prices", f"every deployment with a fixed model has one ({count} looked at)")


def _warnings(warnings: tuple[str, ...]) -> Iterator[Check]:
    for warning in warnings:
        if not any(known in warning for known in TOLD_HERE):
            subject, _, what = warning.rpartition(": ")
            yield GROUP.warn(subject or "setting", what, "Change the setting, or keep it knowingly.")


def _admin_token(settings: Settings) -> Check:
    if settings.server.admin_token is None:
        return GROUP.warn(
            "admin token",
            "not set: nobody can read /api/v1, and commands with --url are refused",
            'Set server.admin_token: "${TOLLHOUSE_ADMIN_TOKEN}" and the variable, for example to `openssl rand -hex 32`.',
        )
    return GROUP.ok("admin token", "set")


def _master_key(settings: Settings) -> Check:
    if settings.privacy.master_key is None:
        return GROUP.warn(
            "master key",
            "not set: nothing that needs sealing (replays, stored responses) is kept",
            'Set privacy.master_key: "${TOLLHOUSE_MASTER_KEY}" and the variable to `openssl rand -base64 32`.',
        )
    return GROUP.ok("master key", "set")


def _dotenv(path: Path) -> Check:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return GROUP.ok(".env", "none beside the configuration; the environment is used")
    if mode & OTHERS:
        return GROUP.warn(".env", f"other users of this machine may use it (mode {mode:04o})", f"chmod 600 {path}")
    return GROUP.ok(".env", f"only its owner may use it (mode {mode:04o})")


def _counts(settings: Settings) -> str:
    parts = {
        "provider": settings.providers,
        "route": settings.models,
        "team": settings.teams,
        "use case": settings.use_cases,
        "key": settings.keys,
    }
    return ", ".join(f"{len(members)} {name}{'' if len(members) == 1 else 's'}" for name, members in parts.items())
