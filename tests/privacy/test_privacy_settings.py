"""A use case's `privacy` in the configuration: patterns go to an engine that has to take them."""

from pathlib import Path

import pytest

from tollhouse.config.govern import govern
from tollhouse.config.load import load
from tollhouse.domain.errors import ConfigError
from tollhouse.domain.privacy import MASK, PrivacyRules

FILE = """\
providers: {{local: {{dialect: inhouse}}}}
models: {{inhouse: {{deployments: [{{provider: local, model: auto}}]}}}}
teams: {{claims: {{}}}}
use_cases:
  triage: {{team: claims, owner: a@example.com, models: [inhouse]{privacy}}}
"""


def rules(folder: Path, privacy: str) -> PrivacyRules:
    path = folder / "tollhouse.yaml"
    path.write_text(FILE.format(privacy=privacy and f", privacy: {privacy}"))
    return govern(load(path, {}).settings).use_cases["triage"].privacy


def test_nothing_said_means_mask(tmp_path: Path) -> None:
    assert rules(tmp_path, "") == PrivacyRules(MASK, unreadable=False)


def test_what_is_said_is_in_force(tmp_path: Path) -> None:
    found = rules(tmp_path, "{mode: block, unreadable: allow, patterns: {staff-number: 'S[0-9]{5}'}}")

    assert found == PrivacyRules("block", unreadable=True, patterns=(("staff-number", "S[0-9]{5}"),))


@pytest.mark.parametrize(
    ("patterns", "told"),
    [
        ("{staff: 'S('}", "privacy.patterns.staff`: the pattern cannot be used: the linear-time engine (RE2)"),
        ("{staff: '(a)\\1'}", "privacy.patterns.staff`: the pattern cannot be used"),
        ("{2nd: 'S[0-9]+'}", "'2nd' is not a name that a placeholder can have"),
        (f"{{{'a' * 33}: 'S[0-9]+'}}", "is not a name that a placeholder can have"),
        ("{a--b: 'S[0-9]+'}", "is not a name that a placeholder can have"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_told_with_its_line(tmp_path: Path, patterns: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules(tmp_path, f"{{patterns: {patterns}}}")

    assert "tollhouse.yaml:5: " in caught.value.message
    assert told in caught.value.message
