"""The settings tree as rows of docs/configuration.md: where a key stands, its type and its default in the page's words."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tollhouse.config import tree, values
from tollhouse.config.unbuilt import UNBUILT

WORDS: tuple[tuple[object, str], ...] = (
    (values.Usd, "money"),
    (values.UsdPerMillion, "price"),
    (values.AnySecret, "secret"),
    (values.CallerSecret, "caller's secret"),
    (values.MasterKey, "master key"),
    (values.DatabaseAddress, "database"),
    (values.Listen, "address"),
    (values.TimeZone, "time zone"),
    (values.Expires, "moment"),
    (values.BaseUrl, "web address"),
    (values.Origin, "origin"),
    (values.Host, "host"),
    (values.Network, "network"),
    (values.Threshold, "part"),
    (values.Text, "text"),
    (values.Title, "title"),
    (values.Name, "name"),
    (values.ModelName, "model name"),
    (values.HeaderName, "header name"),
    (values.PersonalType, "type of personal data"),
    (values.PatternName, "pattern name"),
    (values.Pattern, "pattern"),
    (values.Phrase, "phrase"),
    (values.LinkHost, "host"),
    (values.Amount, "number"),
    (values.Json, "anything"),
    (values.Count, "count"),
    (values.WaitMs, "ms, or 0"),
    (values.LimitMs, "ms"),
    (values.Bytes, "bytes"),
    (tree.Fraction, "fraction"),
    (bool, "`true` or `false`"),
)
"""The page explains each of these words once."""

SHARED: Mapping[type[tree.Part], str] = {
    tree.Budget: "budget",
    tree.Price: "price",
    tree.Timeouts: "timeouts",
    tree.Limits: "limits",
    tree.Breaker: "breaker",
}
"""Parts that stand in several places and have one table for all of them."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key: `section` is the heading it stands under, `name` what is left of its path."""

    section: str
    name: str
    type: str
    default: str


def key_rows() -> list[KeyRow]:
    """Return a row for every key that has behaviour, sections themselves excepted."""
    rows = [row for part, section in SHARED.items() for row in _rows(part, section, "", section)]
    for name, field in tree.Settings.model_fields.items():
        rows += _section(name, field.annotation)
    return rows


def _section(name: str, annotation: object) -> Iterator[KeyRow]:
    part, many = _part(annotation)
    assert part is not None, f"{name} is a section"
    section = f"{name}.*" if many else name
    yield from _rows(part, section, "", section)


def _rows(part: type[tree.Part], section: str, prefix: str, path: str) -> Iterator[KeyRow]:
    hints = get_type_hints(part, include_extras=True)
    for name, field in part.model_fields.items():
        if not _is_built(f"{path}.{name}"):
            continue
        inner, many = _part(hints[name])
        if inner is None or many or issubclass(inner, tuple(SHARED)):
            yield KeyRow(section, prefix + name, _type(hints[name]), _default(field))
        else:
            yield from _rows(inner, section, f"{prefix}{name}.", f"{path}.{name}")
        if inner is not None and many:
            deeper = f"{path}.{name}.*"
            yield from _rows(inner, deeper, "", deeper)


def _is_built(path: str) -> bool:
    """Is there a place where this key does something? A shared part's key counts if one of its places does."""
    shared = next((name for name in SHARED.values() if path.startswith(f"{name}.")), None)
    if shared is None:
        return not any(path == row.path or path.startswith(f"{row.path}.") for row in UNBUILT)
    return not any(row.path.endswith(f".{path}") for row in UNBUILT)


def _part(annotation: object) -> tuple[type[tree.Part] | None, bool]:
    """Return the part a key holds, and whether it holds several by name or in a list."""
    bare = _bare(annotation)
    if get_origin(bare) is tuple:
        return _part(get_args(bare)[0])[0], True
    if get_origin(bare) is Mapping:
        return _part(get_args(bare)[1])[0], True
    return (bare, False) if isinstance(bare, type) and issubclass(bare, tree.Part) else (None, False)


def _bare(annotation: object) -> object:
    """Take off `Annotated` and `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _bare(_without_none(annotation))
    return annotation


def _without_none(annotation: object) -> object:
    """Return the first member that is not None: no key takes two kinds of parts."""
    return next(member for member in get_args(annotation) if member is not types.NoneType)


def _type(annotation: object) -> str:
    for known, word in WORDS:
        if annotation == known:
            return word
    origin, members = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _type(_without_none(annotation))
    if origin is Annotated:
        return _range(members) if members[0] is int else _type(members[0])
    if origin is Literal:
        return " or ".join(f"`{member}`" for member in members)
    if origin is tuple:
        return f"list of {_type(members[0])}"
    if origin is Mapping:
        return f"{_type(members[1])} by {_type(members[0])}"
    return _part_type(annotation)


def _part_type(annotation: object) -> str:
    assert isinstance(annotation, type)
    shared = next((name for part, name in SHARED.items() if issubclass(annotation, part)), None)
    return f"[{shared}](#{shared})" if shared else annotation.__name__.lower()


def _range(members: tuple[object, ...]) -> str:
    bounds = {type(each).__name__: each for field in members if isinstance(field, FieldInfo) for each in field.metadata}
    return f"{bounds['Ge'].ge} to {bounds['Le'].le}"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None or field.default in ((), {}) or isinstance(field.default, tree.Part):
        return "–"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
