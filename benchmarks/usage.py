"""
`python -m benchmarks.usage`: how long questions to a ledger of a million calls take, and what keeping its sums costs.

Both databases, a month's and a day's worth of calls, windows that begin and end at odd milliseconds. CPU time, ours and
PostgreSQL's together, hardly depends on what else the machine does; on a busy one the time on the clock does.
"""

import argparse
import asyncio
import itertools
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from tollhouse.domain.calls import Call
from tollhouse.domain.ids import new_id
from tollhouse.ports.usage import CallFilter
from tollhouse.stores import Stores, open_stores
from tollhouse.stores.sql import rows, schema

from . import company

UNTIL_MS = 1_790_856_123_457
"""2026-10-01, a little past noon: neither a day nor an hour nor five minutes end there."""
DAY_MS = 86_400_000
SPREADS = {"30 days": 30 * DAY_MS, "24 hours": DAY_MS}
LIMIT_MS = 300
AT_ONCE = 20_000
POSTED = 500
POSTS = 20

BY = (
    (),
    ("team",),
    ("use_case", "model"),
    ("key",),
    ("model",),
    ("provider", "deployment"),
    ("endpoint",),
    ("prompt",),
    ("day",),
    ("day", "team"),
    ("tag:branch",),
    ("tag:env", "team"),
)
ONLY: tuple[dict[str, object], ...] = (
    {},
    {"team": "team-3"},
    {"outcome": "error"},
    {"provider": "azure"},
    {"tags": (("branch", "b3"),)},
)
QUESTIONS = [(by, {}) for by in BY] + [(("use_case",), only) for only in ONLY[1:]]

Work = Callable[[Stores], Awaitable[None]]


@contextmanager
def places(kind: str) -> Iterator[Callable[[], tuple[str | None, Path]]]:
    """Give empty databases, one at a time."""
    folder = Path(tempfile.mkdtemp(prefix="tollhouse-bench-"))
    numbers = itertools.count()
    try:
        if kind == "sqlite":
            yield lambda: (None, folder / str(next(numbers)))
        else:
            from tests.postgres_server import running_postgres

            with running_postgres() as server:

                def make() -> tuple[str, Path]:
                    name = f"bench_{next(numbers)}"
                    server.sql(f"CREATE DATABASE {name}")
                    return server.url(name), folder

                yield make
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def opened(place: tuple[str | None, Path]) -> AsyncIterator[Stores]:
    stores = await open_stores(*place)
    try:
        yield stores
    finally:
        await stores.close()


async def fill(place: tuple[str | None, Path], calls: Iterator[Call]) -> None:
    """Write rows as fast as the database takes them; the triggers see each of them."""
    async with opened(place):
        pass  # sets the schema up
    for batch in _batched(calls):
        values = [rows.call_values(call) for call in batch]
        attempts = [rows.attempt_values(c.id, n, a) for c in batch for n, a in enumerate(c.attempts)]
        await _insert(place, {schema.calls.name: values, schema.attempts.name: attempts})


def _batched(calls: Iterator[Call]) -> Iterator[tuple[Call, ...]]:
    while batch := tuple(itertools.islice(calls, AT_ONCE)):
        yield batch


async def _insert(place: tuple[str | None, Path], tables: dict[str, list[tuple[object, ...]]]) -> None:
    url, folder = place
    if url is not None:
        import asyncpg

        connection = await asyncpg.connect(url)
        for name, values in tables.items():
            await connection.copy_records_to_table(name, records=values)
        await connection.close()
        return
    with sqlite3.connect(folder / "tollhouse.db") as file:
        file.execute("PRAGMA synchronous=OFF")
        for name, values in tables.items():
            file.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(values[0]))})", values)


async def roll_up(stores: Stores) -> tuple[int, float]:
    """Return the spans summed and the seconds it took."""
    began, spans = time.perf_counter(), 0
    while some := await stores.rollups.roll_up(UNTIL_MS):
        spans += some
    return spans, time.perf_counter() - began


async def ask(stores: Stores, since_ms: int, until_ms: int, rounds: int) -> list[tuple[str, float, float, int]]:
    """Return for each question its name, the best time and the mean CPU time in ms, and how many rows it has."""
    answers = []
    for by, only in QUESTIONS:
        where = CallFilter(since_ms=since_ms, until_ms=until_ms, **only)  # type: ignore[arg-type]
        took, count, cpu = [], 0, cpu_ms()
        for _ in range(rounds):
            began = time.perf_counter()
            count = len((await stores.usage.usage(by, where)).items)
            took.append((time.perf_counter() - began) * 1_000)
        used = (cpu_ms() - cpu) / rounds
        told = ", ".join(f"{name}={value}" for name, value in only.items())
        answers.append((f"{','.join(by) or 'total'}{f' of {told}' if told else ''}", min(took), used, count))
    return answers


def cpu_ms() -> float:
    """Return the CPU time of this process and of PostgreSQL's that serve our databases; theirs is counted in ticks of 10 ms."""
    used = time.process_time() * 1_000
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"postgres: postgres bench_" in (process / "cmdline").read_bytes():
                ticks = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
                used += sum(map(int, ticks)) * 1_000 / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue  # it has just ended
    return used


async def post_ms(stores: Stores, seed: int) -> float:
    """Return what a post of 500 calls takes, the best of twenty: half of them into hours that are summed already."""
    best = float("inf")
    for number in range(POSTS):
        since_ms = UNTIL_MS - 2 * DAY_MS if number % 2 else UNTIL_MS
        fresh = [*company.calls(seed + number, POSTED, since_ms, since_ms + 60_000)]
        for call in fresh:
            call.id = new_id("call")
        began = time.perf_counter()
        await stores.ledger.post("bench", fresh)
        best = min(best, (time.perf_counter() - began) * 1_000)
    return best


async def drop_triggers(place: tuple[str | None, Path]) -> None:
    url, folder = place
    if url is not None:
        import asyncpg

        connection = await asyncpg.connect(url)
        await connection.execute("DROP TRIGGER rollup_new_call ON calls")
        await connection.close()
        return
    with sqlite3.connect(folder / "tollhouse.db") as file:
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f"DROP TRIGGER {name}")


async def run(kind: str, make: Callable[[], tuple[str | None, Path]], options: argparse.Namespace) -> None:
    for spread, length_ms in SPREADS.items():
        place = make()
        await fill(place, company.calls(options.seed, options.calls, UNTIL_MS - length_ms, UNTIL_MS))
        async with opened(place) as stores:
            spans, seconds = await roll_up(stores)
            print(
                f"\n{kind}, {options.calls:,} calls in {spread}, seed {options.seed}: {spans} spans in {seconds:.0f} s"
            )
            window = UNTIL_MS - length_ms + length_ms // 37 + 1, UNTIL_MS - length_ms // 41 + 1
            answers = await ask(stores, *window, options.rounds)
            print(f"{'by':<40}{'ms':>8}{'CPU ms':>8}{'rows':>8}")
            for name, took, used, count in answers:
                print(f"{name:<40}{took:>8.0f}{used:>8.0f}{count:>8}{'' if took <= LIMIT_MS else '   MISSED'}")
            if spread == "30 days":
                with_triggers = await post_ms(stores, options.seed + 1)
                await drop_triggers(place)
                without = await post_ms(stores, options.seed + 1)
                print(f"a post of {POSTED} calls: {with_triggers:.1f} ms, {without:.1f} ms without triggers")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.usage", description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=20_261_001)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    options = parser.parse_args(arguments)
    for kind in options.database or ("sqlite", "postgresql"):
        with places(kind) as make:
            asyncio.run(run(kind, make, options))


if __name__ == "__main__":
    main()
