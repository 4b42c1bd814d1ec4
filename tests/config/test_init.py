"""`init` writes a project that loads, keeps its secrets private and never overwrites."""

import os
import stat
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

from tollhouse.adapters.price_seed import GenaiPrices
from tollhouse.config.govern import govern
from tollhouse.config.init import AlreadyThere, write_project
from tollhouse.config.load import Loaded, load
from tollhouse.config.template import KNOWN, configuration

NO_KEYS: Mapping[str, str] = {}
ALL_KEYS = {name: f"value-of-{name}" for known in KNOWN for name in known.variables} | {
    "AZURE_OPENAI_ENDPOINT": "https://acme.openai.azure.com/"
}


@pytest.fixture
def shipped(tmp_path: Path) -> Mapping[str, Traversable]:
    folder = tmp_path / "shipped" / "claims-triage"
    (folder / "examples").mkdir(parents=True)
    (folder / "system.md").write_text("Read the claim.")
    (folder / "examples" / "one.json").write_bytes(b"{}")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"")
    return {"claims-triage": folder}


def written_and_loaded(folder: Path, environ: Mapping[str, str], shipped: Mapping[str, Traversable]) -> Loaded:
    write_project(folder, environ, shipped)
    return load(folder / "tollhouse.yaml", environ)


def test_without_a_provider_key_it_serves_on_the_in_house_engine(
    tmp_path: Path, shipped: Mapping[str, Traversable]
) -> None:
    got = written_and_loaded(tmp_path / "new", NO_KEYS, shipped)

    governance = govern(got.settings)
    assert set(governance.routes) == {"inhouse"}
    assert governance.use_cases["claims-triage"].models == ("inhouse",)
    assert governance.use_cases["claims-triage"].workflow == "claims"
    assert governance.keys[0].use_cases == ("assistant",)
    assert got.warnings == ()


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_each_provider_is_found_by_the_names_of_its_variables(
    tmp_path: Path, shipped: Mapping[str, Traversable], known: object
) -> None:
    environ = {name: ALL_KEYS[name] for name in getattr(known, "variables", ())}

    got = written_and_loaded(tmp_path / "new", environ, shipped)

    name = getattr(known, "name", "")
    assert set(got.settings.providers) == {name, "local"}
    api_key = got.settings.providers[name].api_key
    assert api_key is not None
    assert api_key.reveal() == environ[next(iter(environ))]


def test_with_every_key_each_provider_has_a_route_and_the_first_is_fast(
    tmp_path: Path, shipped: Mapping[str, Traversable]
) -> None:
    governance = govern(written_and_loaded(tmp_path / "new", ALL_KEYS, shipped).settings)

    assert governance.routes["fast"].deployments[0].name == "openai/gpt-5-mini"
    assert governance.use_cases["claims-triage"].models == ("fast", "inhouse")
    assert governance.use_cases["assistant"].models == (
        "fast", "mistral", "groq", "openrouter", "together", "deepseek", "inhouse",
    )  # fmt: skip
    assert governance.routes["groq"].fallbacks == ("inhouse",)


def test_every_model_it_writes_has_a_public_price() -> None:
    seed = GenaiPrices()

    for known in KNOWN:
        assert known.model is None or seed.line(known.base_url, known.model, 1_780_000_000_000), known.name


def test_half_of_azures_variables_are_not_enough() -> None:
    assert "azure" not in configuration({"AZURE_OPENAI_API_KEY": "x"})


def test_the_values_of_provider_keys_are_never_copied(tmp_path: Path, shipped: Mapping[str, Traversable]) -> None:
    write_project(tmp_path / "new", ALL_KEYS, shipped)

    for path in (tmp_path / "new").rglob("*"):
        assert not path.is_file() or b"value-of-" not in path.read_bytes()


def test_the_schema_line_comes_first_and_its_file_is_there(tmp_path: Path, shipped: Mapping[str, Traversable]) -> None:
    write_project(tmp_path, NO_KEYS, shipped)

    first = (tmp_path / "tollhouse.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./tollhouse.schema.json"
    assert (tmp_path / "tollhouse.schema.json").is_file()


def test_shipped_prompts_are_copied_as_they_are(tmp_path: Path, shipped: Mapping[str, Traversable]) -> None:
    write_project(tmp_path / "new", NO_KEYS, shipped)

    prompts = tmp_path / "new" / "prompts"
    assert sorted(str(path.relative_to(prompts)) for path in prompts.rglob("*") if path.is_file()) == [
        "claims-triage/examples/one.json",
        "claims-triage/system.md",
    ]


def test_secrets_are_fresh_private_and_ignored_by_git(tmp_path: Path, shipped: Mapping[str, Traversable]) -> None:
    old = os.umask(0)
    try:
        write_project(tmp_path / "a", NO_KEYS, shipped)
        write_project(tmp_path / "b", NO_KEYS, shipped)
    finally:
        os.umask(old)

    env = tmp_path / "a" / ".env"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    values = [line.split("=", 1)[1] for line in env.read_text().splitlines() if "=" in line]
    assert len(set(values)) == 3
    assert not set(values) & {line.partition("=")[2] for line in (tmp_path / "b" / ".env").read_text().splitlines()}
    assert (tmp_path / "a" / ".gitignore").read_text().splitlines() == [".env", "tollhouse-data/"]


@pytest.mark.parametrize("name", ["tollhouse.yaml", "tollhouse.schema.json", ".env", "prompts/claims-triage"])
def test_if_one_target_exists_nothing_at_all_is_written(
    tmp_path: Path, shipped: Mapping[str, Traversable], name: str
) -> None:
    folder = tmp_path / "new"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("mine")
    before = sorted(folder.rglob("*"))

    with pytest.raises(AlreadyThere) as caught:
        write_project(folder, NO_KEYS, shipped)

    assert str(folder / name) in caught.value.message
    assert sorted(folder.rglob("*")) == before
    assert (folder / name).read_text() == "mine"


def test_a_gitignore_that_is_there_stays_and_what_it_lacks_is_told(
    tmp_path: Path, shipped: Mapping[str, Traversable]
) -> None:
    (tmp_path / ".gitignore").write_text("node_modules/\n.env\n")

    written = write_project(tmp_path, NO_KEYS, shipped)

    assert (tmp_path / ".gitignore").read_text() == "node_modules/\n.env\n"
    assert written.to_ignore == ("tollhouse-data/",)


def test_a_dangling_link_is_not_written_through(tmp_path: Path, shipped: Mapping[str, Traversable]) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(AlreadyThere):
        write_project(tmp_path, NO_KEYS, shipped)

    assert not (tmp_path / "elsewhere").exists()


def test_what_was_begun_is_taken_back_when_writing_fails(tmp_path: Path, shipped: Mapping[str, Traversable]) -> None:
    (tmp_path / "prompts").write_text("a file where a folder is needed")

    with pytest.raises(OSError, match="prompts"):
        write_project(tmp_path, NO_KEYS, shipped)

    assert not (tmp_path / "tollhouse.yaml").exists()
    assert not (tmp_path / ".env").exists()
