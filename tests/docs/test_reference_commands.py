"""docs/commands.md against the command line: every command and option has its place, and every example works."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from reference_pages import code, codes, fenced, headings, page, rows, rows_under
from tollhouse.cli import app as command_line
from tollhouse.cli.exit import Exit

PAGE = page("commands.md")
COMMON = "Options of several commands"
CLAIMS = 'id,text\n7,"The brakes failed on the motorway and the car hit a tree. Nobody was hurt."\n'
VARIABLES = ("OPENAI_API_KEY", "TOLLHOUSE_ADMIN_TOKEN")

Parameter = Any
"""typer's parameters are click's, whose types it keeps to itself."""


def commands() -> Mapping[str, Callable[..., None]]:
    grouped = {
        f"{group} {verb}": function
        for group, (_, verbs) in command_line.GROUPS.items()
        for verb, function in verbs.items()
    }
    return {**command_line._COMMANDS, **grouped}


def parameters(name: str) -> list[Parameter]:
    one = typer.Typer(add_completion=False)
    one.command()(commands()[name])
    return list(typer.main.get_command(one).params)


def told(parameter: Parameter) -> tuple[tuple[str, ...], str]:
    """What the page's row of a parameter begins with: its names and its default."""
    is_option = parameter.opts[0].startswith("-")
    names = tuple(parameter.opts) if is_option else (parameter.metavar,)
    if parameter.required:
        return names, "required"
    said = parameter.default is not None and parameter.default is not False and parameter.default != ""
    return names, f"`{parameter.default}`" if said else "–"


def section(name: str) -> str:
    """Return the text under a command's heading."""
    return PAGE.split(f"\n## `tollhouse {name}`\n")[1].split("\n## ")[0]


def common_options(name: str) -> list[str]:
    """Return the options that a section names in its line `Also …`."""
    found = re.search(r"^Also (.*)\.$", section(name), re.MULTILINE)
    return [] if found is None else codes(found[1])


def test_every_command_has_its_heading_and_every_heading_its_command() -> None:
    told_commands = {code(heading).removeprefix("tollhouse ") for heading in headings(PAGE) if heading.startswith("`")}

    assert told_commands == set(commands())


@pytest.mark.parametrize("name", commands())
def test_every_option_has_its_row_and_every_row_its_option(name: str) -> None:
    shared = {code(row[0]) for row in rows_under(PAGE, COMMON)}
    own = {(tuple(codes(row[0])), row[1]) for row in rows_under(PAGE, f"`tollhouse {name}`")}
    also = set(common_options(name))

    assert own == {told(each) for each in parameters(name) if each.opts[0] not in shared}
    assert also == {each.opts[0] for each in parameters(name)} & shared


def test_shared_options_have_one_default() -> None:
    said = {code(row[0]): row[1] for row in rows_under(PAGE, COMMON)}
    real = {(each.opts[0], told(each)[1]) for name in commands() for each in parameters(name) if each.opts[0] in said}

    assert dict(real) == said
    assert len(real) == len(said)


def test_exit_codes_are_those_of_the_program() -> None:
    said = {int(code(row[0])): row[1].replace(" ", "_").upper() for row in rows_under(PAGE, "Exit codes")}

    assert said == {each.value: each.name for each in Exit}


def test_every_row_says_something() -> None:
    assert [row for _, row in rows(PAGE) if not row[-1].endswith(".")] == []


@pytest.mark.parametrize("name", commands())
def test_every_command_has_an_example(name: str) -> None:
    examples = [*fenced(section(name), "sh"), *fenced(section(name), "console")]

    assert any(f"tollhouse {name}" in example for example in examples)


def test_examples_that_end_by_themselves_succeed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "claims.csv").write_text(CLAIMS, encoding="utf-8")
    whole = whole_program()

    ended = {line: CliRunner().invoke(whole, shlex.split(line)[1:]) for line in in_order(lines("sh"))}

    assert {line: (result.exit_code, result.output) for line, result in ended.items() if result.exit_code} == {}


@pytest.mark.parametrize("line", [line.removeprefix("$ ") for line in fenced(PAGE, "console")])
def test_other_examples_are_understood(line: str) -> None:
    name = next(name for name in commands() if line.startswith(f"tollhouse {name}"))
    one = typer.Typer(add_completion=False)
    one.command()(commands()[name])
    words = shlex.split(line)[len(name.split()) + 1 :]

    parsed = typer.main.get_command(one).make_context(name, words)

    assert parsed.params


def lines(info: str) -> list[str]:
    return [line for block in fenced(PAGE, info) for line in block.splitlines()]


def in_order(examples: list[str]) -> Iterator[str]:
    """What reads comes after what makes it, wherever the page has it."""
    yield from sorted(examples, key=lambda line: not line.startswith("tollhouse init"))


def whole_program() -> typer.Typer:
    whole = typer.Typer(add_completion=False)
    for name, function in command_line._COMMANDS.items():
        whole.command(name)(function)
    for group, (_, verbs) in command_line.GROUPS.items():
        inner = typer.Typer()
        for verb, function in verbs.items():
            inner.command(verb)(function)
        whole.add_typer(inner, name=group)
    return whole
