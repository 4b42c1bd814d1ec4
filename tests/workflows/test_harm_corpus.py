"""
Sentences in three languages, told in paraphrase and denied in paraphrase.

`harm_developed_on.jsonl` is what the word tables were developed on. `harm_kept_apart.jsonl` was written before the
tables and never tuned on; what it misses stays missed here, as the measure.
"""

import csv
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from tollhouse.workflows.claims.harm import Harm, findings
from tollhouse.workflows.claims.harm.languages import languages

HERE = Path(__file__).parent
LANGUAGES = ("en", "fr", "de")


@dataclass(frozen=True)
class Score:
    hit: int
    missed: int
    false_alarms: int
    quiet: int

    @property
    def recall(self) -> float:
        return self.hit / (self.hit + self.missed)

    @property
    def precision(self) -> float:
        return self.hit / (self.hit + self.false_alarms)


def scored(name: str, language: str) -> Score:
    cases = [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]
    counts = {(told, found): 0 for told in (True, False) for found in (True, False)}
    for case in cases:
        if case["language"] == language:
            counts[case["expect"] != "none", bool(findings(case["text"], languages()))] += 1
    return Score(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_the_tables_were_developed_on_is_read_right(language: str) -> None:
    score = scored("harm_developed_on.jsonl", language)

    assert (score.missed, score.false_alarms) == (0, 0)
    assert min(score.hit, score.quiet) >= 60


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_kept_apart_are_read_right_but_for_a_few(language: str) -> None:
    score = scored("harm_kept_apart.jsonl", language)

    assert min(score.hit + score.missed, score.quiet + score.false_alarms) >= 36
    assert score.recall >= 0.94
    assert score.precision >= 0.94


def test_a_fire_is_told_from_a_harmed_person() -> None:
    cases = [json.loads(line) for line in (HERE / "harm_developed_on.jsonl").read_text(encoding="utf-8").splitlines()]

    for case in cases:
        kinds = {finding.harm is Harm.FIRE for finding in findings(case["text"], languages())}
        assert (True in kinds, False in kinds) == (case["expect"] == "fire", case["expect"] == "person") or (
            case["expect"] != "none" and len(kinds) == 2
        ), case["text"]


def test_real_reports_raise_no_false_alarm_and_hide_nobody() -> None:
    sample = files("tollhouse.workflows.claims") / "sample" / "complaints.csv"
    reports = list(csv.DictReader(sample.read_text(encoding="utf-8").splitlines(keepends=True)))
    recorded = {
        report["id"]
        for report in reports
        if report["injured"] not in ("", "0") or report["deaths"] not in ("", "0") or report["fire"] == "Y"
    }

    told = {report["id"] for report in reports if findings(report["text"], languages())}

    assert len(reports) == 56
    assert recorded <= told
    assert told - recorded == {"227059"}  # "escaped with only a few bruises": told, though the file counts nobody
