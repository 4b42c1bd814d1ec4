"""Where prompts are looked up: the operator's folder first, then what ships. A changed file counts within a second."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic as system_monotonic
from typing import TYPE_CHECKING

from tollhouse.domain.errors import OperatorError

from .folder import FILES_MAX, read_folder
from .prompt import Prompt

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

LOOK_EVERY_S = 1.0
"""How often a folder's times and sizes are looked at; a call in between costs a dictionary look-up."""

_Seen = tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class _Held:
    prompt: Prompt
    seen: _Seen | None
    looked_s: float


@dataclass(slots=True)
class PromptLibrary:
    """
    Prompts by name.

    Args:
        folder: `prompts/` beside the configuration; it need not exist.
        shipped: the prompts that come with workflows, by name.
        monotonic: seconds that never go back.
    """

    folder: Path
    shipped: "Mapping[str, Traversable]"
    monotonic: Callable[[], float] = system_monotonic
    _held: dict[str, _Held] = field(default_factory=dict)

    def load(self, name: str) -> Prompt:
        """
        Return the prompt as its files are now, or were at most a second ago.

        Raises OperatorError with file and line if the files cannot be used, or if no such prompt is known.
        """
        now, held = self.monotonic(), self._held.get(name)
        if held and now - held.looked_s < LOOK_EVERY_S:
            return held.prompt
        seen = self._look(name)
        if held is None or held.seen != seen:
            held = self._held[name] = _Held(self._read(name, seen), seen, now)
        held.looked_s = now
        return held.prompt

    def _read(self, name: str, seen: _Seen | None) -> Prompt:
        if seen is not None:
            try:
                return read_folder(name, self.folder / name)
            except OSError as error:
                raise OperatorError(f"{error.filename or self.folder / name}: {error.strerror or error}.") from error
        if name in self.shipped:
            return read_folder(name, self.shipped[name])
        known = sorted({*self.shipped, *self._own()})
        raise OperatorError(
            f"no prompt {name!r}: {self.folder / name} does not exist. Known: {', '.join(known) or 'none'}."
        )

    def _look(self, name: str) -> _Seen | None:
        """Return each file's name, time and size; None if the operator has no such folder."""
        if not _is_name(name):
            raise OperatorError(f"{name!r} is not the name of a prompt's folder.")
        try:
            files = [entry for entry in (self.folder / name).iterdir() if entry.is_file()][: 2 * FILES_MAX]
            states = [(entry.name, entry.stat()) for entry in files]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise OperatorError(f"{self.folder / name}: {error.strerror or error}.") from error
        return tuple(sorted((file, state.st_mtime_ns, state.st_size) for file, state in states))

    def _own(self) -> list[str]:
        return [entry.name for entry in self.folder.iterdir() if entry.is_dir()] if self.folder.is_dir() else []


def _is_name(name: str) -> bool:
    """One step of a path that does not lead out of the folder."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0")
