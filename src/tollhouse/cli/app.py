"""The command line: one visible row per command."""

import sys
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from tollhouse import __version__

from . import calls, config, demo, doctor, init, keys, migrate, run, serve, simulate, usage
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

_GROUPS: Mapping[str, tuple[str, Mapping[str, Command]]] = {
    "calls": ("Look at single calls.", {"tail": calls.tail, "show": calls.show}),
    "config": (
        "Check and show the configuration.",
        {"check": config.check, "show": config.show, "schema": config.schema},
    ),
    "keys": (
        "Make, list and revoke callers' keys.",
        {"create": keys.create, "list": keys.list_keys, "revoke": keys.revoke},
    ),
}

_COMMANDS: Mapping[str, Command] = {
    "demo": demo.demo,
    "init": init.init,
    "serve": serve.serve,
    "run": run.run,
    "usage": usage.usage,
    "migrate": migrate.migrate,
    "doctor": doctor.doctor,
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
    for name, (words, commands) in _GROUPS.items():
        group = typer.Typer(help=words, no_args_is_help=True)
        for verb, command in commands.items():
            group.command(verb)(command)
        app.add_typer(group, name=name)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
