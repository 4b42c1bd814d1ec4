"""docs/configuration.md against the settings tree: every key has its row, every row its key, every example loads."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from reference_pages import code, codes, fenced, headings, page, rows, rows_under
from settings_rows import WORDS, KeyRow, key_rows
from tollhouse.config.load import Loaded, load
from tollhouse.config.tree import Settings
from tollhouse.config.unbuilt import UNBUILT
from tollhouse.config.yaml import parse, plain

PAGE = page("configuration.md")
TYPES = "Types"
NOT_BUILT = "What is not built yet"

ENVIRON = {
    "TOLLHOUSE_ADMIN_TOKEN": "admin-0123456789abcdef",
    "TOLLHOUSE_MASTER_KEY": "A" * 43,
    "TOLLHOUSE_APP_KEY": "app-0123456789abcdef",
    "TOLLHOUSE_CI_KEY": "ci-0123456789abcdef",
    "TOLLHOUSE_DATABASE": "postgresql://tollhouse:secret@db.example/tollhouse",
    "OPENAI_API_KEY": "sk-example",
    "AZURE_OPENAI_API_KEY": "azure-example",
}

AROUND = """\
providers:
  local: {dialect: inhouse}
  openai: {dialect: openai, base_url: "https://api.openai.com/v1", api_key: sk-example}
  vllm: {dialect: openai, base_url: "http://127.0.0.1:8000/v1"}
models:
  fast: {deployments: [{provider: local, model: auto}]}
  inhouse: {deployments: [{provider: local, model: auto}]}
teams: {claims: {}, everyone: {}}
use_cases:
  assistant: {team: everyone, owner: it@example.com, models: [inhouse], privacy: {mode: off}}
  claims-triage: {team: claims, owner: it@example.com, models: [inhouse], privacy: {mode: off}}
"""
"""What the page's fragments speak of and do not say themselves."""


def told_keys() -> list[KeyRow]:
    """The page's rows under the headings of sections, in the page's order."""
    found = [(code(heading), row) for heading, row in rows(PAGE) if heading.startswith("`")]
    return [KeyRow(section, code(row[0]), row[1], row[2]) for section, row in found]


def test_every_key_has_its_row_and_every_row_its_key_with_type_and_default() -> None:
    told = told_keys()

    assert sorted(map(str, told)) == sorted(map(str, key_rows()))


def test_every_key_is_explained_in_a_sentence() -> None:
    meanings = [row[3] for heading, row in rows(PAGE) if heading.startswith("`")]

    assert [meaning for meaning in meanings if not (meaning and meaning.endswith("."))] == []


def test_every_section_of_the_tree_has_its_heading_unless_nothing_of_it_is_built() -> None:
    unbuilt = {row.path.partition(".")[0] for row in UNBUILT}
    sections = {code(heading).partition(".")[0] for heading in headings(PAGE) if heading.startswith("`")}

    assert set(Settings.model_fields) - sections <= unbuilt
    assert sections - set(Settings.model_fields) == {"budget", "price", "timeouts", "limits", "breaker"}


def test_every_type_is_explained() -> None:
    explained = {row[0] for row in rows_under(PAGE, TYPES)}
    self_evident = {"`true` or `false`", "anything", "fraction", "ms, or 0"}

    assert explained == {word for _, word in WORDS} - self_evident


def test_what_is_not_built_is_the_list_that_refuses_it() -> None:
    told = [(code(path), wish, tuple(codes(passes))) for path, wish, passes in rows_under(PAGE, NOT_BUILT)]

    assert told == [(row.path, row.wish, tuple(map(str, row.harmless))) for row in UNBUILT]


@pytest.mark.parametrize("text", fenced(PAGE, "yaml"))
def test_whole_files_load(text: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, text).settings.use_cases


@pytest.mark.parametrize("text", fenced(PAGE, "yaml fragment"))
def test_fragments_load_in_a_small_file(text: str, tmp_path: Path) -> None:
    merged = merge(tree_of(AROUND), tree_of(text))

    assert loaded(tmp_path, as_yaml(merged)).settings.use_cases


def test_every_section_has_an_example() -> None:
    examples = [tree_of(text) for text in fenced(PAGE, "yaml fragment")]
    sections = {code(heading).partition(".")[0] for heading in headings(PAGE) if heading.startswith("`")}

    assert sections & set(Settings.model_fields) <= {name for example in examples for name in example}


def test_variables_mean_what_the_page_says(tmp_path: Path) -> None:
    written = {code(row[0]): row[1] for row in rows_under(PAGE, "Variables")}
    values = {name: expanded(tmp_path, name) for name in written}

    assert values == {
        "${NAME}": "set",
        "${NAME:-default}": "set",
        "${file:secrets/key}": "from a file",
        "$$": "$",
    }
    assert expanded(tmp_path, "${UNSET:-default}") == "default"


@pytest.mark.parametrize("name", [name for name in codes(PAGE) if name.startswith("TOLLHOUSE_") and "__" in name])
def test_overrides_named_on_the_page_exist(name: str, tmp_path: Path) -> None:
    value = {"TOLLHOUSE_SERVER__LISTEN": "127.0.0.1:9000"}.get(name, "changed")

    got = loaded(tmp_path, fenced(PAGE, "yaml")[0], {name: value})

    assert f"env {name}" in got.origins.values()


def loaded(folder: Path, text: str, more: Mapping[str, str] | None = None) -> Loaded:
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "openai-key").write_text("sk-from-a-file\n", encoding="utf-8")
    (folder / "secrets" / "key").write_text("from a file\n", encoding="utf-8")
    path = folder / "tollhouse.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, {**ENVIRON, **(more or {})})


def expanded(folder: Path, value: str) -> str:
    text = fenced(PAGE, "yaml")[0].replace("it@example.com", f'"{value}"')
    return loaded(folder, text, {"NAME": "set"}).settings.use_cases["assistant"].owner


def tree_of(text: str) -> dict[str, object]:
    root, problems = parse(text, "docs/configuration.md")
    assert not problems
    found = plain(root)
    assert isinstance(found, dict)
    return found


def merge(below: object, above: object) -> object:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}
    return above


def as_yaml(value: object) -> str:
    return json.dumps(value)
