"""The configuration file of a process: what was read of it, and how it is read again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from .load import Loaded, load

_NO_FLAGS: Mapping[str, object] = MappingProxyType({})


@dataclass(slots=True)
class ConfigFile:
    """
    Args:
        loaded: what is in force of it. Whoever puts another one in force sets it.
        environ, flags: as for `load`, with which it is read again.
    """

    loaded: Loaded
    environ: Mapping[str, str]
    flags: Mapping[str, object]

    @classmethod
    def open(cls, path: Path, environ: Mapping[str, str], flags: Mapping[str, object] = _NO_FLAGS) -> "ConfigFile":
        """Raises ConfigError, as `load`."""
        return cls(load(path, environ, flags), environ, flags)

    def read(self) -> Loaded:
        """Return what it says now; nothing is in force by that. Raises ConfigError."""
        return load(self.loaded.path, self.environ, self.flags)
