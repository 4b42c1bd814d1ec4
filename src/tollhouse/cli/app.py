"""The command line: one visible row per command."""

import sys
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from tollhouse import __version__

from . import (
    backup,
    budgets,
    cache,
    calls,
    changes,
    config,
    demo,
    doctor,
    init,
    keys,
    migrate,
    objects,
    privacy,
    reconcile,
    restore,
    run,
    serve,
    simulate,
    tokens,
    usage,
    whoami,
)
from .exit import Exit

app = typer.Typer(
    name="tollhouse",
    help="One self-hosted door for every AI call a company makes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Command = Callable[..., None]

GROUPS: Mapping[str, tuple[str, Mapping[str, Command]]] = {
    "calls": ("Look at single calls.", {"tail": calls.tail, "show": calls.show}),
    "config": (
        "Check and show the configuration.",
        {"check": config.check, "show": config.show, "schema": config.schema},
    ),
    "keys": (
        "Make, list, rotate, change and revoke callers' keys.",
        {
            "create": keys.create,
            "list": keys.list_keys,
            "rotate": keys.rotate,
            "change": keys.change,
            "revoke": keys.revoke,
        },
    ),
    "tokens": (
        "Make, list and revoke access tokens: roles for people and tools.",
        {"create": tokens.create, "list": tokens.list_tokens, "revoke": tokens.revoke},
    ),
    "budgets": (
        "See, set and try out budgets.",
        {
            "list": budgets.list_budgets,
            "set": budgets.set_budget,
            "delete": budgets.delete_budget,
            "try": budgets.try_budget,
        },
    ),
    "cache": ("Forget kept answers.", {"purge": cache.purge}),
    "privacy": ("See what of a text would leave.", {"scan": privacy.scan}),
    "teams": ("See and change teams.", objects.commands(objects.TEAMS)),
    "use-cases": (
        "See, propose, change and approve use cases.",
        {**objects.commands(objects.USE_CASES), "move": objects.move},
    ),
    "routes": ("See and change routes to models.", objects.commands(objects.ROUTES)),
    "prices": ("See and override prices.", objects.commands(objects.PRICES)),
}

_COMMANDS: Mapping[str, Command] = {
    "demo": demo.demo,
    "init": init.init,
    "serve": serve.serve,
    "run": run.run,
    "usage": usage.usage,
    "whoami": whoami.whoami,
    "changes": changes.changes,
    "migrate": migrate.migrate,
    "backup": backup.backup,
    "restore": restore.restore,
    "doctor": doctor.doctor,
    "reconcile": reconcile.reconcile,
    "simulate": simulate.simulate,
}


@app.callback(invoke_without_command=True)
def tollhouse(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"tollhouse {__version__}")
        raise typer.Exit


def main() -> None:
    for name, command in _COMMANDS.items():
        app.command(name)(command)
    for name, (words, commands) in GROUPS.items():
        group = typer.Typer(help=words, no_args_is_help=True)
        for verb, command in commands.items():
            group.command(verb)(command)
        app.add_typer(group, name=name)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
