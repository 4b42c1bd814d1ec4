"""Where the demo shows itself: the report on stdout, as wide as the terminal; a pipe gets wide lines."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tollhouse.workflows.records import Record

from ..table import print_table
from .complaints import SEVERITY, SOURCE
from .confusion import LEVELS, TRIVIAL, Confusion
from .figures import Figures
from .progress import counting
from .report import Claims, Failures, Report, cost_words, urgency
from .results import first_reason, heading_row, needs_human, result_row

if TYPE_CHECKING:
    pass

PIPED_WIDTH = 240
"""Columns of a stdout that is no terminal: texts are cut there too, so that a row stays one line that can be read."""
NARROWEST = 72
"""A narrower terminal wraps lines; a heading is never cut."""

ENGINES = {
    "inhouse": "Answered by the in-house engine on this machine: no provider is asked, nothing leaves, nothing is spent.",
    "openai": "Answered by OpenAI.",
}


class Screen:
    """Shows the acts one after the other."""

    def __init__(self) -> None:
        from rich.console import Console

        self._is_terminal = sys.stdout.isatty()
        self._width = max(shutil.get_terminal_size().columns, NARROWEST) if self._is_terminal else PIPED_WIDTH
        self._console: Console = Console(width=self._width, highlight=False)

    @contextmanager
    def triaging(self, engine: str, total: int) -> Iterator[Callable[[Record], None]]:
        """Show the table's head; give what shows a row and counts it."""
        self._heading(f"1  Claims triage of {total} real reports")
        self._line(f"The data: {SOURCE}.")
        self._line(ENGINES[engine])
        self._line()
        self._console.print(heading_row(self._width), soft_wrap=True)
        with counting(total, self._console if self._is_terminal else None) as count:

            def show(record: Record) -> None:
                self._console.print(result_row(record, self._width), soft_wrap=True)
                count()

            yield show

    def show_claims(self, claims: Claims) -> None:
        self._heading("Cost and latency, out of the ledger")
        self._pairs(_figures(claims, claims.figures))
        self._show_confusion(claims.confusion)
        if differing := claims.disagreements:
            told = ", ".join(f"{each} ({severity}, rated {rated})" for each, severity, rated in differing)
            self._line(f"Rated otherwise than recorded: {told}.")
        self._line(
            f"Only {claims.confusion.n - claims.confusion.of(TRIVIAL)} of these {claims.confusion.n} reports are not low: "
            "this checks the pipeline and is no statistic."
        )
        self._show_hurt(claims)

    def show_failures(self, failures: Failures) -> None:
        self._heading("2  Simulated: what happens when a provider fails")
        self._line("A simulated provider on this machine, through the same gateway. Nothing leaves, nothing is spent.")
        self._line("Booked: our ledger. Billed: the simulator's own bill. Both in nano-USD (0.000000001 USD).")
        self._line()
        _print_failures(failures)
        self._line()
        for each in failures.staged:
            if each.because:
                self._line(f"  {each.name}: {each.because}.")
        verdict = "Every difference is" if failures.explained else "NOT every difference is"
        self._line(f"{verdict} a row that the ledger marks itself, until it is reconciled with the provider's bill.")

    def show_served(self, report: Report, program: str, *, exits: bool) -> None:
        """Say how to reach the house, and how to go on without the demo."""
        served = report.served
        self._heading("3  Try it" + (" (it answers while the demo runs: start it without --exit)" if exits else ""))
        self._paste(served.curl)
        self._line()
        self._pairs(
            (
                ("OpenAI API", f"{served.url}/v1  key {served.api_key}"),
                ("ready", f"{served.url}/readyz"),
                ("metrics", f"{served.url}/metrics"),
                ("our API", f"{served.url}/api/docs  admin token {served.admin_token}"),
            )
        )
        self._heading("Go on")
        for command, told in _next_commands(report, program, exits=exits):
            self._paste(f"  {command}")
            self._line(f"      {told}")

    # --- parts ------------------------------------------------------------------------------------------------------

    def _show_confusion(self, found: Confusion) -> None:
        self._heading(f"Urgency against the data's severity, n = {found.n}")
        self._line(f"Severity is {SEVERITY}. The engine sees the text only.")
        self._line()
        rows = [[level, *(found.counts[level, rated] for rated in found.rated), found.of(level)] for level in LEVELS]
        print_table(["severity", *(f"rated {rated}" for rated in found.rated), "reports"], rows)
        self._line()
        print_table(["answer", "right", *(f"{level} found" for level in LEVELS)], _answers(found))
        self._line()

    def _show_hurt(self, claims: Claims) -> None:
        self._heading("Where somebody was hurt, as the authority recorded it")
        rows = [
            [record.id, known.injured, known.deaths, urgency(record), needs_human(record), first_reason(record)]
            for record, known in claims.hurt
        ]
        print_table(["id", "injured", "deaths", "urgency", "needs human", "reason"], rows)

    def _pairs(self, pairs: "tuple[tuple[str, str], ...]") -> None:
        width = max(len(name) for name, _ in pairs)
        for name, told in pairs:
            self._paste(f"  {name:<{width}}  {told}")

    def _heading(self, text: str) -> None:
        self._line()
        self._console.print(text, style="bold", markup=False)

    def _line(self, text: str = "") -> None:
        """Print prose; a terminal gets it wrapped between words."""
        self._console.print(text, markup=False)

    def _paste(self, text: str) -> None:
        """Print what may be copied: however long, it stays one line."""
        self._console.print(text, markup=False, soft_wrap=True)


class Unseen:
    """For `--json`: progress only; the rest is in the JSON."""

    @contextmanager
    def triaging(self, engine: str, total: int) -> Iterator[Callable[[Record], None]]:
        with counting(total, None) as count:
            yield lambda record: count()

    def show_claims(self, claims: Claims) -> None: ...

    def show_failures(self, failures: Failures) -> None: ...


def _figures(claims: Claims, figures: Figures) -> "tuple[tuple[str, str], ...]":
    free = " (the in-house engine is free)" if claims.engine == "inhouse" else ""
    served = ", ".join(f"{name} {count}" for name, count in figures.deployments.items())
    return (
        (
            "calls",
            f"{figures.calls:,}, {figures.errors:,} failed; {len(claims.records)} reports in {claims.seconds:.1f} s",
        ),
        ("attempts", f"{figures.attempts:,}, by deployment: {served or 'none'}"),
        ("tokens", f"{figures.tokens_in:,} in, {figures.tokens_out:,} out"),
        ("cost", f"{cost_words(figures)}{free}"),
        ("latency", f"p50 {figures.p50_ms} ms, p95 {figures.p95_ms} ms a call, {claims.at_a_time} at a time"),
    )


def _answers(found: Confusion) -> list[list[object]]:
    """The triage's answers beside the trivial ones."""
    return [
        ["triage", _share(found.right, found.n), *(f"{found.found(each)} of {found.of(each)}" for each in LEVELS)],
        [
            f"always {TRIVIAL}",
            _share(found.trivial_right, found.n),
            *(f"{found.trivially_found(each)} of {found.of(each)}" for each in LEVELS),
        ],
    ]


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part // whole if whole else 0} %)"


def _print_failures(failures: Failures) -> None:
    rows = [
        [each.name, each.seen, each.attempts, each.booked_nanousd, each.billed_nanousd, each.difference_nanousd]
        for each in failures.staged
    ]
    sums = [failures.figures.attempts, failures.figures.cost_nanousd, failures.billed_nanousd]
    headings = ["what is staged", "the caller sees", "attempts", "booked", "billed", "difference"]
    print_table(headings, rows, total=["total", "", *sums, failures.difference_nanousd])


def _next_commands(report: Report, program: str, *, exits: bool) -> Iterator[tuple[str, str]]:
    yield f"{program} init my-tollhouse", "a configuration of your own, with the provider keys it finds by name"
    yield f"{program} serve", "in that folder: the gateway"
    if report.kept or not exits:
        yield f"{program} usage --by model --config {report.served.config}", "what this demo booked"
    yield f"{program} --help", "everything else; README.md and docs/ explain it"
