"""Prompts from files: their version, their reload, what ships, and what is wrong with them by file and line."""

import os
from pathlib import Path

import pytest

from tollhouse.domain.errors import OperatorError
from tollhouse.prompts import PromptLibrary
from tollhouse.prompts.folder import EXAMPLES_MAX, FILE_BYTES_MAX, FILES_MAX
from tollhouse.prompts.library import LOOK_EVERY_S


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def a_prompt(folder: Path, **files: str) -> Path:
    """Write `prompts/greet/`; `schema_json` becomes `schema.json`."""
    place = folder / "greet"
    place.mkdir(parents=True, exist_ok=True)
    for name, text in {"task_md": "Hello {{ name }}", **files}.items():
        (place / name.replace("_", ".")).write_bytes(text.encode())
    return place


def library(folder: Path, clock: Ticks | None = None) -> PromptLibrary:
    return PromptLibrary(folder, {}, clock or Ticks())


def version(folder: Path) -> str:
    return library(folder).load("greet").version


def test_a_reference_is_the_name_and_twelve_characters_of_the_version(tmp_path: Path) -> None:
    a_prompt(tmp_path)

    prompt = library(tmp_path).load("greet")

    assert prompt.ref == f"greet@{prompt.version[:12]}"
    assert len(prompt.version) == 64


def test_the_version_is_the_content_and_not_its_place_line_ends_or_notes(tmp_path: Path) -> None:
    a_prompt(tmp_path / "a", task_md="Hello\n{{ name }}\n")
    a_prompt(tmp_path / "b", task_md="\ufeffHello\r\n{{ name }}\r\n", README_md="Notes", other_txt="x")

    assert version(tmp_path / "a") == version(tmp_path / "b")


@pytest.mark.parametrize("changed", [{"task_md": "Hi {{ name }}"}, {"system_md": ""}, {"parameters_json": "{}"}])
def test_every_file_of_a_prompt_counts_for_its_version(tmp_path: Path, changed: dict[str, str]) -> None:
    a_prompt(tmp_path / "a")
    a_prompt(tmp_path / "b", **changed)

    assert version(tmp_path / "a") != version(tmp_path / "b")


def test_moving_text_between_files_is_another_version(tmp_path: Path) -> None:
    a_prompt(tmp_path / "a", system_md="x", task_md="")
    a_prompt(tmp_path / "b", system_md="", task_md="x")

    assert version(tmp_path / "a") != version(tmp_path / "b")


def test_a_changed_file_counts_after_a_second_without_a_restart(tmp_path: Path) -> None:
    clock = Ticks()
    place = a_prompt(tmp_path)
    prompts = library(tmp_path, clock)
    before = prompts.load("greet")

    (place / "task.md").write_text("Good day {{ name }}")
    clock.now += LOOK_EVERY_S / 2
    at_once = prompts.load("greet")
    clock.now += LOOK_EVERY_S
    later = prompts.load("greet")

    assert at_once is before
    assert later.version != before.version
    assert later.modules["task"] == "Good day {{ name }}"


def test_an_edit_of_the_same_length_is_seen_by_its_time(tmp_path: Path) -> None:
    clock = Ticks()
    place = a_prompt(tmp_path)
    prompts = library(tmp_path, clock)
    before = prompts.load("greet")

    (place / "task.md").write_text("Hallo {{ nom }}")
    os.utime(place / "task.md", ns=(1, 1))
    clock.now += LOOK_EVERY_S

    assert prompts.load("greet").version != before.version


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path) -> None:
    clock = Ticks()
    a_prompt(tmp_path)
    prompts = library(tmp_path, clock)

    before = prompts.load("greet")
    clock.now += 10 * LOOK_EVERY_S

    assert prompts.load("greet") is before


def test_the_operators_folder_wins_over_what_ships_and_without_it_the_shipped_one_is_used(tmp_path: Path) -> None:
    clock = Ticks()
    shipped = a_prompt(tmp_path / "shipped", task_md="shipped")
    prompts = PromptLibrary(tmp_path / "prompts", {"greet": shipped}, clock)

    first = prompts.load("greet")
    own = a_prompt(tmp_path / "prompts", task_md="own")
    clock.now += LOOK_EVERY_S
    second = prompts.load("greet")
    (own / "task.md").unlink()
    own.rmdir()
    clock.now += LOOK_EVERY_S

    assert (first.modules["task"], second.modules["task"]) == ("shipped", "own")
    assert prompts.load("greet").version == first.version


def test_an_unknown_prompt_names_those_that_are_known(tmp_path: Path) -> None:
    a_prompt(tmp_path)

    with pytest.raises(OperatorError, match=r"no prompt 'great': .*Known: greet"):
        library(tmp_path).load("great")


@pytest.mark.parametrize("name", ["../greet", "", "..", "a/b", "a\\b", "a\0"])
def test_a_name_does_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="not the name of a prompt's folder"):
        library(tmp_path).load(name)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"task_md": "ok\n{{ name"}, r"task\.md:2: "),
        ({"task_md": "{% for x in y %}"}, r"task\.md: expected tag endfor"),
        ({"system_md": "{{ name | shout }}"}, None),
        ({"schema_json": '{"type":\n "object",}'}, r"schema\.json:2: not JSON"),
        ({"schema_json": "[]"}, r"schema\.json: a JSON schema is an object"),
        ({"schema_json": '{"type": "object", "properties": {"a": {"type": "string"}}}'}, r"\$: an object needs"),
        ({"examples_jsonl": '{"input": {}, "output": 1}\n\n{"input": {}'}, r"examples\.jsonl:3: not JSON"),
        ({"examples_jsonl": '{"input": "x", "output": 1}'}, r"examples\.jsonl:1: an example is"),
        ({"examples_jsonl": '{"input": {}, "output": 1}\n' * (EXAMPLES_MAX + 1)}, "at most 100"),
        ({"parameters_yaml": "temperature: 1\nmodel: x"}, r"parameters\.yaml: model: not a parameter"),
        ({"parameters_yaml": "temperature: 1\n  top_p: 2"}, r"parameters\.yaml:2: not YAML"),
        ({"parameters_yaml": "- 1"}, r"parameters\.yaml: parameters are a mapping"),
        ({"parameters_json": "{}", "parameters_yaml": "{}"}, "keep one of them"),
        ({"task_md": "x" * (FILE_BYTES_MAX + 1)}, "at most 1048576"),
        ({f"m{number}_md": "" for number in range(FILES_MAX)}, "at most 64"),
    ],
)
def test_a_broken_folder_is_refused_with_file_and_line(tmp_path: Path, files: dict[str, str], told: str | None) -> None:
    a_prompt(tmp_path, **files)

    if told is None:
        library(tmp_path).load("greet")  # an unknown filter is told when the template is rendered
        return
    with pytest.raises(OperatorError, match=told):
        library(tmp_path).load("greet")


def test_a_folder_without_a_task_and_a_file_that_is_not_utf_8_are_refused(tmp_path: Path) -> None:
    place = a_prompt(tmp_path)

    (place / "task.md").write_bytes(b"ok\n\xff")
    with pytest.raises(OperatorError, match=r"task\.md:2: not UTF-8"):
        library(tmp_path).load("greet")
    (place / "task.md").unlink()
    with pytest.raises(OperatorError, match=r"a prompt needs task\.md"):
        library(tmp_path).load("greet")
