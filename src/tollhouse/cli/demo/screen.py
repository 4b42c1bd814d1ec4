"""Where the demo shows itself: the report on stdout, progress on stderr. It fits a terminal's width; a pipe gets wide lines."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from tollhouse.workflows.records import Record

from ..exit import say
from ..table import print_table
from .complaints import SEVERITY, SOURCE
from .confusion import FAILED, LEVELS
from .report import Claims, Failures, Report, cost_words, urgency

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PIPED_WIDTH = 240
"""Columns of a stdout that is no terminal: texts are cut there too, so that a row stays one line that can be read."""
NARROWEST = 64
"""A narrower terminal wraps lines; a heading is never cut."""
STEPS = 10
"""Without a terminal, progress is a line at each tenth."""

HEADINGS = ("id", "category", "urgency", "needs human", "summary", "reasons")
_WIDTHS = (8, 10, 8, 12)
"""Of all columns but the last two, which share the rest."""
_STYLES = {"high": "bold red", "medium": "yellow", FAILED: "bold red"}
_ENGINES = {
    "inhouse": "answered by the in-house engine on this machine: no provider is asked, nothing leaves, nothing is spent",
    "openai": "answered by OpenAI",
}


class Screen:
    def __init__(self) -> None:
        from rich.console import Console

        self._is_terminal = sys.stdout.isatty()
        self._width = max(shutil.get_terminal_size().columns, NARROWEST) if self._is_terminal else PIPED_WIDTH
        self._console: Console = Console(width=self._width, highlight=False, soft_wrap=True)

    # --- as it goes -------------------------------------------------------------------------------------------------

    @contextmanager
    def triaging(self, engine: str, total: int) -> Iterator[Callable[[Record], None]]:
        """Show the table's head; give what shows a row and counts it."""
        self.heading(f"1  Claims triage: {total} real {SOURCE}")
        self.line(f"{_ENGINES[engine][0].upper()}{_ENGINES[engine][1:]}.")
        self.line()
        self._print_row(HEADINGS, "bold")
        with counting(total, self._console if self._is_terminal else None) as count:

            def show(record: Record) -> None:
                self._print_row(_cells(record), _STYLES.get(urgency(record), ""))
                count(record)

            yield show

    def heading(self, text: str) -> None:
        self.line()
        self._console.print(text, style="bold", markup=False)

    def line(self, text: str = "") -> None:
        self._console.print(text, markup=False)

    def _print_row(self, cells: tuple[str, ...], style: str) -> None:
        self._console.print(self._row(cells, style))

    def _row(self, cells: tuple[str, ...], style: str) -> "Text":
        from rich.text import Text

        rest = self._width - sum(_WIDTHS)
        widths = (*_WIDTHS, rest // 2, rest - rest // 2)
        row = Text(no_wrap=True)
        for name, cell, width in zip(HEADINGS, cells, widths, strict=True):
            text = Text(cell, style=style if name == "urgency" or style == "bold" else "")
            text.truncate(width - 1, overflow="ellipsis", pad=True)
            row.append_text(text).append(" ")
        row.rstrip()
        return row

    # --- the first act ----------------------------------------------------------------------------------------------

    def show_claims(self, claims: Claims) -> None:
        self._show_figures(claims)
        self._show_confusion(claims)
        self._show_hurt(claims)

    def _show_figures(self, claims: Claims) -> None:
        figures = claims.figures
        self.heading("Cost and latency, out of the ledger")
        free = " (the in-house engine is free)" if claims.engine == "inhouse" else ""
        served = ", ".join(f"{name} {count}" for name, count in figures.deployments.items())
        for name, told in (
            ("calls", f"{figures.calls:,}, {figures.errors:,} failed"),
            ("attempts", f"{figures.attempts:,}, by deployment: {served or 'none'}"),
            ("tokens", f"{figures.tokens_in:,} in, {figures.tokens_out:,} out"),
            ("cost", f"{cost_words(figures)}{free}"),
            ("latency", f"p50 {figures.p50_ms} ms, p95 {figures.p95_ms} ms a call, several at a time"),
        ):
            self.line(f"  {name:<9} {told}")
        self.line(f"  {'in all':<9} {len(claims.records)} reports in {claims.seconds:.1f} s")

    def _show_confusion(self, claims: Claims) -> None:
        found = claims.confusion
        self.heading(f"Urgency against the data's severity, n = {found.n}")
        self.line(f"Severity is {SEVERITY}. The engine sees the text only.")
        self.line()
        headings = ["severity", *(f"rated {rated}" for rated in found.rated), "reports"]
        rows = [[level, *(found.counts[level, rated] for rated in found.rated), found.of(level)] for level in LEVELS]
        print_table(headings, rows)
        self.line()
        answers: list[list[object]] = [
            ["triage", _share(found.right, found.n), *(f"{found.found(each)} of {found.of(each)}" for each in LEVELS)],
            [
                "always low",
                _share(found.trivial_right, found.n),
                *(f"{found.trivially_found(each)} of {found.of(each)}" for each in LEVELS),
            ],
        ]
        print_table(["answer", "right", *(f"{level} found" for level in LEVELS)], answers)
        self.line()
        if differing := claims.disagreements:
            told = ", ".join(f"{each} ({severity}, rated {rated})" for each, severity, rated in differing)
            self.line(f"They differ on {told}.")
        others = found.n - found.of("low")
        self.line(
            f"Only {others} of these {found.n} reports are not low: this checks the pipeline and is no statistic."
        )

    def _show_hurt(self, claims: Claims) -> None:
        self.heading("Somebody was hurt, as the authority recorded it")
        rows = [
            [record.id, known.injured, known.deaths, urgency(record), _needs_human(record), _first_reason(record)]
            for record, known in claims.hurt
        ]
        print_table(["id", "injured", "deaths", "urgency", "needs human", "reason"], rows)

    # --- the second act ---------------------------------------------------------------------------------------------

    def show_failures(self, failures: Failures) -> None:
        self.heading("2  Simulated: what happens when a provider fails")
        self.line("A simulated provider on this machine, through the same gateway. Nothing leaves, nothing is spent.")
        self.line("Booked: our ledger. Billed: the simulator's own bill. Both in nano-USD (0.000000001 USD).")
        self.line()
        rows: list[list[object]] = [
            [each.name, each.seen, each.attempts, each.booked_nanousd, each.billed_nanousd, each.difference_nanousd]
            for each in failures.staged
        ]
        figures = failures.figures
        total = [
            "total",
            "",
            figures.attempts,
            figures.cost_nanousd,
            failures.billed_nanousd,
            failures.difference_nanousd,
        ]
        print_table(
            ["what is staged", "the caller sees", "attempts", "booked", "billed", "difference"], rows, total=total
        )
        self.line()
        for each in failures.staged:
            if each.because:
                self.line(f"  {each.name}: {each.because}.")
        verdict = "Every difference is" if failures.explained else "NOT every difference is"
        self.line(f"{verdict} a row that the ledger marks itself, to be settled against the provider's bill.")

    # --- how to go on -----------------------------------------------------------------------------------------------

    def show_served(self, report: Report, program: str, *, exits: bool) -> None:
        served = report.served
        self.heading(
            "3  Try it" if not exits else "3  Try it: this answers while the demo runs, so start it without --exit"
        )
        self.line(served.curl)
        self.line()
        for name, told in (
            ("OpenAI API", f"{served.url}/v1   key {served.api_key}"),
            ("ready", f"{served.url}/readyz"),
            ("metrics", f"{served.url}/metrics"),
            ("our API", f"{served.url}/api/docs   admin token {served.admin_token}"),
        ):
            self.line(f"  {name:<10} {told}")
        self.heading("Go on")
        for command, told in (
            (f"{program} init my-tollhouse", "a configuration of your own, with the provider keys it finds by name"),
            (f"{program} serve", "in that folder: the gateway"),
            (f"{program} --help", "everything else; README.md and docs/ explain it"),
        ):
            self.line(f"  {command}")
            self.line(f"      {told}")
        if report.kept or not exits:
            self.line(f"  {program} usage --by model --config {served.config}")
            self.line("      what this demo booked")


class Unseen:
    """For `--json`: progress only."""

    @contextmanager
    def triaging(self, engine: str, total: int) -> Iterator[Callable[[Record], None]]:
        with counting(total, None) as count:
            yield count

    def show_claims(self, claims: Claims) -> None:
        """Shown in the JSON, at the end."""

    def show_failures(self, failures: Failures) -> None:
        """Shown in the JSON, at the end."""


@contextmanager
def counting(total: int, console: "Console | None") -> Iterator[Callable[[Record], None]]:
    """
    Count results: a bar if stderr is a terminal, else a line at each tenth.

    Args:
        console: of the terminal that rows are printed on meanwhile; the bar then stays below them.
    """
    if not sys.stderr.isatty():
        done = 0

        def tell(record: Record) -> None:
            nonlocal done
            done += 1
            if done * STEPS // total > (done - 1) * STEPS // total:
                say(f"triage {done}/{total}")

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("triage"), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
    where = console or Console(stderr=True)
    with Progress(*columns, console=where, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task("triage", total=total)
        yield lambda record: bar.advance(task)


def _cells(record: Record) -> tuple[str, ...]:
    output = record.output
    if output is None:
        return record.id or "", "-", FAILED, "-", _one_line(record.error or ""), ""
    return (
        record.id or "",
        str(output["category"]),
        urgency(record),
        _needs_human(record),
        _one_line(str(output["summary"])),
        " | ".join(_one_line(reason) for reason in _reasons(record)),
    )


def _needs_human(record: Record) -> str:
    if record.output is None:
        return "-"
    return "yes" if record.output["needs_human"] else "no"


def _reasons(record: Record) -> list[str]:
    """Return the reasons, those of our rules first: where space is short they say most."""
    reasons = cast("list[str]", record.output["reasons"]) if record.output else []
    return sorted(reasons, key=lambda reason: not reason.startswith("rule "))


def _first_reason(record: Record) -> str:
    return _one_line((_reasons(record) or ["-"])[0])


def _one_line(text: str) -> str:
    """A text of the data or of a model, fit for a terminal."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part // whole if whole else 0} %)"
