"""Output records: their two formats, and what an existing file tells about the rows it holds."""

import csv
import io
import json

import pytest

from tollhouse.workflows.records import Csv, Format, Jsonl, OutputRefused, Record, format_of
from tollhouse.workflows.rows import Row

COLUMNS = ("summary", "reasons", "facts.speed", "needs_human")
ROWS = [Row(1, "a", "one", {}), Row(2, None, "two", {}), Row(3, "=c", "three", {})]
OUTPUT = {"summary": "x", "reasons": ["p", "q"], "facts": {"speed": None}, "needs_human": False}
FORMATS: list[Format] = [Jsonl(), Csv(COLUMNS)]


def done(row: Row, **output: object) -> Record:
    return Record(row.row, row.id, "done", {**OUTPUT, **output}, None, "run_1", "0.001", 1)


def failed(row: Row) -> Record:
    return Record(row.row, row.id, "failed", None, "upstream_error: no\nanswer", "run_2", None, 3)


def test_a_jsonl_record_has_the_documented_members_in_order() -> None:
    assert json.loads(Jsonl().write(done(ROWS[0]))) == {
        "row": 1,
        "id": "a",
        "status": "done",
        "output": OUTPUT,
        "error": None,
        "run": "run_1",
        "cost_usd": "0.001",
        "attempts": 1,
    }


def test_a_csv_record_is_flat() -> None:
    layout = Csv(COLUMNS)

    (cells,) = csv.DictReader(io.StringIO(layout.head() + layout.write(done(ROWS[0]))))

    assert cells == {
        "row": "1", "id": "a", "status": "done", "summary": "x", "reasons": "p | q", "facts.speed": "",
        "needs_human": "false", "error": "", "run": "run_1", "cost_usd": "0.001", "attempts": "1",
    }  # fmt: skip


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(formula: str) -> None:
    layout = Csv(COLUMNS)

    (cells,) = csv.DictReader(io.StringIO(layout.head() + layout.write(done(ROWS[0], summary=formula)), newline=""))

    assert cells["summary"] == f"'{formula}"


@pytest.mark.parametrize("layout", FORMATS, ids=["jsonl", "csv"])
def test_what_was_written_is_kept_as_it_stands(layout: Format) -> None:
    text = layout.head() + layout.write(done(ROWS[0])) + layout.write(failed(ROWS[1])) + layout.write(done(ROWS[2]))

    kept = layout.kept(text, ROWS, "out")

    assert [one.failed for one in kept] == [False, True, False]
    assert layout.head() + "".join(one.written for one in kept) == text


@pytest.mark.parametrize("layout", FORMATS, ids=["jsonl", "csv"])
def test_a_file_cut_anywhere_keeps_its_whole_records(layout: Format) -> None:
    first = layout.head() + layout.write(done(ROWS[0], summary='a "b"\n=c, d'))
    text = first + layout.write(failed(ROWS[1]))

    for cut in range(1, len(text)):
        kept = layout.kept(text[:cut], ROWS, "out")
        assert len(kept) == (cut >= len(first)) or (len(kept), cut) in ((1, len(first) - 1), (2, len(text) - 1))


@pytest.mark.parametrize("layout", FORMATS, ids=["jsonl", "csv"])
@pytest.mark.parametrize("other", [[], [Row(1, "b", "", {})], [Row(2, "a", "", {})], [ROWS[0], Row(2, "x", "", {})]])
def test_a_file_of_other_rows_is_refused(layout: Format, other: list[Row]) -> None:
    text = layout.head() + layout.write(done(ROWS[0])) + layout.write(done(ROWS[1]))

    with pytest.raises(OutputRefused, match="is not what this command would write"):
        layout.kept(text, other, "out")


@pytest.mark.parametrize("layout", FORMATS, ids=["jsonl", "csv"])
@pytest.mark.parametrize("text", ["Dear diary,\n", "Dear diary", '{"a": 1}\n', "[1]\n", "id,text\n1,a\n", '"x', "\n"])
def test_any_other_file_is_refused(layout: Format, text: str) -> None:
    with pytest.raises(OutputRefused):
        layout.kept(text, ROWS, "out")


def test_the_extension_decides_and_another_is_refused() -> None:
    assert isinstance(format_of("out.JSONL", COLUMNS), Jsonl)
    assert format_of("out.csv", COLUMNS) == Csv(COLUMNS)
    with pytest.raises(OutputRefused, match=r"\.jsonl or \.csv"):
        format_of("out.xlsx", COLUMNS)
