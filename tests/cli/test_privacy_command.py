"""`tollhouse privacy scan` on files: one object a line, whatever stands in it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli_house import commands

LINES = [
    ("", 0),
    ("\n", 1),
    ("a", 1),
    ("a\n", 1),
    ("a\n\nb", 3),
    ("a\r\nb\x0bc\x85d\u2028e\n", 2),
]


def scan(*arguments: str, input_text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(commands(), ["privacy", "scan", *arguments], input=input_text)


@pytest.mark.parametrize(("text", "lines"), LINES)
def test_every_line_has_its_object(tmp_path: Path, text: str, lines: int) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(text.encode())

    found = scan(str(file), "--json")

    assert found.exit_code == 0, found.output
    assert [json.loads(line) for line in found.stdout.split("\n")[:-1]] == [{"spans": []}] * lines


def test_standard_input_is_read_alike() -> None:
    assert scan("-", "--json", input_text=b"a\r\n\nb").stdout == '{"spans":[]}\n' * 3


def test_people_see_the_text_as_it_would_leave(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Good morning\n\nto you")

    found = scan(str(file))

    assert found.stdout == "Good morning\n\nto you\n"
    assert "3 lines; no personal data found." in found.stderr


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "notes.bin"
    file.write_bytes(b"ok\n\xff\xfe\n")

    binary, missing = scan(str(file)), scan(str(tmp_path / "nope"))

    assert binary.exit_code == 1
    assert "is not UTF-8" in binary.stderr
    assert missing.exit_code == 1


def test_a_type_that_nobody_looks_for_is_refused(tmp_path: Path) -> None:
    found = scan(str(tmp_path), "--also", "NOPE")

    assert found.exit_code == 2
    assert "--also: no recogniser finds NOPE" in found.stderr
