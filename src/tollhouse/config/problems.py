"""What is wrong with a configuration, where it stands, and what to do. Every stage of `load` collects these."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tollhouse.domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value was written. `kind`: file | env | flag; only files have lines, counted from 1."""

    kind: str
    name: str
    line: int | None = None

    def __str__(self) -> str:
        return self.name if self.line is None else f"{self.name}:{self.line}"

    def shown(self) -> str:
        """Return it as `config show --origin` names it: `tollhouse.yaml:12`, `env TOLLHOUSE_SERVER__LISTEN`."""
        return str(self) if self.kind == "file" else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing to mend. Neither sentence ever holds a value that may be secret.

    `path`: the member it is about, where that is more than its mark says: one that is missing has no mark of its own.
    """

    mark: Mark
    what: str
    todo: str
    path: tuple[str | int, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.mark}: {self.what}; {self.todo}"


class InvalidConfig(ConfigError):
    """The configuration has problems; `problems` lists them in the order of their lines."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=_place))
        count = f"{len(self.problems)} problem" + ("s" if len(self.problems) != 1 else "")
        super().__init__("\n".join([f"{name} has {count}:", *map(str, self.problems)]))


def _place(problem: Problem) -> tuple[str, int]:
    return problem.mark.name if problem.mark.kind != "file" else "", problem.mark.line or 0
