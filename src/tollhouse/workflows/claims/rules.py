"""
The rules after the model. Pure: a triage, the claim's words and who answered in, a triage out.

The rules can raise urgency and ask for a person; they never lower anything. Each that acts appends its reason.
Severity is the complaint file's: high = fire, injury or death. A person who was hit counts as hurt.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .harm import Finding, Harm
from .triage import FactValue, Triage

NUMBERS = ("vehicle_year", "mileage", "speed", "amount")
"""Facts that are numbers of the claim, as written."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What the rules may look at.

    Args:
        said: the claim's text and the facts that came with it.
        findings: harm that the text tells of.
        degraded: the in-house engine answered.
    """

    said: str
    findings: tuple[Finding, ...]
    degraded: bool


def apply_rules(triage: Triage, evidence: Evidence) -> Triage:
    """Return the triage as the rules leave it. The order is the order of the reasons."""
    ruled = _floor(triage, evidence)
    if ruled.urgency != triage.urgency:
        ruled = ruled.because(f"rule overruled: the model said {triage.urgency}", needs_human=True)
    for reason in _doubts(triage.facts, evidence):
        ruled = ruled.because(reason, needs_human=True)
    return ruled


def _floor(triage: Triage, evidence: Evidence) -> Triage:
    """A person hit, hurt, burnt or killed, or a fire, is high: by the claim's words, or by the model's own facts."""
    for finding in evidence.findings:
        triage = triage.because(f'rule {finding.harm}: "{finding.quote}"', urgency="high")
    if evidence.degraded:
        return triage  # the in-house engine's facts come from the same words, read with less care
    hurt, fire = triage.facts.get("persons_hurt"), triage.facts.get("fire")
    if _positive(hurt) and not _person(evidence):
        triage = triage.because(f"rule {Harm.HURT}: facts.persons_hurt is {hurt}", urgency="high")
    if fire is True and not _fire(evidence):
        triage = triage.because(f"rule {Harm.FIRE}: facts.fire is true", urgency="high")
    return triage


def _doubts(facts: Mapping[str, FactValue], evidence: Evidence) -> Iterator[str]:
    """Say what a person has to decide."""
    if _person(evidence) and facts.get("persons_hurt") == 0:
        yield "rule contradiction: the text tells of a person harmed, facts.persons_hurt is 0"
    if _fire(evidence) and facts.get("fire") is False:
        yield "rule contradiction: the text tells of a fire, facts.fire is false"
    if _positive(facts.get("persons_hurt")) and not _person(evidence):
        yield f"rule contradiction: facts.persons_hurt is {facts['persons_hurt']}, the text names nobody harmed"
    if evidence.degraded and _person(evidence):
        yield "rule degraded: the in-house engine judged a claim about a person harmed"
    for name in NUMBERS:
        if (value := facts.get(name)) is not None and not _is_said(value, evidence.said):
            yield f"rule not_in_text: facts.{name} {value} does not stand in the claim"


def _positive(value: FactValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _person(evidence: Evidence) -> bool:
    return any(finding.harm is not Harm.FIRE for finding in evidence.findings)


def _fire(evidence: Evidence) -> bool:
    return any(finding.harm is Harm.FIRE for finding in evidence.findings)


def _is_said(value: FactValue, said: str) -> bool:
    """Do the value's digits stand in the text, whatever separates its thousands (`39,300`, `39'300`, `39k`)?"""
    wanted = [number for number in _numbers(str(value)) if number]
    known = set(_numbers(said))
    return all(number in known for number in wanted)


def _numbers(text: str) -> Iterator[str]:
    for number in re.findall(r"\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?!\d)|\d+", text):
        yield re.sub(r"\D", "", number).lstrip("0")
    for thousands in re.findall(r"(\d+) ?k\b", text.casefold()):
        yield f"{thousands}000".lstrip("0")
    for short in re.findall(r"['’](\d\d)\b", text):
        yield from (f"19{short}", f"20{short}")
