import re
from collections.abc import Iterator

import pytest

from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.privacy.guardrails.leaked import Leaked
from tollhouse.privacy.guardrails.schema import Schema
from tollhouse.privacy.guardrails.verdict import Hit, Question
from tollhouse.privacy.spans import Span

SCHEMA = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]}


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ('{"amount": 5}', []),
        ('{"amount": "5"}', [Hit("mismatch", 0, 15)]),
        ("{}", [Hit("mismatch", 0, 2)]),
        ('{"amount": 5', [Hit("not_json", 12, 12)]),
        ("The amount is 5.", [Hit("not_json", 0, 1)]),
        ("[" * 100_000, [Hit("not_json", 0, 1)]),
    ],
)
def test_an_answer_that_breaks_the_schema_asked_for_is_found(text: str, hits: list[Hit]) -> None:
    assert list(Schema(JsonSchemaChecker()).hits(text, Question(schema=SCHEMA))) == hits


def test_only_what_was_asked_for_is_looked_at() -> None:
    guardrail = Schema(JsonSchemaChecker())

    assert list(guardrail.hits("plain text")) == []
    assert list(guardrail.hits("[]", Question(wants_json=True))) == []
    assert [hit.rule for hit in guardrail.hits("no", Question(wants_json=True))] == ["not_json"]


KINDS = {
    "IBAN": r"CH\d\d[\d ]{15,22}\d",
    "EMAIL_ADDRESS": r"\S+@\S+\.\w+",
    "PERSON": r"Ana Meier|Goethe",
    "PIN": r"\b\d{4}\b",
}


def find(text: str) -> Iterator[Span]:
    for kind, pattern in KINDS.items():
        yield from (Span(*found.span(), kind, 1.0) for found in re.finditer(pattern, text))


QUESTION = Question(texts=["I am Ana.Meier@post.example, IBAN CH93 0076 2011 6238 5295 7.", "Code 1234"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Pay to CH9300762011623852957 please", []),
        ("Pay to CH93 0076 2011 6238 5295 7 please", []),
        ("Pay to CH5604835012345678009 please", ["iban"]),
        ("Mail ana.meier@post.example or bob@post.example", ["email_address"]),
        ("Goethe wrote Faust", []),
        ("Code 1234, not 9300", ["pin"]),  # 9300 stands in the IBAN, but nobody wrote it as a number
    ],
)
def test_personal_data_counts_as_leaked_unless_the_question_holds_it(text: str, found: list[str]) -> None:
    assert [hit.rule for hit in Leaked(find).hits(text, QUESTION)] == found
