"""Every leaf of the settings with its value as it may be shown, and where the value came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .tree import Settings
from .unbuilt import Path, is_unbuilt, shown
from .yaml import Items, Members, Node

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Leaf:
    """`value` is JSON; a secret is `***`."""

    path: Path
    value: object


def leaves(settings: Settings) -> list[Leaf]:
    """Return the settings from top to bottom. Keys that are not built yet and ask for nothing are left out."""
    return [leaf for leaf in _leaves(settings.model_dump(mode="json"), ()) if not is_unbuilt(leaf.path)]


def origins(settings: Settings, root: Node) -> Mapping[str, str]:
    """Return what won for each leaf, by its path as `shown` writes it."""
    return {shown(leaf.path): _origin(root, leaf.path) for leaf in leaves(settings)}


def _leaves(value: object, path: Path) -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from _leaves(member, (*path, str(key)))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield Leaf(path, value)


def _origin(root: Node, path: Path) -> str:
    at = root
    for step in path:
        if isinstance(at, Members) and step in at.members:
            at = at.members[str(step)]
        elif isinstance(at, Items) and isinstance(step, int):
            at = at.items[step]
        else:
            return DEFAULT
    return at.mark.shown()
