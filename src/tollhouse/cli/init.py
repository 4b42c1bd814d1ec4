"""`tollhouse init`: a project that serves at once."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exit import WrongUsage, reporting, say

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from tollhouse.config.init import Written


@reporting()
def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder; made if need be.")] = Path(),
) -> None:
    """Write tollhouse.yaml, prompts, a schema for your editor, and .env with fresh secrets. Never overwrites."""
    from tollhouse.config.init import write_project

    if directory.exists() and not directory.is_dir():
        raise WrongUsage(f"{directory} is not a folder; name one, or leave it out for the current one")
    written = write_project(directory, os.environ, shipped_prompts())
    for path in written.paths:
        typer.echo(str(path))
    _say_what_next(directory, written)


def shipped_prompts() -> Mapping[str, "Traversable"]:
    """Return every prompt that ships with a workflow, by its name."""
    from importlib.resources import files

    folders = [workflow / "prompts" for workflow in files("tollhouse.workflows").iterdir() if workflow.is_dir()]
    return {
        prompt.name: prompt
        for folder in folders
        if folder.is_dir()
        for prompt in folder.iterdir()
        if prompt.is_dir() and prompt.name != "__pycache__"
    }


def _say_what_next(directory: Path, written: "Written") -> None:
    found = ", ".join(written.providers)
    say(
        f"Providers found in the environment: {found}."
        if found
        else "No provider key found: the in-house engine serves."
    )
    if written.to_ignore:
        say(f"Your .gitignore was left as it is; add to it: {' '.join(written.to_ignore)}")
    enter = "" if directory == Path() else f"  cd {shlex.quote(str(directory))}\n"
    say(
        "Next:\n"
        f"{enter}"
        "  tollhouse config check\n"
        "  tollhouse serve\n"
        '  set -a; . ./.env; curl http://127.0.0.1:8088/v1/models -H "authorization: Bearer $TOLLHOUSE_APP_KEY"'
    )
