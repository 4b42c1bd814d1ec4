"""A call and a usage row as JSON members: one shape wherever they are shown (API, command line, log)."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO

from tollhouse.domain.calls import Attempt, Call
from tollhouse.domain.money import usd_from_nano
from tollhouse.domain.privacy import read_told
from tollhouse.domain.verdicts import Verdict
from tollhouse.ports.usage import UsageReport, UsageRow
from tollhouse.privacy.spans import Span

from .moments import rfc3339


def call_json(call: Call) -> dict[str, object]:
    return {
        "id": call.id,
        "at": rfc3339(call.at_ms),
        "endpoint": call.endpoint,
        "team": call.team,
        "use_case": call.use_case,
        "key": call.key,
        "model": call.model,
        "provider": call.provider,
        "deployment": call.deployment,
        "prompt": call.prompt,
        "run": call.run,
        "streamed": call.streamed,
        "status": call.status,
        "outcome": call.outcome.value,
        "cache": call.cache,
        "privacy": privacy_json(call.privacy),
        "guardrails": [verdict_json(verdict) for verdict in call.guardrails],
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "tokens_cached": call.tokens_cached,
        "estimated": call.estimated,
        "cost_usd": usd_from_nano(call.cost_nanousd),
        "saved_usd": usd_from_nano(call.saved_nanousd),
        "latency_ms": call.latency_ms,
        "first_token_ms": call.first_token_ms,
        "overhead_ms": call.overhead_ms,
        "tags": call.tags,
        "attempts": [attempt_json(attempt) for attempt in call.attempts],
    }


def privacy_json(told: str) -> dict[str, object]:
    """What was found in a call's request, by type, and what could not be read, by kind. Never a value."""
    said = read_told(told)
    return {"mode": said.mode, "examined": said.examined, "found": said.found, "unreadable": said.unreadable}


def span_json(span: Span) -> dict[str, object]:
    """Where personal data stands: offsets in code points."""
    return {"start": span.start, "end": span.end, "type": span.type, "score": span.score}


def verdict_json(verdict: Verdict) -> dict[str, object]:
    return {
        "rule": verdict.rule,
        "side": verdict.side.value,
        "part": verdict.part,
        "start": verdict.start,
        "end": verdict.end,
        "blocks": verdict.blocks,
    }


def attempt_json(attempt: Attempt) -> dict[str, object]:
    return {
        "id": attempt.id,
        "deployment": attempt.deployment,
        "state": attempt.state.value,
        "outcome": attempt.outcome.value,
        "tokens_in": attempt.tokens_in,
        "tokens_out": attempt.tokens_out,
        "estimated": attempt.estimated,
        "cost_usd": usd_from_nano(attempt.cost_nanousd),
        "latency_ms": attempt.latency_ms,
    }


def usage_json(report: UsageReport) -> dict[str, object]:
    return {"items": [row_json(row) for row in report.items], "total": row_json(report.total)}


def row_json(row: UsageRow) -> dict[str, object]:
    return {
        **row.by,
        "calls": row.calls,
        "errors": row.errors,
        "attempts": row.attempts,
        "tokens_in": row.tokens_in,
        "tokens_out": row.tokens_out,
        "tokens_cached": row.tokens_cached,
        "cost_usd": usd_from_nano(row.cost_nanousd),
        "saved_usd": usd_from_nano(row.saved_nanousd),
        "estimated_usd": usd_from_nano(row.estimated_nanousd),
        "unknown_attempts": row.unknown_attempts,
        "latency_p50_ms": row.latency_p50_ms,
        "latency_p95_ms": row.latency_p95_ms,
        "latency_p99_ms": row.latency_p99_ms,
        "first_token_p50_ms": row.first_token_p50_ms,
        "first_token_p95_ms": row.first_token_p95_ms,
    }


def usage_csv(by: Sequence[str], items: Sequence[Mapping[str, object]], total: Mapping[str, object]) -> str:
    """
    Return rows of `usage_json` as CSV, money as the same exact decimals and nothing as an empty cell.

    The total is left out, because whoever adds up a column would count it twice; without groups it is the one row.
    """
    text = StringIO()
    names = [*by, *(name for name in total if name not in by)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in (items if by else [total]))
    return text.getvalue()
