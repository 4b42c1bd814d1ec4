"""Input rows: any dialect and encoding, and a broken row costs nobody else's."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollhouse.workflows.rows import InputRefused, Row, Wanted, read_rows


def rows(data: str | bytes, name: str = "in.csv", wanted: Wanted | None = None) -> list[Row]:
    return read_rows(name, data.encode() if isinstance(data, str) else data, wanted or Wanted())


def texts(found: list[Row]) -> list[str]:
    return [row.text for row in found]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_dialect_is_found_by_the_header(delimiter: str) -> None:
    found = rows(delimiter.join(["id", "text"]) + "\n" + delimiter.join(["7", '"a, b; c|d\te ""f"""']) + "\n")

    assert found == [Row(1, "7", 'a, b; c|d\te "f"', {})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_common_encodings_are_read(encoding: str) -> None:
    assert texts(rows("id,text\n1,Müller fuhr über die Straße\n".encode(encoding))) == ["Müller fuhr über die Straße"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_one(end: str) -> None:
    assert texts(rows(end.join(["text", "a", "b", ""]))) == ["a", "b"]


def test_a_file_of_one_column_may_have_commas_and_quotes_in_its_texts() -> None:
    assert texts(rows('text\nHe said "stop", then hit me; twice\n"quoted, too"\n')) == [
        'He said "stop", then hit me; twice',
        "quoted, too",
    ]


def test_a_text_may_span_lines_and_hold_odd_separators() -> None:
    assert texts(rows('id,text\n1,"a\nb\u2028c\x0cd"\n2,e\n')) == ["a\nb\u2028c\x0cd", "e"]


def test_backslash_escapes_and_single_quotes_are_dialects_too() -> None:
    assert texts(rows('id,text\n1,"a \\"b\\", c"\n')) == ['a "b", c']
    assert texts(rows("'id','text'\n'1','a, b'\n")) == ["a, b"]


def test_only_named_columns_are_read() -> None:
    data = "id,text,secret,policy\n1,a,x,KX-1\n"

    assert rows(data) == [Row(1, "1", "a", {})]
    assert rows(data, wanted=Wanted(facts=("policy",))) == [Row(1, "1", "a", {"policy": "KX-1"})]


def test_blank_lines_are_no_rows() -> None:
    assert [row.row for row in rows("\n\nid,text\n\n1,a\n  \n2,b\n\n")] == [1, 2]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("2,b,c", "3 cells, the header has 2"),
        ("2", "1 cells, the header has 2"),
        ('2,"b" c', "not CSV"),
        ('2,"never closed', "not CSV"),
        ("2,", "the text is empty"),
        ("2,  ", "the text is empty"),
    ],
)
def test_a_broken_row_is_a_row_with_its_error_and_the_others_are_untouched(broken: str, told: str) -> None:
    found = rows(f"id,text\n1,a\n{broken}\n3,d\n4,e\n")

    assert [row.row for row in found] == [1, 2, 3, 4]
    assert [row.text for row in found if row.error is None] == ["a", "d", "e"]
    assert found[1].error is not None
    assert told in found[1].error


def test_bytes_that_are_no_text_condemn_only_their_row() -> None:
    found = rows("id,text\n1,ä\n".encode() + b"2,\xff\xfe\n" + b"3,c\n")

    assert [row.error for row in found] == [None, "broken_row: not UTF-8", None]


def test_jsonl_takes_any_id_and_other_members() -> None:
    data = '{"id": 7, "text": "a", "x": [1]}\n\n{"text": "b"}\n{"id": null, "text": "c"}\n'

    assert [(row.row, row.id, row.text) for row in rows(data, "in.jsonl")] == [
        (1, "7", "a"),
        (2, None, "b"),
        (3, None, "c"),
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ('{"id": 1}', "`text` is missing"),
        ('{"text": 5}', "`text` is not a text"),
        ('{"text": ""}', "the text is empty"),
        ('{"text": "\\ud800"}', "not UTF-8"),
    ],
)
def test_a_broken_line_of_jsonl_is_a_row_with_its_error(line: str, told: str) -> None:
    found = rows(f'{{"text": "a"}}\n{line}\n{{"text": "c"}}', "in.jsonl")

    assert texts(found) == ["a", "", "c"]
    assert told in str(found[1].error)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"id,body\n1,a\n", "no column `text`. Its first line reads: id, body. .*--column"),
        (b"%PDF-1.7\n\x00\x01", "is not text"),
        (b"\x1f\x8b\x08\x01\x02", "is not CSV"),
        (b"text,id,text\na,1,b\n", "the column text twice"),
    ],
)
def test_a_file_that_holds_no_such_rows_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(InputRefused, match=told):
        rows(data)


def test_a_fact_that_is_no_column_is_refused() -> None:
    with pytest.raises(InputRefused, match="no column policy"):
        rows("id,text\n1,a\n", wanted=Wanted(facts=("policy",)))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip), min_size=1))
def test_whatever_pythons_own_writer_writes_is_read_back(written: list[str]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["id", "text"], *(["1", text] for text in written)])

    assert texts(rows(file.getvalue())) == written


@given(st.binary())
def test_no_bytes_do_worse_than_being_refused(data: bytes) -> None:
    for name in ("in.csv", "in.jsonl"):
        try:
            found = rows(b"text,id\na,1\n" + data if name == "in.csv" else data, name)
        except InputRefused:
            continue
        json.dumps([row.text for row in found]).encode()
        assert [row.row for row in found] == list(range(1, len(found) + 1))
