"""Claims triage, in the order in which it happens: compose, ask, check (repair once), rules."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from tollhouse.domain.errors import AdmissionError, OperatorError, RequestError, TollhouseError
from tollhouse.prompts.compose import compose
from tollhouse.prompts.prompt import Prompt

from ..asking import Answered, Unanswered
from ..run import Bench, Case, RunResult, Workflow
from .answer import Answer, read_answer
from .harm import Finding, findings
from .harm.languages import languages
from .rules import Evidence, apply_rules
from .triage import COLUMNS, triage_from

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

PROMPT = "claims-triage"
TEXT_CHARS_MAX = 100_000
"""Some fifty pages. A longer text is a document, not a claim, and would be paid for by the token."""
REPAIR_CHARS_MAX = 20_000
"""Of a faulty answer, sent back with its problems."""

OUTPUT_MEMBERS = frozenset(("summary", "category", "urgency", "reasons", "facts", "needs_human"))


async def triage(bench: Bench, case: Case) -> RunResult:
    """Triage one claim. Raises OperatorError if the prompt cannot be used."""
    prompt = bench.prompts.load(case.prompt)
    schema = _schema_of(prompt)
    if refused := _unreadable(case.text):
        return RunResult("failed", None, refused, 0, 0)
    body = compose(prompt, _variables(case))

    def read(text: str) -> Answer:
        return read_answer(text, schema, bench.schema)

    try:
        answered = await bench.ask(body, prompt=prompt.ref, run=case.run, repair=_repairing(body, read))
    except Unanswered as unanswered:
        return RunResult("failed", None, str(unanswered), unanswered.cost_nanousd, unanswered.attempts)
    except OperatorError:
        raise
    except TollhouseError as error:
        return RunResult("failed", None, f"{error.code}: {error.message}", _cost_of(error), 0)
    harm = await asyncio.to_thread(
        findings, case.text, languages()
    )  # a hostile text of the greatest length takes a second
    return _result(case, harm, answered, read(answered.text))


def _result(case: Case, harm: tuple[Finding, ...], answered: Answered, answer: Answer) -> RunResult:
    cost, attempts = answered.cost_nanousd, answered.attempts
    if answer.problems or answer.value is None:
        told = "; ".join(answer.problems)
        return RunResult(
            "failed", None, f"invalid_output: after one repair the answer has problems: {told}", cost, attempts
        )
    said = "\n".join([case.text, *case.facts.values()])
    evidence = Evidence(said, harm, answered.degraded)
    ruled = apply_rules(triage_from(answer.value), evidence)
    if answer.mended:
        ruled = ruled.because("rule mended: the answer was not JSON as it stood and was mended")
    return RunResult("done", ruled.as_output(), None, cost, attempts)


def _variables(case: Case) -> dict[str, object]:
    return {"text": case.text.strip(), "facts": [{"name": name, "value": value} for name, value in case.facts.items()]}


def _unreadable(text: str) -> str | None:
    if not text.strip():
        return "empty_text: there is no text to triage"
    if len(text) > TEXT_CHARS_MAX:
        return f"text_too_long: {len(text)} characters; at most {TEXT_CHARS_MAX}"
    return None


def _repairing(
    body: Mapping[str, object], read: Callable[[str], Answer]
) -> Callable[[str], Mapping[str, object] | None]:
    """Return what decides whether an answer will do, and asks again with its problems if not."""

    def repair(text: str) -> Mapping[str, object] | None:
        problems = read(text).problems
        if not problems:
            return None
        messages = cast(list[object], body["messages"])
        listed = "\n".join(f"- {problem}" for problem in problems)
        again = f"Your answer cannot be used:\n{listed}\nAnswer again with the whole, corrected JSON object and nothing else."
        answer = {"role": "assistant", "content": text[:REPAIR_CHARS_MAX]}
        return {**body, "messages": [*messages, answer, {"role": "user", "content": again}]}

    return repair


def _schema_of(prompt: Prompt) -> Mapping[str, object]:
    """An operator may add to the schema, but the rules need what they read. Raises OperatorError."""
    schema = prompt.schema or {}
    properties = cast(Mapping[str, object], schema.get("properties", {}))
    if missing := OUTPUT_MEMBERS - set(properties):
        raise OperatorError(
            f"{prompt.place}/schema.json: claims triage needs {', '.join(sorted(missing))} at the top. "
            "Add them; `tollhouse init` in an empty folder writes the shipped schema."
        )
    return schema


def _cost_of(error: TollhouseError) -> int | None:
    """What was refused at the door cost nothing; of anything else only the ledger knows."""
    return 0 if isinstance(error, AdmissionError | RequestError) else None


def _shipped() -> "Mapping[str, Traversable]":
    from importlib.resources import files

    return {PROMPT: files("tollhouse.workflows.claims") / "prompts" / PROMPT}


WORKFLOW = Workflow(prompt=PROMPT, shipped=_shipped, columns=COLUMNS, run=triage)
