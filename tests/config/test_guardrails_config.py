from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from config_files import loaded, problems
from tollhouse.config import tree
from tollhouse.config.govern import govern
from tollhouse.domain.guardrails import GuardrailRules, Topic
from tollhouse.privacy.guardrails import GUARDRAILS
from tollhouse.privacy.guardrails.phrases import TONES

FILE = """\
providers: {{local: {{dialect: inhouse}}}}
models: {{inhouse: {{deployments: [{{provider: local, model: auto}}]}}}}
teams: {{claims: {{}}}}
use_cases:
  triage:
    team: claims
    owner: ana@insurer.example
    models: [inhouse]
    {text}
"""


def rules(folder: Path, text: str) -> GuardrailRules:
    return govern(loaded(folder, FILE.format(text=text)).settings).use_cases["triage"].guardrails


def test_every_guardrail_has_its_key_and_every_key_its_guardrail() -> None:
    assert sorted(tree.Guardrails.model_fields) == sorted(GUARDRAILS)
    assert sorted(get_args(get_args(get_type_hints(tree.UseCase)["tone"])[0])) == sorted(TONES)


def test_without_a_word_there_are_none(tmp_path: Path) -> None:
    assert rules(tmp_path, "state: live") == GuardrailRules()
    assert rules(tmp_path, "guardrails: off") == GuardrailRules()
    assert rules(tmp_path, "guardrails: {injection: off}") == GuardrailRules()


def test_what_the_file_says_is_what_the_house_goes_by(tmp_path: Path) -> None:
    text = (
        "guardrails: {injection: observe, topics: block, phrases: block, links: observe}\n"
        "    topics: {deny: {tax: [steuer*, tax return]}, allow: {claims: []}, examples: {claims: [My car was hit.]}}\n"
        "    banned_phrases: [guaranteed cover*]\n"
        "    tone: [insult]\n"
        "    link_hosts: ['*.Help.example.com']"
    )

    assert rules(tmp_path, text) == GuardrailRules(
        blocks=(("injection", False), ("topics", True), ("phrases", True), ("links", False)),
        allow=(Topic("claims", (), ("My car was hit.",)),),
        deny=(Topic("tax", ("steuer*", "tax return")),),
        banned_phrases=("guaranteed cover*",),
        tone=("insult",),
        link_hosts=("*.help.example.com",),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("guardrails: {injektion: block}", "did you mean `injection`?"),
        ("guardrails: {injection: refuse}", "is none of the values it can have"),
        ("guardrails: {topics: block}", "`guardrails.topics` has nothing to look for"),
        ("guardrails: {phrases: block}", "`guardrails.phrases` has nothing to look for"),
        ("topics: {deny: {tax: [tax]}}", "`topics` is listed, but nothing is done about it"),
        ("banned_phrases: [cheap]", "`banned_phrases` is listed, but nothing is done about it"),
        ("tone: [insult]", "`tone` is listed, but nothing is done about it"),
        ("link_hosts: [example.com]", "`link_hosts` is listed, but nothing is done about it"),
        ("guardrails: {topics: block}\n    topics: {deny: {tax: []}}", "has neither words nor examples"),
        (
            "guardrails: {topics: block}\n    topics: {examples: {tax: [What do I owe?]}}",
            "neither under `allow` nor under `deny`",
        ),
        ("guardrails: {phrases: block}\n    banned_phrases: ['…']", "is no phrase"),
        ("guardrails: {links: block}\n    link_hosts: ['https://example.com/a']", "is no host"),
        ("guardrails: {phrases: block}\n    tone: [loud]", "is none of the values it can have"),
    ],
)
def test_a_wrong_rule_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    found = problems(tmp_path, FILE.format(text=text))

    assert len(found) == 1
    assert told in found[0]
