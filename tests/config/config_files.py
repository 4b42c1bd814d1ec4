"""Configurations for tests: a small one that holds, and a folder to write one into."""

import json
from collections.abc import Mapping
from pathlib import Path

from tollhouse.config.load import Loaded, load
from tollhouse.config.problems import InvalidConfig

SMALL = """\
providers:
  local: {dialect: inhouse}
  openai: {dialect: openai, base_url: "https://api.example.com/v1", api_key: sk-1}
models:
  fast: {deployments: [{provider: openai, model: gpt-5-mini}], fallbacks: [inhouse]}
  inhouse: {deployments: [{provider: local, model: auto}]}
teams: {claims: {}, sales: {}}
use_cases:
  triage: {team: claims, owner: a@example.com, models: [fast], privacy: {mode: off}}
keys:
  - {name: ci, team: claims, use_cases: [triage], secret: 0123456789abcdef-ci}
"""


def loaded(folder: Path, text: str, environ: Mapping[str, str] | None = None, **flags: object) -> Loaded:
    path = folder / "tollhouse.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ or {}, {name.replace("__", "."): value for name, value in flags.items()})


def problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the problems as the operator reads them, with the file's folder taken off."""
    try:
        loaded(folder, text, environ)
    except InvalidConfig as error:
        return [line.replace(f"{folder}/", "") for line in error.message.splitlines()[1:]]
    return []


def as_json(value: object) -> str:
    return json.dumps(value, indent=1)


def small() -> dict[str, object]:
    """Return the small configuration as JSON values, to be changed by a test."""
    return {
        "server": {"workers": 1},
        "storage": {"path": "data"},
        "retention": {},
        "providers": {"local": {"dialect": "inhouse"}},
        "models": {"fast": {"deployments": [{"provider": "local", "model": "auto", "timeouts": {}}], "timeouts": {}}},
        "teams": {"claims": {}},
        "use_cases": {
            "triage": {
                "team": "claims",
                "owner": "a@example.com",
                "models": ["fast"],
                "privacy": {"mode": "off"},
                "budget": {"limit_usd": "1", "period": "day"},
            }
        },
        "keys": [{"name": "ci", "team": "claims", "secret": "0123456789abcdef"}],
    }
