"""The Dockerfile as the parser of its builders reads it: stages, and the steps of each."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction. `words` are its values as parsed; `is_json`: written as a list, so that no shell runs."""

    command: str
    words: tuple[str, ...]
    flags: tuple[str, ...]
    is_json: bool
    line: int


def steps() -> list[Step]:
    import dockerfile

    return [
        Step(each.cmd.upper(), each.value, each.flags, each.json, each.start_line)
        for each in dockerfile.parse_file(os.fspath(ROOT / "Dockerfile"))
    ]


def stages() -> list[list[Step]]:
    """Return the steps of each stage, its FROM first; what stands before the first is left out."""
    found: list[list[Step]] = []
    for step in steps():
        if step.command == "FROM":
            found.append([])
        if found:
            found[-1].append(step)
    return found


def of(command: str, stage: Sequence[Step]) -> Iterator[Step]:
    return (step for step in stage if step.command == command)


def one(command: str, stage: Sequence[Step]) -> Step:
    (found,) = of(command, stage)
    return found


def health_check(stage: Sequence[Step]) -> list[str]:
    """Return the command that tells whether a container is well."""
    words = one("HEALTHCHECK", stage).words
    assert words[0] == "CMD"
    return list(words[1:])


def pairs(step: Step) -> dict[str, str]:
    """Return what ENV or LABEL set."""
    unquoted = [json.loads(word) if word.startswith('"') else word for word in step.words]
    return dict(zip(unquoted[::2], unquoted[1::2], strict=True))
