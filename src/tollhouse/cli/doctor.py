"""`tollhouse doctor`: look at everything a healthy house needs, and say in one line each what to do about the rest."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .bill import BillAsk
from .exit import CheckFailed, WrongUsage, reporting, say
from .house import run_async
from .table import print_json, print_table

if TYPE_CHECKING:
    from tollhouse.config.load import Loaded

    from .checks.check import Check

ICONS = {"ok": "✓", "warn": "!", "fail": "✗", "skip": "-"}
PLAIN = {"ok": "+", "warn": "!", "fail": "x", "skip": "-"}
"""For a terminal or a pipe that takes ASCII only."""


@reporting()
def doctor(
    *,
    reconcile: Annotated[
        bool,
        typer.Option("--reconcile", help="Only compare whatever is kept twice: calls, corrections, budgets, journals."),
    ] = False,
    bill: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="With --reconcile: also compare this bill; may be repeated."),
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Whose bill it is: a name under `providers`.")] = None,
    url: Annotated[
        str | None, typer.Option(help="With --reconcile: compare the metrics of the service at this address, too.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of {group, name, status, detail, fix}.")
    ] = False,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("tollhouse.yaml"),
) -> None:
    """Check configuration, governance, storage, journals, providers, clock and books. Exits 3 if a check fails. Spends nothing."""
    from .checks.check import as_json as json_of

    extra = _extra(reconcile, bill, provider, url)
    checks = run_async(_examine(config, extra, only_books=reconcile))
    if as_json:
        print_json(json_of(checks))
    else:
        _print(checks)
    _conclude(checks)


def _extra(reconcile: bool, bill: list[Path] | None, provider: str | None, url: str | None) -> "_Extra":
    if not reconcile and (bill or provider or url):
        raise WrongUsage("--bill, --provider and --url say what to compare: give --reconcile too")
    if bool(bill) != bool(provider):
        raise WrongUsage("--bill and --provider belong together")
    return _Extra(BillAsk(provider=provider, files=bill) if bill and provider else None, url)


async def _examine(config: Path, extra: "_Extra", *, only_books: bool) -> list["Check"]:
    from .checks import books, clock, configuration, governance, journals, providers, service, storage

    loaded, about_file = configuration.read(config, os.environ)
    if loaded is None:
        later = (
            [books.GROUP] if only_books else [g.GROUP for g in (governance, storage, journals, providers, clock, books)]
        )
        return [*about_file, *(group.skip(group.name, "the configuration does not load") for group in later)]
    if only_books:
        return (await _examine_store(loaded, extra)).books_alone()
    from tollhouse.config.govern import provider_specs

    client = loaded.settings.server.upstream_client
    asked = await providers.ask_all(provider_specs(loaded.settings), client=client, proxies=loaded.proxies)
    kept = await _examine_store(loaded, extra)
    return [
        *about_file,
        *configuration.examine(loaded),
        *kept.governance,
        *kept.storage,
        *storage.folder(loaded.data_path),
        *await storage.redis(loaded),
        *kept.journals,
        *providers.examine(asked),
        *await service.examine_service(loaded.settings.server.listen),
        *clock.examine(asked, loaded.settings.organisation.time_zone),
        *kept.books,
    ]


@dataclass(frozen=True, slots=True)
class _Extra:
    """What else the books are compared with."""

    bill: BillAsk | None
    url: str | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was found where things are kept."""

    governance: Sequence["Check"]
    storage: Sequence["Check"]
    journals: Sequence["Check"]
    books: Sequence["Check"]

    def books_alone(self) -> list["Check"]:
        """Return the books, and what kept them from being read."""
        from .checks.check import failed

        return [*failed([*self.storage, *self.journals]), *self.books]


async def _examine_store(loaded: "Loaded", extra: _Extra) -> _Kept:
    from tollhouse.adapters.clock import SystemClock
    from tollhouse.bootstrap import JOURNALS, open_register
    from tollhouse.stores.sql import stores_on

    from .checks import bills, books, cache, governance, journals, metrics, storage

    folder = loaded.data_path / JOURNALS
    async with storage.opened(loaded) as store:
        found = journals.find(folder)
        own = journals.examine(found)
        if store.database is None:
            unread = [governance.GROUP.skip("store", store.why)]
            return _Kept(unread, store.checks, own, [books.GROUP.skip("books", store.why)])
        now_ms = SystemClock().now_ms()
        register = await open_register(loaded, stores_on(store.database))
        leases = await journals.leases(store.database, found, folder)
        compared = await books.examine(store.database, found.ended, register.governance, now_ms)
        if extra.url is not None:
            compared.append(await metrics.examine_service(extra.url, store.database))
        if extra.bill is not None:
            compared.append(await bills.examine(extra.bill, loaded, store.database, now_ms))
        answers = await cache.examine(loaded, register.governance, store.database, now_ms)
        return _Kept(governance.examine(register, now_ms), [*store.checks, *answers], [*own, leases], compared)


def _print(checks: Sequence["Check"]) -> None:
    icons = ICONS if _takes(ICONS["ok"]) else PLAIN
    rows = [[f"{icons[c.status]} {c.status}", c.group, c.name, c.detail, c.fix] for c in checks]
    print_table(("status", "group", "check", "detail", "fix"), rows)


def _takes(icon: str) -> bool:
    try:
        icon.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _conclude(checks: Sequence["Check"]) -> None:
    counts = Counter(check.status.value for check in checks)
    if counts["fail"]:
        raise CheckFailed(f"{counts['fail']} of {len(checks)} checks failed; the last column says what to do.")
    rest = "".join(f", {counts[status]} {status}" for status in ("warn", "skip") if counts[status])
    say(f"{counts['ok']} ok{rest}. Nothing failed.")
