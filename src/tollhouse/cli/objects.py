"""
`tollhouse teams|use-cases|routes|prices list|show|set|delete`: what is governed and not in the file.

`set` takes a document (`--file`), members one by one (`--set budget.limit_usd=300`), or both. Every change says why.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import typer

from .exit import WrongUsage, reporting, say
from .house import run_async
from .office import Office, ask, open_office, path_of
from .service import Json, Place
from .table import print_json, print_table

REASON = "at the command line"
"""What the record of changes says if nobody gave a reason."""

FILE_BYTES_MAX = 262_144
"""As much as the API takes."""

Command = Callable[..., None]
Config = Annotated[Path, typer.Option(help="The configuration file.")]
Url = Annotated[str | None, typer.Option(help="Ask the service at this address instead of the configured store.")]
Key = Annotated[
    str | None, typer.Option(envvar="TOLLHOUSE_ADMIN_TOKEN", help="The access token for --url.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the record of changes.")]
Name = Annotated[str, typer.Argument(metavar="NAME")]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: its word, its address, and the columns of its list besides name and who manages it."""

    word: str
    path: str
    columns: Sequence[str]


TEAMS = Kind("team", "teams", ("budget", "rate"))
USE_CASES = Kind("use case", "use-cases", ("team", "state", "owner", "models", "budget", "rate"))
ROUTES = Kind("route", "routes", ("deployments", "fallbacks"))
PRICES = Kind("price", "prices", ("input_per_million", "cached_input_per_million", "output_per_million"))


def commands(kind: Kind) -> Mapping[str, Command]:
    """Return the commands of one kind by their verbs."""
    word = kind.word

    @reporting()
    def list_objects(
        *, as_json: AsJson = False, url: Url = None, key: Key = None, config: Config = Path("tollhouse.yaml")
    ) -> None:
        items = cast("list[Json]", run_async(ask(Place(config, url, key), "GET", kind.path))["items"])
        if as_json:
            print_json({"items": items})
        else:
            print_table(("name", *kind.columns, "managed"), [_row(kind, item) for item in items])

    @reporting()
    def show(name: Name, *, url: Url = None, key: Key = None, config: Config = Path("tollhouse.yaml")) -> None:
        found = run_async(ask(Place(config, url, key), "GET", _path(kind, name)))
        print_json(found)
        _warn(found)

    @reporting()
    def set_object(
        name: Name,
        *,
        file: Annotated[
            Path | None, typer.Option(help="The whole of it, YAML or JSON, as in the configuration; - reads stdin.")
        ] = None,
        members: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="MEMBER=VALUE", help="One member; dots lead inside, null removes it."),
        ] = None,
        reason: Reason = REASON,
        version: Annotated[int | None, typer.Option(help="Change only this version; 0: it must not exist.")] = None,
        as_json: AsJson = False,
        url: Url = None,
        key: Key = None,
        config: Config = Path("tollhouse.yaml"),
    ) -> None:
        if file is None and not members:
            raise WrongUsage("say what to set: --file FILE, or --set MEMBER=VALUE")
        document = None if file is None else _document(file)
        written = run_async(
            _set(Place(config, url, key), kind, name, document, _merge(members or []), _told(reason, version))
        )
        if as_json:
            print_json(written)
        say(f"The {word} {name!r} is set, as version {written['version']}; running servers know within a second.")
        _warn(written)

    @reporting()
    def delete(
        name: Name,
        *,
        reason: Reason = REASON,
        url: Url = None,
        key: Key = None,
        config: Config = Path("tollhouse.yaml"),
    ) -> None:
        run_async(ask(Place(config, url, key), "DELETE", _path(kind, name), query={"reason": reason}))
        say(f"The {word} {name!r} is deleted.")

    list_objects.__doc__ = f"List every {word}, of the file and of the store."
    show.__doc__ = f"Show one {word} as JSON."
    set_object.__doc__ = f"Create or change a {word} of the store. What the file defines is changed there."
    delete.__doc__ = f"Delete a {word} of the store that nothing uses."
    return {"list": list_objects, "show": show, "set": set_object, "delete": delete}


@reporting()
def move(
    name: Name,
    state: Annotated[str, typer.Argument(metavar="STATE", help="approved, live or retired.")],
    *,
    reason: Reason = REASON,
    url: Url = None,
    key: Key = None,
    config: Config = Path("tollhouse.yaml"),
) -> None:
    """Move a use case on: approved (by a second person), then live; or retired."""
    body: Json = {"state": state, "reason": reason}
    moved = run_async(ask(Place(config, url, key), "POST", f"{_path(USE_CASES, name)}/state", body=body))
    say(f"The use case {name!r} is {moved['state']}.")
    _warn(moved)


async def _set(place: Place, kind: Kind, name: str, document: Json | None, merge: Json, told: Json) -> Json:
    """With a document: that is what it becomes, `--set` laid over it. Without one: what is there changes, or it is made."""
    async with open_office(place) as office:
        if document is not None:
            return await office.ask("PUT", _path(kind, name), body={**_laid_over(document, merge), **told})
        if await _is_there(office, kind, name):
            return await office.ask("PATCH", _path(kind, name), body={**merge, **told})
        return await office.ask("PUT", _path(kind, name), body={**_laid_over({}, merge), **told})


async def _is_there(office: Office, kind: Kind, name: str) -> bool:
    items = cast("list[Json]", (await office.ask("GET", kind.path))["items"])
    return name in [item["name"] for item in items]


def _path(kind: Kind, name: str) -> str:
    """A price's name is its deployment's, and its first part a segment of its own."""
    if kind is not PRICES:
        return f"{kind.path}/{path_of(name)}"
    provider, slash, model = name.partition("/")
    if not slash:
        raise WrongUsage(f"{name!r} is not a deployment; write PROVIDER/MODEL, for example openai/gpt-5-mini")
    return f"{kind.path}/{path_of(provider, model)}"


def _told(reason: str, version: int | None) -> Json:
    return {"reason": reason} if version is None else {"reason": reason, "version": version}


# --- reading what to set --------------------------------------------------------------------------------------------


def _document(file: Path) -> Json:
    """Read a document with the configuration's own YAML. Raises WrongUsage with line and reason."""
    from tollhouse.config.yaml import Members, parse, plain

    name = "stdin" if str(file) == "-" else str(file)
    text = sys.stdin.read(FILE_BYTES_MAX + 1) if name == "stdin" else file.read_text(encoding="utf-8-sig")
    if len(text) > FILE_BYTES_MAX:
        raise WrongUsage(f"{name} is larger than {FILE_BYTES_MAX} characters; this is no single object")
    root, problems = parse(text, name)
    if problems:
        raise WrongUsage("; ".join(map(str, problems)))
    if not isinstance(root, Members):
        raise WrongUsage(f"{name} is not a mapping; write the object's members, as in the configuration")
    return cast("Json", plain(root))


def _merge(members: Sequence[str]) -> Json:
    merge: Json = {}
    for member in members:
        path, sign, text = member.partition("=")
        steps = path.split(".")
        if not sign or not all(steps):
            raise WrongUsage(f"--set {member!r} is not MEMBER=VALUE, for example budget.limit_usd=300")
        at = merge
        for step in steps[:-1]:
            inside = at.setdefault(step, {})
            if not isinstance(inside, dict):
                raise WrongUsage(f"--set {member!r}: `{step}` was set to a value before")
            at = inside
        at[steps[-1]] = _value(steps[-1], text)
    return merge


def _value(member: str, text: str) -> object:
    """Read JSON, else take the text as it is. Amounts stay text, so that no float comes near them."""
    from msgspec import DecodeError
    from msgspec.json import decode

    if member.endswith(("_usd", "_per_million")) and text != "null":
        return text
    try:
        return decode(text)
    except DecodeError:
        return text


def _laid_over(document: Json, merge: Json) -> Json:
    from tollhouse.governance.documents import merged

    return cast("Json", merged(document, merge))


# --- showing --------------------------------------------------------------------------------------------------------


def _row(kind: Kind, item: Json) -> list[object]:
    return [item["name"], *(_cell(name, item.get(name)) for name in kind.columns), item["managed"]]


def _cell(name: str, value: object) -> object:
    if name == "state":
        return value or "live"
    if name == "budget" and isinstance(value, dict):
        return f"{value.get('limit_usd')}/{value.get('period')}"
    if name == "deployments" and isinstance(value, list):
        return [f"{each.get('provider')}/{each.get('model')}" for each in value]
    if isinstance(value, dict):
        return [f"{member} {each}" for member, each in value.items() if each is not None]
    return value


def _warn(answer: Json) -> None:
    for warning in cast("list[str]", answer.get("warnings") or []):
        say(f"warning: {warning}")
