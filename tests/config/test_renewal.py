"""What a configuration that is read again changes at once, and what waits for the next start."""

from pathlib import Path

import pytest

from config_files import SMALL, loaded
from tollhouse.config import tree
from tollhouse.config.renewal import AT_START, NAMED, NAMES_MAX, RENEWED, Renewal, renewed

ELSEWHERE = {"organisation", "keys"}
"""Sections that are looked at by themselves."""


def between(folder: Path, before: str, after: str, environ: dict[str, str] | None = None) -> Renewal:
    return renewed(loaded(folder, before), loaded(folder, after, environ))


def test_the_same_file_changes_nothing(tmp_path: Path) -> None:
    renewal = between(tmp_path, SMALL, SMALL)

    assert (renewal.changed, renewal.waits) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v2", "providers.openai"),
        ("api_key: sk-1", "api_key: sk-2", "providers.openai"),
        ("gpt-5-mini", "gpt-5", "models.fast"),
        ("sales: {}", "sales: {budget: {limit_usd: 1, period: day}}", "teams.sales"),
        ("a@example.com", "b@example.com", "use_cases.triage"),
        ("abcdef-ci", "abcdef-cj", "keys.ci"),
        ("name: ci", "name: cd", "keys.ci keys.cd"),
    ],
)
def test_a_change_is_named_without_its_value(tmp_path: Path, old: str, new: str, named: str) -> None:
    renewal = between(tmp_path, SMALL, SMALL.replace(old, new))

    assert renewal.changed == tuple(named.split())
    assert renewal.waits == ()


def test_the_admin_token_and_the_organisations_name_count_at_once(tmp_path: Path) -> None:
    more = "server: {admin_token: 0123456789abcdef-a}\norganisation: {name: Example AG}\n"

    renewal = between(tmp_path, SMALL, SMALL + more)

    assert renewal.changed == ("organisation.name", "server.admin_token")
    assert renewal.loaded.settings.organisation.name == "Example AG"


def test_what_a_process_stands_on_waits_and_stays(tmp_path: Path) -> None:
    more = (
        "server: {listen: '127.0.0.1:1', workers: 4, drain_ms: 5}\nstorage: {path: elsewhere}\n"
        "privacy: {master_key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=}\norganisation: {time_zone: Europe/Zurich}\n"
    )

    renewal = between(tmp_path, SMALL, SMALL + more)

    assert renewal.changed == ()
    assert set(renewal.waits) == {
        "server.listen",
        "server.workers",
        "server.drain_ms",
        "storage.path",
        "privacy.master_key",
        "organisation.time_zone",
    }
    settings = renewal.loaded.settings
    assert (settings.server, settings.storage, settings.privacy) == (tree.Server(), tree.Storage(), tree.Privacy())
    assert settings.organisation.time_zone == "UTC"


def test_other_proxies_of_the_environment_wait(tmp_path: Path) -> None:
    renewal = between(tmp_path, SMALL, SMALL, {"HTTPS_PROXY": "http://proxy.example:3128"})

    assert renewal.waits == ("HTTPS_PROXY, HTTP_PROXY or NO_PROXY",)
    assert not renewal.loaded.proxies


def test_a_long_list_of_changes_is_cut_and_counted(tmp_path: Path) -> None:
    many = ", ".join(f"team{number}: {{}}" for number in range(NAMES_MAX + 7))

    renewal = between(tmp_path, SMALL, SMALL.replace("sales: {}", f"sales: {{}}, {many}"))

    assert len(renewal.changed) == NAMES_MAX + 1
    assert renewal.changed[-1] == "and 7 more"


def test_every_section_and_every_setting_of_the_server_has_its_place() -> None:
    assert set(tree.Settings.model_fields) == {*AT_START, *NAMED, *ELSEWHERE}
    assert all(key in tree.Settings.model_fields[section].annotation.model_fields for section, key in RENEWED)  # type: ignore[union-attr]
