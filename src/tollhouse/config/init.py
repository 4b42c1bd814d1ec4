"""
What `tollhouse init` writes: a configuration that serves at once, its secrets, its schema and the shipped prompts.

Nothing is ever overwritten: if one target exists, nothing at all is written. A `.gitignore` that is there already is
left as it is, since most folders with code have one.
"""

import base64
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from tollhouse.domain.errors import OperatorError

from . import schema
from .template import CONFIG_NAME, configuration, found_providers

PRIVATE = 0o600
PUBLIC = 0o644

APP_KEY_PREFIX = "th_"
"""Secrets that begin alike are found by secret scanners and recognised by people."""

GITIGNORE = ".gitignore"
IGNORED = (".env", "tollhouse-data/")
"""Secrets and data, which no repository may take in."""

_SKIPPED = frozenset({"__pycache__", "__init__.py"})


class AlreadyThere(OperatorError):
    """Some of the files to write exist already."""


@dataclass(frozen=True, slots=True)
class Written:
    """
    What was written, in order, and the providers whose key was found in the environment.

    `to_ignore`: lines that the folder's own `.gitignore` still needs.
    """

    paths: tuple[Path, ...]
    providers: tuple[str, ...]
    to_ignore: tuple[str, ...] = ()


def write_project(folder: Path, environ: Mapping[str, str], shipped: Mapping[str, Traversable]) -> Written:
    """
    Write a new project into a folder, which is made if need be.

    Args:
        environ: looked through for the names of providers' keys; their values are never copied.
        shipped: prompt name to its folder.

    Raises AlreadyThere, and OSError if the folder cannot be written; what was begun is then taken back.
    """
    contents = _contents(environ, shipped)
    has_gitignore = (folder / GITIGNORE).is_file()
    if has_gitignore:
        del contents[GITIGNORE]
    targets = {folder / name: body for name, body in contents.items()}
    _refuse_existing([*targets, *(folder / "prompts" / name for name in shipped)])
    _write_all(targets)
    providers = tuple(provider.name for provider in found_providers(environ))
    return Written(tuple(targets), providers, _still_to_ignore(folder / GITIGNORE) if has_gitignore else ())


def _still_to_ignore(gitignore: Path) -> tuple[str, ...]:
    lines = gitignore.read_text("utf-8", "replace").split()
    return tuple(entry for entry in IGNORED if entry not in lines)


def _contents(environ: Mapping[str, str], shipped: Mapping[str, Traversable]) -> dict[str, bytes]:
    prompts = {f"prompts/{name}/{path}": body for name, top in shipped.items() for path, body in _files(top)}
    return {
        CONFIG_NAME: configuration(environ).encode(),
        schema.FILE_NAME: (json.dumps(schema.schema(), indent=1) + "\n").encode(),
        **prompts,
        ".env": _dotenv().encode(),
        GITIGNORE: ("\n".join(IGNORED) + "\n").encode(),
    }


def _files(top: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in sorted(top.iterdir(), key=lambda entry: entry.name):
        if entry.name in _SKIPPED:
            continue
        if entry.is_dir():
            yield from _files(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_bytes()


def _dotenv() -> str:
    master_key = base64.b64encode(secrets.token_bytes(32)).decode()
    return (
        "# Secrets of this tollhouse, made by `tollhouse init`. Never commit this file; the environment wins over it.\n"
        "# Keep a copy of the master key: without it, stored prompts and answers cannot be read again.\n"
        f"TOLLHOUSE_MASTER_KEY={master_key}\n"
        f"TOLLHOUSE_ADMIN_TOKEN={APP_KEY_PREFIX}admin_{secrets.token_urlsafe(32)}\n"
        f"TOLLHOUSE_APP_KEY={APP_KEY_PREFIX}{secrets.token_urlsafe(32)}\n"
    )


def _refuse_existing(targets: list[Path]) -> None:
    there = [str(target) for target in targets if os.path.lexists(target)]
    if there:
        raise AlreadyThere(
            "nothing was written, because these exist already:\n"
            + "".join(f"  {name}\n" for name in there)
            + "Name another folder (`tollhouse init DIR`), or move them away."
        )


def _write_all(targets: Mapping[Path, bytes]) -> None:
    written: list[Path] = []
    try:
        for target, body in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_new(target, body, written)
    except FileExistsError as error:
        _take_back(written)
        raise AlreadyThere(
            f"nothing was written, because {error.filename} has just been made by someone else."
        ) from None
    except OSError:
        _take_back(written)
        raise


def _write_new(target: Path, body: bytes, written: list[Path]) -> None:
    """Create the file; a secret one is never readable by others, not even for a moment."""
    mode = PRIVATE if target.name == ".env" else PUBLIC
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        written.append(target)
        file.write(body)


def _take_back(written: list[Path]) -> None:
    for path in written:
        path.unlink(missing_ok=True)
