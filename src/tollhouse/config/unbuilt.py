"""
Keys that the design names and nothing reads yet. They are refused, never ignored, unless they ask for nothing.

Whoever builds one of these removes its row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .problems import Mark, Problem
from .yaml import Items, Members, Node, Scalar

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """
    One row.

    Args:
        path: dotted, `*` for any name or entry.
        wish: what the key asks for, as in "asks for …".
        harmless: values that ask for what happens anyway.
    """

    path: str
    wish: str
    harmless: tuple[str | int, ...] = ()


UNBUILT: tuple[Unbuilt, ...] = (
    Unbuilt("server.tls", "TLS at our own port"),
    Unbuilt("retention.calls_days", "deletion of old calls"),
    Unbuilt("models.*.early_ping", "pings before the first chunk"),
    Unbuilt("models.*.deployments.*.capabilities", "choice by capability"),
    Unbuilt("use_cases.*.keep", "keeping prompts and answers"),
    Unbuilt("use_cases.*.kpi", "measurement of business value"),
    Unbuilt("use_cases.*.regions", "routing by region"),
)


@dataclass(frozen=True, slots=True)
class Swept:
    """`left_out`: paths that the tree need not see, refused or empty; `refused`: those among them that have a problem."""

    left_out: list[Path]
    problems: list[Problem]


def sweep(root: Node, rows: Sequence[Unbuilt] = UNBUILT) -> Swept:
    """
    Find what is not built yet.

    A mapping that asks for nothing but is not empty (`cache: {exact: false}`) stays, so that its keys are checked.
    """
    swept = Swept([], [])
    for row in rows:
        for path, node, mark in _matches(root, row.path.split("."), (), root.mark):
            if not _asks_for_nothing(node, row.harmless):
                swept.left_out.append(path)
                swept.problems.append(_refusal(path, row.wish, mark))
            elif not (isinstance(node, Members) and node.members) and not _is_harmless(node, row.harmless):
                swept.left_out.append(path)
    return swept


def leave_out(raw: object, paths: Iterable[Path]) -> None:
    """Take what these paths lead to out of plain values, deepest first."""
    for path in sorted(paths, key=len, reverse=True):
        at = raw
        for step in path[:-1]:
            at = _below(at, step)
        if isinstance(at, dict):
            at.pop(path[-1], None)


def _below(raw: object, step: str | int) -> object:
    if isinstance(raw, dict):
        return raw.get(step)
    return raw[step] if isinstance(raw, Sequence) and isinstance(step, int) else None


def shown(path: Path) -> str:
    """Write a path as a person reads it: `keys[0].name`, names with dots in quotes."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (f'"{step}"' if "." in step else step)
    return text


def is_unbuilt(path: Path, rows: Sequence[Unbuilt] = UNBUILT) -> bool:
    """Does this path lie at or below a key of the table?"""
    return any(_lies_below(path, row.path.split(".")) for row in rows)


def _lies_below(path: Path, pattern: Sequence[str]) -> bool:
    return len(path) >= len(pattern) and all(
        expected in ("*", step) for step, expected in zip(path, pattern, strict=False)
    )


def _matches(node: Node, pattern: Sequence[str], path: Path, mark: Mark) -> Iterator[tuple[Path, Node, Mark]]:
    """Yield every node that the pattern reaches, with its path and the mark of its key."""
    if not pattern:
        yield path, node, mark
    elif isinstance(node, Members):
        for key, member in node.members.items():
            if pattern[0] in ("*", key):
                yield from _matches(member, pattern[1:], (*path, key), node.key_marks.get(key, member.mark))
    elif isinstance(node, Items) and pattern[0] == "*":
        for index, item in enumerate(node.items):
            yield from _matches(item, pattern[1:], (*path, index), item.mark)


def _asks_for_nothing(node: Node, harmless: Sequence[str | int] = ()) -> bool:
    if isinstance(node, Members):
        return all(_asks_for_nothing(member) for member in node.members.values())
    if isinstance(node, Items):
        return not node.items
    return _is_harmless(node, harmless) or node.value() in (None, False, 0, "off", "false")


def _is_harmless(node: Node, harmless: Sequence[str | int]) -> bool:
    return isinstance(node, Scalar) and node.value() in harmless and not isinstance(node.value(), bool)


def _refusal(path: Path, wish: str, mark: Mark) -> Problem:
    return Problem(mark, f"`{shown(path)}` asks for {wish}, which is not built yet", "remove it or switch it off")
