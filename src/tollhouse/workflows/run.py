"""A run: one durable execution of a workflow, and what came of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tollhouse.ports.schema import SchemaChecker
from tollhouse.prompts.library import PromptLibrary

from .asking import Ask

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@dataclass(frozen=True, slots=True)
class RunResult:
    """
    What came of one run.

    Args:
        output: the checked result if `done`.
        error: why there is none, if `failed`.
        cost_nanousd: of the call it made; None if the call failed in a way that does not tell, so that only the
            ledger knows.
    """

    status: Literal["done", "failed"]
    output: Mapping[str, object] | None
    error: str | None
    cost_nanousd: int | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Case:
    """
    What a workflow works on.

    Args:
        text: as its writer sent it.
        facts: what else the caller gives away, by name; nothing else reaches model, prompt or rule.
        run: the run's id.
        prompt: the prompt's name.
    """

    text: str
    facts: Mapping[str, str]
    run: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What a workflow works with."""

    ask: Ask
    prompts: PromptLibrary
    schema: SchemaChecker


@dataclass(frozen=True, slots=True)
class Workflow:
    """
    One row of the table of workflows.

    Args:
        prompt: the name of the prompt it uses unless the use case names another.
        shipped: the prompts that come with it, by name.
        columns: the result's fields, in order, as a flat table shows them (`facts.date`).
        run: raises OperatorError only: what no other case could get past either, such as a broken prompt.
    """

    prompt: str
    shipped: "Callable[[], Mapping[str, Traversable]]"
    columns: tuple[str, ...]
    run: Callable[[Bench, Case], Awaitable[RunResult]]
