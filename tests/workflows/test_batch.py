"""A batch: order, bounds, stopping; and its output file: resumed, repaired, replaced."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import aclosing
from itertools import count
from pathlib import Path

import pytest

from tollhouse.domain.errors import OperatorError
from tollhouse.workflows.batch import WINDOW_PER_WORKER, records
from tollhouse.workflows.output_file import BESIDE, OutputFile
from tollhouse.workflows.records import Csv, Jsonl, OutputRefused, Record
from tollhouse.workflows.rows import Row
from tollhouse.workflows.run import RunResult

DONE = RunResult("done", {"summary": "x"}, None, 5, 1)
FAILED = RunResult("failed", None, "upstream_error: no", None, 2)


def some_rows(number: int) -> list[Row]:
    return [Row(place, f"id-{place}", f"text {place}", {}) for place in range(1, number + 1)]


class Worker:
    """Works on rows when it is let; keeps count of how many at a time."""

    def __init__(self, results: Callable[[Row], RunResult] = lambda row: DONE) -> None:
        self.results = results
        self.running = self.most = 0
        self.seen: list[int] = []
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, row: Row, run: str) -> RunResult:
        self.seen.append(row.row)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(0)
            await self.go.wait()
            return self.results(row)
        finally:
            self.running -= 1


async def collected(
    rows: Sequence[Row], worker: Worker, *, concurrency: int = 3, stop: asyncio.Event | None = None
) -> list[Record]:
    numbers = count(1)
    batch = records(
        rows, worker, concurrency=concurrency, new_run=lambda: f"run_{next(numbers)}", stop=stop or asyncio.Event()
    )
    async with aclosing(batch) as found:
        return [record async for record in found]


async def test_records_come_in_the_order_of_rows_whoever_finishes_first() -> None:
    first = asyncio.Event()

    async def work(row: Row, run: str) -> RunResult:
        await (first.wait() if row.row == 1 else asyncio.sleep(0))
        if row.row == 3:
            first.set()
        return DONE

    batch = records(some_rows(20), work, concurrency=2, new_run=lambda: "run_1", stop=asyncio.Event())

    assert [record.row async for record in batch] == list(range(1, 21))


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_no_more_rows_than_allowed_are_worked_on_at_a_time(concurrency: int) -> None:
    worker = Worker()

    await collected(some_rows(50), worker, concurrency=concurrency)

    assert worker.most == concurrency


async def test_a_slow_row_does_not_let_the_rest_pile_up_without_bound() -> None:
    seen: list[int] = []
    slow = asyncio.Event()

    async def work(row: Row, run: str) -> RunResult:
        seen.append(row.row)
        if row.row == 1:
            await slow.wait()
        return DONE

    batch = records(some_rows(1000), work, concurrency=2, new_run=lambda: "run_1", stop=asyncio.Event())
    async with aclosing(batch) as found:
        first = asyncio.ensure_future(anext(found))
        for _ in range(2000):
            await asyncio.sleep(0)
        assert len(seen) == 2 * WINDOW_PER_WORKER
        slow.set()
        assert (await first).row == 1


async def test_a_record_tells_cost_as_a_decimal_and_null_where_only_the_ledger_knows() -> None:
    done, failed = await collected(some_rows(2), Worker(lambda row: DONE if row.row == 1 else FAILED))

    assert done == Record(1, "id-1", "done", {"summary": "x"}, None, "run_1", "0.000000005", 1)
    assert failed == Record(2, "id-2", "failed", None, "upstream_error: no", "run_2", None, 2)


async def test_a_broken_row_fails_without_being_worked_on() -> None:
    worker = Worker()

    (record,) = await collected([Row(1, "a", "", {}, "broken_row: not JSON")], worker)

    assert record == Record(1, "a", "failed", None, "broken_row: not JSON", None, "0", 0)
    assert worker.seen == []


async def test_stopping_finishes_what_is_under_way_and_starts_nothing_more() -> None:
    stop, worker = asyncio.Event(), Worker()
    worker.go.clear()
    work = asyncio.ensure_future(collected(some_rows(100), worker, concurrency=3, stop=stop))
    while worker.running < 3:
        await asyncio.sleep(0)

    stop.set()
    worker.go.set()

    assert [record.row for record in await work] == [1, 2, 3]
    assert worker.seen == [1, 2, 3]


async def test_an_operators_error_is_raised_after_the_rows_before_it_and_cancels_the_rest() -> None:
    def results(row: Row) -> RunResult:
        if row.row == 2:
            raise OperatorError("the prompt is broken")
        return DONE

    worker = Worker(results)
    batch = records(some_rows(50), worker, concurrency=2, new_run=lambda: "r", stop=asyncio.Event())

    assert (await anext(batch)).row == 1
    with pytest.raises(OperatorError, match="broken"):
        await anext(batch)

    assert worker.running == 0


# --- the file ---


def a_record(row: Row, status: str = "done") -> Record:
    return Record(row.row, row.id, status, {"summary": "x"} if status == "done" else None, None, "run_1", "0", 1)


def filled(path: Path, rows: Sequence[Row], statuses: str) -> str:
    """Write a file of records: `d` done, `f` failed."""
    words = {"d": "done", "f": "failed"}
    written = zip(rows, statuses, strict=False)
    path.write_text("".join(Jsonl().write(a_record(row, words[status])) for row, status in written))
    return path.read_text()


def statuses(path: Path) -> list[tuple[int, str]]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [(line["row"], line["status"]) for line in lines]


def test_a_new_file_is_written_record_by_record(tmp_path: Path) -> None:
    rows, path = some_rows(2), tmp_path / "out.csv"
    out = OutputFile(path, Csv(("summary",)), rows)

    with out:
        out.write(a_record(rows[0]))
        assert path.read_text().splitlines() == [
            "row,id,status,summary,error,run,cost_usd,attempts",
            "1,id-1,done,x,,run_1,0,1",
        ]


@pytest.mark.parametrize("written", ["", "dd", "ddddd"])
def test_a_file_goes_on_where_it_ended(tmp_path: Path, written: str) -> None:
    rows, path = some_rows(5), tmp_path / "out.jsonl"
    before = filled(path, rows, written)
    out = OutputFile(path, Jsonl(), rows)

    assert [row.row for row in out.open_rows(rows)] == [1, 2, 3, 4, 5][len(written) :]
    with out:
        for row in out.open_rows(rows):
            out.write(a_record(row))

    assert path.read_text().startswith(before)
    assert statuses(path) == [(number, "done") for number in range(1, 6)]


def test_failed_rows_are_done_again_and_replaced_in_their_place(tmp_path: Path) -> None:
    rows, path = some_rows(6), tmp_path / "out.jsonl"
    filled(path, rows, "fdfd")
    out = OutputFile(path, Jsonl(), rows)

    todo = out.open_rows(rows)
    with out:
        for row in todo:
            out.write(a_record(row))

    assert [row.row for row in todo] == [1, 3, 5, 6]
    assert statuses(path) == [(number, "done") for number in range(1, 7)]
    assert not (tmp_path / f"out.jsonl{BESIDE}").exists()


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_an_interrupted_resume_loses_no_record(tmp_path: Path, finished: int) -> None:
    rows, path = some_rows(6), tmp_path / "out.jsonl"
    filled(path, rows, "fdfd")
    out = OutputFile(path, Jsonl(), rows)

    with out:
        for row in out.open_rows(rows)[:finished]:
            out.write(a_record(row))

    expected = ["failed", "done", "failed", "done"]
    for place in (0, 2)[:finished]:
        expected[place] = "done"
    assert [status for _, status in statuses(path)] == expected


def test_a_line_that_was_cut_is_written_again(tmp_path: Path) -> None:
    rows, path = some_rows(3), tmp_path / "out.jsonl"
    path.write_text(filled(path, rows, "dd")[:-9])
    out = OutputFile(path, Jsonl(), rows)

    with out:
        for row in out.open_rows(rows):
            out.write(a_record(row))

    assert statuses(path) == [(1, "done"), (2, "done"), (3, "done")]


def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    for content in (b"Dear diary\n", b"\xff\xfe\x00"):
        path.write_bytes(content)

        with pytest.raises(OutputRefused):
            OutputFile(path, Jsonl(), some_rows(1))
        assert path.read_bytes() == content
