"""Pydantic's errors as sentences that say what is wrong, where, and what to write instead."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from .problems import Mark, Problem
from .schema import known_keys
from .unbuilt import Path, shown
from .yaml import Items, Members, Node, Scalar

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_KINDS = {
    "int_type": ("must be a whole number", "write digits without quotes"),
    "int_from_float": ("must be a whole number", "write digits without a point"),
    "float_type": ("must be a number", "write it without quotes"),
    "string_type": ("must be text", "put it in quotes"),
    "string_unicode": ("is not UTF-8", "set it again as UTF-8"),
    "bool_type": ("must be true or false", "write true or false"),
    "tuple_type": ("must be a list", "write [a, b], or one entry a line after `- `"),
    "dict_type": ("must hold keys", "write {key: value}, or keys below it, indented"),
    "mapping_type": ("must hold keys", "write {key: value}, or keys below it, indented"),
    "model_type": ("must hold keys", "write {key: value}, or keys below it, indented"),
    "model_attributes_type": ("must hold keys", "write {key: value}, or keys below it, indented"),
    "string_too_short": ("is empty", "write something, or leave the key out"),
    "finite_number": ("must be a finite number", "write a number"),
}
_BOUNDS = {
    "literal_error": ("is none of the values it can have", "write {expected}"),
    "greater_than_equal": ("is too small", "write {ge} or more"),
    "greater_than": ("is too small", "write more than {gt}"),
    "less_than_equal": ("is too large", "write {le} or less"),
    "too_short": ("is empty", "list at least one"),
    "string_too_long": ("is too long", "write at most {max_length} characters"),
}
_NAMES_MAX = 12
"""Known keys listed when none is close."""


def explain(error: "ValidationError", root: Node, broken: Collection[Scalar] = (), above: Path = ()) -> list[Problem]:
    """
    Return a problem for every error, except where a variable is missing (told already) or an inner error says more.

    Args:
        above: where in the settings the part stands whose node is `root`.
    """
    details = error.errors(include_url=False, include_input=False)
    paths = [_path(detail) for detail in details]
    return [
        replace(_problem(detail, path, root, above), path=path)
        for detail, path in zip(details, paths, strict=True)
        if not _is_broken(root, path, broken) and not _says_less(detail, path, paths)
    ]


def _path(detail: "ErrorDetails") -> Path:
    path = tuple(step for step in detail["loc"] if step != "[key]")
    key = str(detail.get("ctx", {}).get("key") or "")
    return (*path, key) if key else path


def _says_less(detail: "ErrorDetails", path: Path, paths: Sequence[Path]) -> bool:
    """A list whose entries are wrong also counts as too short."""
    return detail["type"] == "too_short" and any(
        len(other) > len(path) and other[: len(path)] == path for other in paths
    )


def _problem(detail: "ErrorDetails", path: Path, root: Node, above: Path) -> Problem:
    mark = _mark(root, path)
    context = detail.get("ctx", {})
    if detail["type"] == "setting":
        named = f"`{shown(path)}`: " if path else ""  # a part by itself has no path
        return Problem(mark, f"{named}{context['what']}", str(context["todo"]))
    if detail["type"] == "extra_forbidden":
        return Problem(mark, f"unknown key `{shown(path)}`", _suggestion(path, above))
    if detail["type"] == "missing":
        return Problem(mark, f"`{shown(path)}` is missing", f"add `{path[-1]}`")
    if detail["loc"][-1] == "[key]":
        return Problem(mark, f"`{path[-1]}` cannot be a name in `{shown(path[:-1])}`", _name_advice(detail))
    what, todo = _KINDS.get(detail["type"]) or _bounds(detail)
    return Problem(mark, f"`{shown(path)}` {what}", todo)


def _bounds(detail: "ErrorDetails") -> tuple[str, str]:
    if detail["type"] == "string_pattern_mismatch":
        return "is not a name that can be used", _name_advice(detail)
    what, todo = _BOUNDS.get(detail["type"], (f"is not right: {detail['msg']}", "correct it"))
    return what, todo.format_map(detail.get("ctx", {}))


def _name_advice(detail: "ErrorDetails") -> str:
    if detail["type"] == "literal_error":
        return f"write {detail['ctx']['expected']}"
    if detail["type"] == "string_too_long":
        return f"write at most {detail['ctx']['max_length']} characters"
    if "!-~" in str(detail.get("ctx", {}).get("pattern")):
        return "write printable ASCII characters without spaces"
    return "write letters, digits, `.`, `_` and `-`, beginning with a letter or digit"


def _suggestion(path: Path, above: Path) -> str:
    known = known_keys((*above, *path[:-1]))
    close = get_close_matches(str(path[-1]).lower(), known, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    listed = ", ".join(known[:_NAMES_MAX]) + (", …" if len(known) > _NAMES_MAX else "")
    return f"remove it, or use one of: {listed}"


def _mark(root: Node, path: Path) -> Mark:
    """Return where the last step of the path stands, or the nearest part above it."""
    mark = root.mark
    for key_mark, _ in _steps(root, path):
        mark = key_mark
    return mark


def _is_broken(root: Node, path: Path, broken: Collection[Scalar]) -> bool:
    steps = list(_steps(root, path))
    last = steps[-1][1] if len(steps) == len(path) > 0 else None
    return isinstance(last, Scalar) and last in broken


def _steps(root: Node, path: Path) -> Iterator[tuple[Mark, Node]]:
    """Follow the path as far as the file goes; yield each step's mark (of its key, in a mapping) and node."""
    at = root
    for step in path:
        if isinstance(at, Members) and isinstance(step, str) and step in at.members:
            mark = at.key_marks.get(step, at.members[step].mark)
            at = at.members[step]
        elif isinstance(at, Items) and isinstance(step, int) and step < len(at.items):
            at = at.items[step]
            mark = at.mark
        else:
            return
        yield mark, at
