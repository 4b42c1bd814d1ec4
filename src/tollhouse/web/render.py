"""A call and a usage row as JSON members: one shape wherever they are shown (API, command line, log)."""

from tollhouse.domain.calls import Attempt, Call
from tollhouse.domain.money import usd_from_nano
from tollhouse.ports.usage import UsageReport, UsageRow

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
        "privacy": call.privacy,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "tokens_cached": call.tokens_cached,
        "estimated": call.estimated,
        "cost_usd": usd_from_nano(call.cost_nanousd),
        "saved_usd": "0",  # nothing is answered from a cache yet, so nothing is saved
        "latency_ms": call.latency_ms,
        "first_token_ms": call.first_token_ms,
        "overhead_ms": call.overhead_ms,
        "tags": call.tags,
        "attempts": [attempt_json(attempt) for attempt in call.attempts],
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
        "saved_usd": "0",
        "estimated_usd": usd_from_nano(row.estimated_nanousd),
        "unknown_attempts": row.unknown_attempts,
    }
