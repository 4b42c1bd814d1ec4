"""
What the store holds, laid over the file: the same parts, the same references, the same refusals.

A stored object is a JSON document in the shape that the same thing has in the file. One that does not fit (any more) is
left out and told; it never stops a start.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from tollhouse.domain.governance import Deployment, Governance
from tollhouse.domain.money import PriceLine
from tollhouse.governance.register import Composed, Misfit, Place
from tollhouse.ports.objects import StoredObject

from . import tree
from .explain import explain
from .govern import FromStore, govern, price_line
from .load import WORKFLOWS
from .problems import Mark, Problem
from .references import check_references
from .unbuilt import Path, leave_out, shown, sweep
from .values import ModelName, Name, Title
from .yaml import DEPTH_MAX, Items, Members, Node, Scalar, plain, resolve

P = TypeVar("P", bound=tree.Part)

ORGANISATION: Place = ("organisation", "")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of object is checked: its section in the file, its part of the tree, and what it may be called."""

    section: str
    part: type[tree.Part]
    name: TypeAdapter[str]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "team": Kind("teams", tree.Team, TypeAdapter(Title)),
        "use_case": Kind("use_cases", tree.UseCase, TypeAdapter(Name)),
        "route": Kind("models", tree.Model, TypeAdapter(ModelName)),
        "price": Kind("prices", tree.Price, TypeAdapter(ModelName)),
        "organisation": Kind("organisation", tree.Organisation, TypeAdapter(str)),
    }
)
REFERRED = ("providers", "models", "teams", "use_cases")
"""The sections that references lead to or start from."""


@dataclass(frozen=True, slots=True)
class Spot(Mark):
    """Where something stands in a stored document."""

    place: Place = ("", "")
    path: Path = ()


@dataclass(slots=True)
class Laid:
    """The stored objects that fit, as nodes and as parts, and what is wrong with the others."""

    nodes: dict[Place, Node]
    parts: dict[Place, tree.Part]
    misfits: list[Misfit]

    def refuse(self, misfit: Misfit) -> None:
        self.misfits.append(misfit)
        self.nodes.pop(misfit.place, None)
        self.parts.pop(misfit.place, None)


def compose(
    settings: tree.Settings,
    objects: Sequence[StoredObject],
    *,
    file: str = "the configuration file",
    workflows: Collection[str] = WORKFLOWS,
) -> Composed:
    """Return what the file and the objects that fit say together. Never fails."""
    laid = _laid(settings, objects, workflows)
    governance = _together(settings, laid.parts)
    misfits: dict[Place, str] = {}
    for misfit in laid.misfits:
        misfits.setdefault(misfit.place, f"The stored {_word(misfit)} is left out: {misfit.message}.")
    for name in _idle_prices(governance):
        misfits["price", name] = f"The stored price of {name} changes nothing: the file prices every such deployment."
    return Composed(governance, tuple(misfits.values()), misfits, in_file(settings), file)


def validate(
    settings: tree.Settings, objects: Sequence[StoredObject], *, workflows: Collection[str] = WORKFLOWS
) -> list[Misfit]:
    """Say what would not fit if the store held these objects."""
    return _laid(settings, objects, workflows).misfits


def in_file(settings: tree.Settings) -> dict[Place, Mapping[str, object]]:
    """Return what the file defines of what is governed, by kind and name, in its own shape. No secret is among it."""
    found: dict[Place, Mapping[str, object]] = {}
    for kind, parts in (("team", settings.teams), ("use_case", settings.use_cases), ("route", settings.models)):
        for name, part in parts.items():
            found[kind, name] = part.model_dump(mode="json", exclude_unset=True)
    if settings.organisation.budget is not None:
        found[ORGANISATION] = settings.organisation.model_dump(mode="json", exclude_unset=True)
    return found


def _laid(settings: tree.Settings, objects: Sequence[StoredObject], workflows: Collection[str]) -> Laid:
    """Check each object by itself, then its references among all of them, until nothing more falls out."""
    laid = Laid({}, {}, [])
    for stored in objects:
        _take(stored, settings, laid)
    sections = settings.model_dump(mode="json", exclude_unset=True, include=set(REFERRED))
    base = {name: _members(_node(sections.get(name, {}), _no_spot)) for name in REFERRED}
    while found := list(_lost(base, laid.nodes, workflows)):
        for misfit in found:
            laid.refuse(misfit)
    return laid


def _take(stored: StoredObject, settings: tree.Settings, laid: Laid) -> None:
    misfit = partial(Misfit, stored.kind, stored.name)
    kind = KINDS.get(stored.kind)
    if kind is None:
        laid.refuse(misfit("", "this release does not know its kind"))
        return
    if (stored.kind, stored.name) in _defined(settings):
        laid.refuse(misfit("", "the configuration file defines this itself; delete the stored one"))
        return
    for path, message in (*_name_problems(kind, stored, settings), *_only_a_budget(stored)):
        laid.refuse(misfit(path, message))
        return
    try:
        node = _node(_read(stored.document), partial(_spot, (stored.kind, stored.name)))
        laid.parts[stored.kind, stored.name] = _part(kind, stored.name, node)
        laid.nodes[stored.kind, stored.name] = node
    except ValueError as error:
        laid.refuse(misfit("", str(error)))
    except _Wrong as error:
        for problem in error.problems:
            laid.refuse(misfit(*_told(problem)))


class _Wrong(Exception):
    """A document does not have the shape of its kind."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems
        super().__init__()


def _defined(settings: tree.Settings) -> Collection[Place]:
    return {
        *(("team", name) for name in settings.teams),
        *(("use_case", name) for name in settings.use_cases),
        *(("route", name) for name in settings.models),
        *([ORGANISATION] if settings.organisation.budget is not None else []),
    }


def _name_problems(kind: Kind, stored: StoredObject, settings: tree.Settings) -> Iterator[tuple[str, str]]:
    try:
        kind.name.validate_python(stored.name, strict=True)
    except ValidationError:
        yield "name", f"{stored.name[:80]!r} is not a name that can be used for it"
        return
    if stored.kind == "organisation" and stored.name:
        yield "name", "there is one organisation, and its name here is empty"
    provider, slash, _ = stored.name.partition("/")
    if stored.kind == "price" and (not slash or provider not in settings.providers):
        yield "name", f"a price is called provider/model, with one of the file's providers, not {stored.name!r}"


def _only_a_budget(stored: StoredObject) -> Iterator[tuple[str, str]]:
    """Name and time zone of the organisation are the file's."""
    if stored.kind == "organisation":
        document = _read_or_nothing(stored.document)
        yield from ((key, f"`{key}` is set in the configuration file only") for key in document if key != "budget")


def _read_or_nothing(body: bytes) -> Collection[str]:
    try:
        return _read(body)
    except ValueError:
        return ()


def _read(body: bytes) -> dict[str, object]:
    """Read JSON with numbers as they are written, so that money and thresholds stay exact. Raises ValueError."""
    try:
        document = json.loads(body, parse_int=resolve, parse_float=resolve, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError("its document is not JSON") from None
    if not isinstance(document, dict):
        raise ValueError("its document is not a mapping")  # noqa: TRY004 - one error for all that it can be
    return document


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _part(kind: Kind, name: str, node: Node) -> tree.Part:
    """Check one document as `load` checks the file. Raises _Wrong."""
    swept = sweep(Members({kind.section: Members({name: node}, node.mark)}, node.mark))
    raw = {kind.section: {name: plain(node)}}
    leave_out(raw, swept.left_out)
    above: Path = ("models", name, "price") if kind.part is tree.Price else (kind.section, name)
    try:
        part = kind.part.model_validate(raw[kind.section][name])
    except ValidationError as error:
        raise _Wrong([*swept.problems, *explain(error, node, above=above)]) from None
    if swept.problems:
        raise _Wrong(swept.problems)
    return part


def _lost(
    base: Mapping[str, Mapping[str, Node]], nodes: Mapping[Place, Node], workflows: Collection[str]
) -> Iterator[Misfit]:
    """Yield the references of stored objects that lead nowhere, or in a circle."""
    sections = {name: dict(members) for name, members in base.items()}
    for (kind, name), node in nodes.items():
        if KINDS[kind].section in sections:
            sections[KINDS[kind].section][name] = node
    nowhere = _no_spot(())
    root = Members({name: Members(members, nowhere) for name, members in sections.items()}, nowhere)
    for problem in check_references(root, workflows):
        if isinstance(problem.mark, Spot):
            yield Misfit(*problem.mark.place, *_told(problem))


def _told(problem: Problem) -> tuple[str, str]:
    path = problem.path or (problem.mark.path if isinstance(problem.mark, Spot) else ())
    return shown(path), f"{problem.what}; {problem.todo}"


def _together(settings: tree.Settings, parts: Mapping[Place, tree.Part]) -> Governance:
    organisation = parts.get(ORGANISATION)
    budget = organisation.budget if isinstance(organisation, tree.Organisation) else settings.organisation.budget
    merged = settings.model_copy(
        update={
            "organisation": settings.organisation.model_copy(update={"budget": budget}),
            "teams": {**settings.teams, **_of(parts, tree.Team, "team")},
            "use_cases": {**settings.use_cases, **_of(parts, tree.UseCase, "use_case")},
            "models": {**settings.models, **_of(parts, tree.Model, "route")},
        }
    )
    prices = {name: price_line(f"store:{name}", price) for name, price in _of(parts, tree.Price, "price").items()}
    return govern(merged, FromStore(frozenset(parts), prices))


def _of(parts: Mapping[Place, tree.Part], part: type[P], kind: str) -> dict[str, P]:
    return {name: each for (of_kind, name), each in parts.items() if of_kind == kind and isinstance(each, part)}


def _idle_prices(governance: Governance) -> list[str]:
    """Return the stored prices of deployments that all have another price already."""
    priced: dict[str, list[PriceLine | None]] = {}
    for deployment in _deployments(governance):
        priced.setdefault(deployment.name, []).append(deployment.price)
    return [name for name, line in governance.prices.items() if name in priced and line not in priced[name]]


def _deployments(governance: Governance) -> Iterator[Deployment]:
    return (deployment for route in governance.routes.values() for deployment in route.deployments)


def _node(value: object, spot: Callable[[Path], Mark], path: Path = ()) -> Node:
    """Turn JSON values into nodes, as if they had been read from a file. Raises ValueError if nested too deep."""
    if len(path) > DEPTH_MAX:
        raise ValueError(f"its document is nested deeper than {DEPTH_MAX} levels")
    mark = spot(path)
    if isinstance(value, dict):
        members = {str(key): _node(member, spot, (*path, str(key))) for key, member in value.items()}
        return Members(members, mark, {key: member.mark for key, member in members.items()})
    if isinstance(value, list | tuple):
        return Items(tuple(_node(item, spot, (*path, index)) for index, item in enumerate(value)), mark)
    if isinstance(value, str):
        return Scalar(value, plain=False, mark=mark)
    return Scalar(_written(value), plain=True, mark=mark)


def _written(value: object) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return str(getattr(value, "text", value))


def _spot(place: Place, path: Path) -> Mark:
    return Spot("store", f"{place[0]} {place[1]}", place=place, path=path)


def _no_spot(_path: Path) -> Mark:
    return Mark("file", "")


def _members(node: Node) -> Mapping[str, Node]:
    return node.members if isinstance(node, Members) else {}


def _word(misfit: Misfit) -> str:
    return f"{misfit.kind.replace('_', ' ')} {misfit.name!r}" if misfit.name else misfit.kind
