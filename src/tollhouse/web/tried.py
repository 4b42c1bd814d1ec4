"""A back-test as JSON members: one shape wherever it is shown (API, command line)."""

from collections.abc import Mapping, Sequence

from tollhouse.domain.money import usd_from_nano
from tollhouse.governance.documents import budget_document, rate_document
from tollhouse.reports.backtest import Proposal, Struck, Tally, Trial

from .moments import rfc3339

Members = dict[str, object]


def trial_json(trial: Trial, proposal: Proposal, *, since_ms: int, until_ms: int) -> Members:
    return {
        "scope": proposal.scope.kind,
        "name": proposal.scope.name or None,
        "budget": budget_document(proposal.budget),
        "rate": rate_document(proposal.rate),
        "since": rfc3339(since_ms),
        "until": rfc3339(until_ms),
        "total": _sums(trial.days),
        "days": [{"day": tally.day, "team": tally.team, **_sums([tally])} for tally in trial.days],
        "calls": [_struck(each) for each in trial.struck],
    }


def _sums(tallies: Sequence[Tally]) -> Mapping[str, object]:
    def total(name: str) -> int:
        return sum(getattr(tally, name) for tally in tallies)

    return {
        "calls": total("calls"),
        "cost_usd": usd_from_nano(total("cost_nanousd")),
        "warned": total("warned"),
        "slowed": total("slowed"),
        "slowed_ms": total("slowed_ms"),
        "blocked": total("blocked"),
        "blocked_usd": usd_from_nano(total("blocked_nanousd")),
    }


def _struck(struck: Struck) -> Members:
    return {
        "call": struck.call,
        "at": rfc3339(struck.at_ms),
        "team": struck.team,
        "verdict": struck.verdict,
        "why": struck.why,
    }
