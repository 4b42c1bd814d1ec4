"""`tollhouse config`: check the configuration, show what holds and why, print its schema."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exit import CheckFailed, reporting, say
from .table import print_json

if TYPE_CHECKING:
    from tollhouse.config.load import Loaded

ConfigOption = Annotated[Path, typer.Option("--config", help="The configuration file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

DEFAULT = Path("tollhouse.yaml")


@reporting()
def check(config: ConfigOption = DEFAULT, as_json: JsonOption = False) -> None:
    """Tell every problem with its line. Exits 0 if the configuration can be used, 3 if not."""
    from tollhouse.config.load import load
    from tollhouse.config.problems import InvalidConfig

    try:
        loaded = load(config, os.environ)
    except InvalidConfig as error:
        if as_json:
            problems = [{"at": str(one.mark), "what": one.what, "todo": one.todo} for one in error.problems]
            print_json({"ok": False, "problems": problems, "warnings": []})
        raise CheckFailed(error.message) from None
    if as_json:
        print_json({"ok": True, "problems": [], "warnings": list(loaded.warnings)})
        return
    for warning in loaded.warnings:
        say(f"warning: {warning}")
    typer.echo(f"{config}: ok")


@reporting()
def show(
    config: ConfigOption = DEFAULT,
    origin: Annotated[bool, typer.Option("--origin", help="Also show what set each value.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print every setting as it holds, secrets as ***, and with --origin what won: flag, env, file:line or default."""
    from tollhouse.config.load import load

    rows = _rows(load(config, os.environ))
    if as_json:
        print_json({key: {"value": value, "origin": won} if origin else value for key, value, won in rows})
        return
    width = max(len(key) for key, _, _ in rows)
    values = max(len(_shown(value)) for _, value, _ in rows) if origin else 0
    for key, value, won in rows:
        line = f"{key:<{width}}  {_shown(value):<{values}}"
        typer.echo(f"{line}  {won}" if origin else line)


@reporting()
def schema() -> None:
    """Print the JSON schema of tollhouse.yaml (draft 07)."""
    from tollhouse.config.schema import schema as build

    print_json(build())


def _rows(loaded: "Loaded") -> list[tuple[str, object, str]]:
    from tollhouse.config.origins import leaves
    from tollhouse.config.unbuilt import shown

    return [(shown(leaf.path), leaf.value, loaded.origins[shown(leaf.path)]) for leaf in leaves(loaded.settings)]


def _shown(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
