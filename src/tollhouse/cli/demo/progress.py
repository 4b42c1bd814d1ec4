"""How far the triage is, on stderr: a bar on a terminal, else a line at each tenth."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..exit import say

if TYPE_CHECKING:
    from rich.console import Console

STEPS = 10


@contextmanager
def counting(total: int, console: "Console | None") -> Iterator[Callable[[], None]]:
    """
    Give what counts one result.

    Args:
        console: of the terminal that rows are printed on meanwhile, if any; the bar then stays below them.
    """
    if not sys.stderr.isatty():
        yield _Lines(total).count
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("triage"), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
    where = console or Console(stderr=True)
    with Progress(*columns, console=where, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task("triage", total=total)
        yield lambda: bar.advance(task)


class _Lines:
    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0

    def count(self) -> None:
        before = self._done * STEPS // self._total
        self._done += 1
        if self._done * STEPS // self._total > before:
            say(f"triage {self._done}/{self._total}")
