"""`tollhouse run USE_CASE INPUT… -o OUT`: a workflow over a file's rows, resumable, one record per row."""

import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, cast

import typer

from tollhouse.domain.money import nano_from_usd, usd_from_nano

from .exit import Exit, WrongUsage, reporting, say
from .house import load_house, run_async

if TYPE_CHECKING:
    import asyncio

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from tollhouse.config.load import Loaded
    from tollhouse.workflows.output_file import OutputFile
    from tollhouse.workflows.records import Record
    from tollhouse.workflows.rows import Row, Wanted
    from tollhouse.workflows.run import RunResult, Workflow

CONCURRENCY_MAX = 256
"""More rows at a time than this only wait for the use case's own concurrency."""
STEPS = 10
"""Without a terminal, progress is a line at each tenth."""


class Runner(Protocol):
    """What a house offers this command."""

    async def run(self, use_case: str, text: str, facts: Mapping[str, str], run: str) -> "RunResult": ...


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for, checked."""

    use_case: str
    workflow: "Workflow"
    prompt: str
    rows: "list[Row]"
    out: "OutputFile"


@reporting()
def run(
    use_case: Annotated[str, typer.Argument(metavar="USE_CASE", help="A use case with a workflow.")],
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT…", help="CSV or JSONL files.")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="Records: .jsonl or .csv. An existing one is resumed.")],
    column: Annotated[str, typer.Option(help="The column that holds the text.")] = "text",
    facts: Annotated[
        str, typer.Option(metavar="A,B", help="Further columns that may be given away, with commas.")
    ] = "",
    concurrency: Annotated[int, typer.Option(min=1, max=CONCURRENCY_MAX, help="Rows at a time.")] = 4,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done; ask and write nothing.")] = False,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
) -> None:
    """Run a workflow over every row. Ctrl-C keeps what is done; the same command resumes."""
    from tollhouse.workflows.rows import Wanted

    loaded = load_house(config)
    named = tuple(name.strip() for name in facts.split(",") if name.strip())
    job = _job(loaded, use_case, inputs, out, Wanted(column, named))
    if dry_run:
        _show(loaded, job)
        return
    code = run_async(_run(config, job, concurrency))
    if code == Exit.INTERRUPTED:
        say(f"Interrupted. What is done is in {out}; the same command resumes.")
    raise SystemExit(int(code))


def _job(loaded: "Loaded", use_case: str, inputs: Sequence[Path], out: Path, wanted: "Wanted") -> Job:
    """Check everything that can be checked before anything is spent. Raises WrongUsage."""
    from tollhouse.workflows import WORKFLOWS
    from tollhouse.workflows.output_file import OutputFile
    from tollhouse.workflows.records import OutputRefused, format_of
    from tollhouse.workflows.rows import InputRefused

    settings = loaded.settings.use_cases.get(use_case)
    if settings is None:
        known = ", ".join(sorted(loaded.settings.use_cases))
        raise WrongUsage(f"no use case {use_case!r} in {loaded.path}. There are: {known or 'none'}.")
    if settings.workflow is None:
        raise WrongUsage(f"use case {use_case} has no workflow. Add `workflow: claims` to it in {loaded.path}.")
    workflow = WORKFLOWS[settings.workflow]
    if any(out.resolve() == path.resolve() for path in inputs):
        raise WrongUsage(f"{out} is an input; name another output.")
    if not out.parent.is_dir():
        raise WrongUsage(f"{out.parent} is not a folder; make it first, or name another output.")
    try:
        layout = format_of(out.name, workflow.columns)
        rows = _rows(inputs, wanted)
        return Job(use_case, workflow, settings.prompt or workflow.prompt, rows, OutputFile(out, layout, rows))
    except (InputRefused, OutputRefused) as refused:
        raise WrongUsage(refused.message) from refused


def _rows(inputs: Sequence[Path], wanted: "Wanted") -> "list[Row]":
    from tollhouse.workflows.rows import read_rows

    rows: list[Row] = []
    for path in inputs:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise WrongUsage(f"{path} cannot be read: {error.strerror or error}.") from error
        rows += read_rows(path.name, data, wanted, first=len(rows) + 1)
    return rows


def _show(loaded: "Loaded", job: Job) -> None:
    """`--dry-run`: on stdout, for it is what was asked for."""
    from tollhouse.prompts.library import PromptLibrary

    prompt = PromptLibrary(loaded.prompts_path, job.workflow.shipped()).load(job.prompt)
    todo = job.out.open_rows(job.rows)
    characters = sum(len(row.text) for row in todo)
    broken = sum(row.error is not None for row in todo)
    for name, value in (
        ("use case", job.use_case),
        ("prompt", f"{prompt.ref} ({prompt.place})"),
        ("rows", f"{len(job.rows)}"),
        ("already done", f"{job.out.done}"),
        ("to do", f"{len(todo)} ({broken} broken, recorded as failed without a call; {characters} characters of text)"),
        ("out", f"{job.out.path}"),
    ):
        typer.echo(f"{name:13} {value}")


async def _run(config: Path, job: Job, concurrency: int) -> Exit:
    """Open the house, work through the rows that are left, and say how it went."""
    from tollhouse.bootstrap import open_house

    todo = job.out.open_rows(job.rows)
    if not todo:
        say(f"Nothing left to do: all {len(job.rows)} rows are done in {job.out.path}.")
        return Exit.OK
    if job.out.done:
        say(f"Resuming {job.out.path}: {job.out.done} rows are done, {len(todo)} to do.")
    async with open_house(config) as house:
        return await work(cast("Runner", house).run, job, todo, concurrency)


async def work(
    run_text: "Callable[[str, str, Mapping[str, str], str], Awaitable[RunResult]]",
    job: Job,
    todo: "Sequence[Row]",
    concurrency: int,
) -> Exit:
    """Work through rows and write their records; the first Ctrl-C or SIGTERM finishes what is under way, the second drops it."""
    from tollhouse.domain.ids import new_id
    from tollhouse.workflows.batch import records

    async def run_one(row: "Row", run: str) -> "RunResult":
        return await run_text(job.use_case, row.text, row.facts, run)

    import asyncio

    stop, progress = asyncio.Event(), Progress(len(todo))
    new_run = partial(new_id, "run")
    with _interruptible(stop), job.out, progress.shown():
        async with aclosing(records(todo, run_one, concurrency=concurrency, new_run=new_run, stop=stop)) as ready:
            async for record in ready:
                job.out.write(record)
                progress.count(record)
    say(progress.total(job.out.path))
    if stop.is_set() and progress.seen < len(todo):
        return Exit.INTERRUPTED
    return Exit.FAILED if progress.failed else Exit.OK


@contextmanager
def _interruptible(stop: "asyncio.Event") -> Iterator[None]:
    import asyncio

    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupt() -> None:
        if not stop.is_set():
            say("\nFinishing the rows under way; press Ctrl-C again to drop them.")
            stop.set()
        elif task is not None:
            task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM)
    with suppress(NotImplementedError):  # an event loop without signals: Ctrl-C then ends at once, and OUT is kept too
        for number in signals:
            loop.add_signal_handler(number, interrupt)
    try:
        yield
    except asyncio.CancelledError:
        if not stop.is_set() or task is None:
            raise
        task.uncancel()  # our own doing: the rows under way are dropped, what is done is kept
    finally:
        with suppress(NotImplementedError):
            for number in signals:
                loop.remove_signal_handler(number)


@dataclass(slots=True)
class Progress:
    """How far a batch is, what it has cost, and how long it will take; on stderr."""

    rows: int
    clock: Callable[[], float] = time.monotonic
    seen: int = 0
    failed: int = 0
    unpriced: int = 0
    cost_nanousd: int = 0
    _started: float = 0.0
    _bar: "tuple[Bar, TaskID] | None" = field(default=None)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show a bar on a terminal; otherwise `count` prints a line at each tenth."""
        self._started = self.clock()
        if not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("run"), MofNCompleteColumn(), BarColumn(), TextColumn("{task.fields[told]}"))
        with Bar(*columns, console=Console(stderr=True)) as bar:
            self._bar = bar, bar.add_task("run", total=self.rows, told="")
            yield

    def count(self, record: "Record") -> None:
        before = self.seen * STEPS // self.rows
        self.seen += 1
        self.failed += record.status != "done"
        if record.cost_usd is None:
            self.unpriced += 1
        else:
            self.cost_nanousd += nano_from_usd(record.cost_usd)
        if self._bar is not None:
            self._bar[0].update(self._bar[1], completed=self.seen, told=self._pace())
        elif self.seen * STEPS // self.rows > before:
            say(f"run {self.seen}/{self.rows} {self._pace()}")

    def total(self, out: Path) -> str:
        took = self.clock() - self._started
        return f"{self.seen} rows in {took:.1f} s: {self.seen - self.failed} done, {self.failed} failed, {self._cost()}. {out}"

    def _pace(self) -> str:
        rate = self.seen / max(self.clock() - self._started, 1e-3)
        return f"{rate:.1f}/s ETA {(self.rows - self.seen) / rate:.0f}s {self._cost()}"

    def _cost(self) -> str:
        unknown = f" and {self.unpriced} rows whose cost only the ledger knows" if self.unpriced else ""
        return f"{usd_from_nano(self.cost_nanousd)} USD{unknown}"
