"""An answer's text: mended if that is free, checked against the schema and against sense."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from tollhouse.ports.schema import SchemaChecker

ANSWER_CHARS_MAX = 200_000
"""A triage has some thousand characters; mending a longer text would cost seconds."""
SUMMARY_CHARS_MAX = 2_000
REASONS_MAX = 20
REASON_CHARS_MAX = 1_000
"""Bounds on what people have to read; far above what the prompt asks for."""
YEARS = range(1886, 2101)
"""The first motor car was built in 1886."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    Args:
        value: the object, if there is one.
        mended: the text was not JSON as it stood; json-repair made it so.
        problems: one line each; none if it will do.
    """

    value: Mapping[str, object] | None
    mended: bool
    problems: tuple[str, ...]


def read_answer(text: str, schema: Mapping[str, object], checker: SchemaChecker) -> Answer:
    """Read and check an answer. Raises ValueError if the schema itself cannot be used."""
    value, mended = _value(text)
    if not isinstance(value, dict):
        return Answer(None, mended, ("(whole): not a JSON object",))
    problems = checker.problems(schema, value)
    return Answer(value, mended, tuple(problems or _senseless(value)))


def _value(text: str) -> tuple[object, bool]:
    if len(text) > ANSWER_CHARS_MAX:
        return None, False
    try:
        return json.loads(text), False
    except (json.JSONDecodeError, RecursionError):
        return _mended(text), True


def _mended(text: str) -> object:
    """Fences, quotes, trailing commas and a missing end can be mended without asking again."""
    from json_repair import repair_json

    try:
        mended: object = repair_json(text, return_objects=True)
    except (ValueError, RecursionError):
        return None
    return mended


def _senseless(value: Mapping[str, object]) -> Iterator[str]:
    """Say what the schema cannot: strict structured output has no lengths and bounds."""
    summary, reasons = cast(str, value["summary"]), cast(list[str], value["reasons"])
    if not summary.strip():
        yield "summary: must not be empty"
    if len(summary) > SUMMARY_CHARS_MAX:
        yield f"summary: has more than {SUMMARY_CHARS_MAX} characters"
    if not 1 <= len(reasons) <= REASONS_MAX:
        yield f"reasons: must have 1 to {REASONS_MAX} entries"
    if any(not reason.strip() or len(reason) > REASON_CHARS_MAX for reason in reasons):
        yield f"reasons: each must be a text of at most {REASON_CHARS_MAX} characters"
    yield from _senseless_facts(cast(Mapping[str, object], value["facts"]))


def _senseless_facts(facts: Mapping[str, object]) -> Iterator[str]:
    for name in ("persons_hurt", "mileage", "speed"):
        number = facts.get(name)
        if isinstance(number, int) and number < 0:
            yield f"facts.{name}: must not be negative"
    year = facts.get("vehicle_year")
    if isinstance(year, int) and year not in YEARS:
        yield f"facts.vehicle_year: must be a year from {YEARS.start} to {YEARS.stop - 1}, or null"
