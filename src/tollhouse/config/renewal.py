"""
What a configuration that was read again may change in a process that serves, and what has to wait for its next start.

Pure. Whatever a process built itself upon (its port, its store, its folder) stays as it was read at the start.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from . import tree
from .load import Loaded

AT_START = ("server", "storage", "privacy", "retention")
"""Sections that are read at the start only, but for RENEWED."""

RENEWED = tuple(("server", key) for key in ("admin_token", "hosts", "behind_tls_proxy", "trusted_proxies"))
"""What counts at once although its section does not."""

NAMED = ("providers", "models", "teams", "use_cases")
"""Sections whose entries have names."""

NAMES_MAX = 50
"""As many changed things are named in one line of the log; more are counted."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """
    Args:
        loaded: what holds from now on: the new file, but for what waits.
        changed: what is in force with it, by dotted name; never a value.
        waits: what the new file says otherwise and only a restart can change.
    """

    loaded: Loaded
    changed: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()


def renewed(before: Loaded, after: Loaded) -> Renewal:
    """Return what `after` changes in a process that runs on `before`."""
    settings, waits = _held(before.settings, after.settings)
    if after.proxies != before.proxies:
        waits.append("HTTPS_PROXY, HTTP_PROXY or NO_PROXY")
    loaded = replace(after, settings=settings, proxies=before.proxies)
    return Renewal(loaded, tuple(_changed(before.settings, settings)), tuple(waits))


def _held(before: tree.Settings, after: tree.Settings) -> tuple[tree.Settings, list[str]]:
    """Put back what only a restart can change, and name it."""
    waits: list[str] = []
    held: dict[str, tree.Part] = {}
    for section in AT_START:
        old, new = getattr(before, section), getattr(after, section)
        free = {key: getattr(new, key) for name, key in RENEWED if name == section}
        waits += [f"{section}.{key}" for key in _differing(old, new) if key not in free]
        held[section] = old.model_copy(update=free)
    if before.organisation.time_zone != after.organisation.time_zone:
        waits.append("organisation.time_zone")
    held["organisation"] = after.organisation.model_copy(update={"time_zone": before.organisation.time_zone})
    return after.model_copy(update=held), waits


def _changed(before: tree.Settings, after: tree.Settings) -> list[str]:
    found = list(_differences(before, after))
    return found[:NAMES_MAX] + ([f"and {len(found) - NAMES_MAX} more"] if len(found) > NAMES_MAX else [])


def _differences(before: tree.Settings, after: tree.Settings) -> Iterator[str]:
    yield from (f"organisation.{key}" for key in _differing(before.organisation, after.organisation))
    yield from (f"{section}.{key}" for section, key in RENEWED if key in _differing_in(section, before, after))
    for section in NAMED:
        yield from _entries(section, getattr(before, section), getattr(after, section))
    yield from _entries("keys", {key.name: key for key in before.keys}, {key.name: key for key in after.keys})


def _differing(old: tree.Part, new: tree.Part) -> list[str]:
    return [key for key in type(old).model_fields if getattr(old, key) != getattr(new, key)]


def _differing_in(section: str, before: tree.Settings, after: tree.Settings) -> list[str]:
    return _differing(getattr(before, section), getattr(after, section))


def _entries(section: str, old: Mapping[str, tree.Part], new: Mapping[str, tree.Part]) -> Iterator[str]:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield f"{section}.{name}"
