"""The schemas of what `/api` answers, as the description has them."""

from tollhouse.domain.calls import AttemptState, Outcome
from tollhouse.domain.governance import FILE, STATES, STORE
from tollhouse.domain.periods import PeriodKind
from tollhouse.domain.privacy import MODES
from tollhouse.domain.roles import Role
from tollhouse.governance.documents import RATES
from tollhouse.ports.usage import DIMENSIONS, TAG

from .query import TIME

Json = dict[str, object]

OURS = "x-schema"
"""In a body's model: this member is one of the schemas below, or null."""

TEXT: Json = {"type": "string"}
TEXT_OR_NULL: Json = {"type": ["string", "null"]}
FLAG: Json = {"type": "boolean"}
COUNT: Json = {"type": "integer", "minimum": 0}
MILLISECONDS: Json = {"type": "integer", "minimum": 0}
USD: Json = {
    "type": "string",
    "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]{1,9})?$",
    "description": "US dollars as a plain decimal string, at most nine places.",
}
TIME_OR_NULL: Json = {"type": ["string", "null"], "format": "date-time"}
PART: Json = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
PERIOD: Json = {"type": "string", "enum": [each.value for each in PeriodKind]}
ON_EXHAUSTED: Json = {"type": "string", "enum": ["block", "fallback"]}
MANAGED: Json = {"type": "string", "enum": [FILE, STORE]}
ROLE: Json = {"type": "string", "enum": [each.value for each in Role]}
OUTCOME: Json = {"type": "string", "enum": [each.value for each in Outcome]}


def schemas() -> Json:
    return {
        "Call": _object(_CALL),
        "Attempt": _object(_ATTEMPT),
        "Verdict": _object(_VERDICT),
        "CallPage": _object({"items": _list("Call"), "next_cursor": TEXT_OR_NULL}),
        "UsageRow": {
            **_object(_SUMS, optional=dict.fromkeys(DIMENSIONS, TEXT_OR_NULL)),
            "patternProperties": {f"^{TAG}": TEXT_OR_NULL},
        },
        "Usage": _object({"items": _list("UsageRow"), "total": ref("UsageRow")}),
        "Change": _object(_CHANGE),
        "ChangePage": _object({"items": _list("Change"), "next_cursor": TEXT_OR_NULL}),
        "Budget": _object(_BUDGET, optional=_BUDGET_OPTIONS),
        "Rate": _object({}, optional=dict.fromkeys(RATES, COUNT)),
        "BudgetNow": _object(_BUDGET_NOW),
        "BudgetList": _items("BudgetNow"),
        "Trial": _object(_TRIAL),
        "Organisation": _governed("organisation", named=False),
        **{
            name: schema
            for kind, where in _WHERE.items()
            for name, schema in ((kind, _governed(where)), (f"{kind}List", _items(kind)))
        },
        "Purged": _object({"use_case": TEXT, "deleted": {"type": ["integer", "null"], "minimum": 0}}),
        "Key": _object(_KEY),
        "KeyList": _items("Key"),
        "KeyWithSecret": _object({**_KEY, "secret": _SECRET}),
        "Token": _object(_TOKEN),
        "TokenList": _items("Token"),
        "TokenWithSecret": _object({**_TOKEN, "secret": _SECRET}),
        "SessionToken": _object(_SESSION_TOKEN),
        "Me": {"oneOf": [ref("MeByToken"), ref("MeByKey")]},
        "MeByToken": _object(_ME_BY_TOKEN),
        "MeByKey": _object(_ME_BY_KEY),
        "Allowed": _object(_ALLOWED),
        "RateLeft": _object({"limit": COUNT, "left": COUNT, "whole_in_ms": MILLISECONDS}),
        "Privacy": _object(_PRIVACY),
        "Scanned": _object({"spans": _list("Span"), "masked": TEXT}),
        "Span": _object(_SPAN),
        "Problem": _object(_PROBLEM),
    }


def ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def or_null(schema: str) -> Json:
    return {"anyOf": [ref(schema), {"type": "null"}]}


def _list(schema: str) -> Json:
    return {"type": "array", "items": ref(schema)}


def _items(schema: str) -> Json:
    return _object({"items": _list(schema)})


def _governed(where: str, *, named: bool = True) -> Json:
    """An object in the shape of the configuration file, which `tollhouse config schema` prints."""
    own: Json = {**({"name": TEXT} if named else {}), **_GOVERNED}
    return {
        "type": "object",
        "description": f"The members of `{where}` in the configuration file, and these beside them.",
        "properties": own,
        "required": list(own),
    }


def _object(members: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "properties": {**members, **(optional or {})},
        "required": list(members),
        "additionalProperties": False,
    }


def answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def problem() -> Json:
    return answer("An error: RFC 9457's members, and OpenAI's `error` beside them.", ref("Problem"))


_TOKENS: Json = {"tokens_in": COUNT, "tokens_out": COUNT}

_ATTEMPT: Json = {
    "id": TEXT,
    "deployment": TEXT,
    "state": {"type": "string", "enum": [each.value for each in AttemptState]},
    "outcome": OUTCOME,
    **_TOKENS,
    "estimated": FLAG,
    "cost_usd": USD,
    "latency_ms": MILLISECONDS,
}

_COUNTS: Json = {"type": "object", "additionalProperties": COUNT}
_PRIVACY: Json = {
    "mode": {"type": "string", "enum": list(MODES)},
    "examined": {**FLAG, "description": "Did somebody look for personal data?"},
    "found": {**_COUNTS, "description": "How often each type of personal data was found in the request."},
    "unreadable": {**_COUNTS, "description": "How many parts of each kind could not be read."},
}

_SPAN: Json = {
    "start": {**COUNT, "description": "In code points, as `end`."},
    "end": COUNT,
    "type": TEXT,
    "score": {"type": "number", "description": "How sure it is, at most 1."},
}

_VERDICT: Json = {
    "rule": {"type": "string", "description": "The guardrail and its rule, as `injection.override`."},
    "side": {"enum": ["input", "output"]},
    "part": {"type": "string", "description": "Which text, as a path: `messages[2].content`."},
    "start": {"type": "integer", "minimum": 0, "description": "In code points of that text."},
    "end": {"type": "integer", "minimum": 0},
    "blocks": {"type": "boolean", "description": "False: it was only observed."},
}

_CALL: Json = {
    "id": TEXT,
    "at": TIME,
    "endpoint": TEXT,
    "team": TEXT,
    "use_case": TEXT,
    "key": TEXT,
    "model": {"type": "string", "description": "The route asked for."},
    "provider": TEXT_OR_NULL,
    "deployment": TEXT_OR_NULL,
    "prompt": TEXT_OR_NULL,
    "run": TEXT_OR_NULL,
    "streamed": FLAG,
    "status": {"type": "integer", "description": "The HTTP status sent; 499 if the caller left, 0 while running."},
    "outcome": OUTCOME,
    "cache": TEXT,
    "privacy": ref("Privacy"),
    "guardrails": {"type": "array", "items": ref("Verdict")},
    **_TOKENS,
    "tokens_cached": COUNT,
    "estimated": FLAG,
    "cost_usd": USD,
    "saved_usd": USD,
    "latency_ms": MILLISECONDS,
    "first_token_ms": {"type": ["integer", "null"]},
    "overhead_ms": {"type": ["number", "null"]},
    "tags": {"type": "object", "additionalProperties": TEXT},
    "attempts": {"type": "array", "items": ref("Attempt")},
}

_SUMS: Json = {
    "calls": COUNT,
    "errors": COUNT,
    "attempts": COUNT,
    **{name: {"type": "integer"} for name in ("tokens_in", "tokens_out", "tokens_cached")},  # corrections may take away
    "cost_usd": USD,
    "saved_usd": USD,
    "estimated_usd": USD,
    "unknown_attempts": COUNT,
    **{
        f"{what}_p{percent}_ms": {"type": ["integer", "null"], "description": "At most 5 % off; null without a call."}
        for what, percents in (("latency", (50, 95, 99)), ("first_token", (50, 95)))
        for percent in percents
    },
}

_GOVERNED: Json = {
    "managed": {**MANAGED, "description": "`file`: the configuration file defines it, and only there it is changed."},
    "version": {**COUNT, "description": "Counts its changes; 0 of what the file manages."},
    "warnings": {"type": "array", "items": TEXT},
}

_WHERE = {"Team": "teams.NAME", "UseCase": "use_cases.NAME", "Route": "models.NAME", "Price": "models.NAME.price"}

_BUDGET: Json = {"limit_usd": USD, "period": PERIOD}

_BUDGET_OPTIONS: Json = {
    "warn_at": {"type": "array", "items": PART, "description": "Parts of the limit at which it warns, once each."},
    "on_exhausted": ON_EXHAUSTED,
}

_BUDGET_FIGURES: Json = {
    "scope": {"type": "string", "enum": ["organisation", "team", "use_case", "key", "session"]},
    "name": TEXT_OR_NULL,
    **_BUDGET,
    "start": TIME_OR_NULL,
    "end": TIME_OR_NULL,
    "spent_usd": USD,
    "held_usd": {**USD, "description": "Leased by processes, for calls under way and to come."},
    "left_usd": {**USD, "description": "Limit less spent less held; below zero after a cut."},
    "on_exhausted": ON_EXHAUSTED,
}

_BUDGET_NOW: Json = {
    **_BUDGET_FIGURES,
    "warn_at": {"type": "array", "items": PART},
    "warned": {"type": "array", "items": PART, "description": "Thresholds told of in this period."},
    "managed": MANAGED,
}

_TRIED: Json = {
    "calls": COUNT,
    "cost_usd": USD,
    "warned": COUNT,
    "slowed": COUNT,
    "slowed_ms": MILLISECONDS,
    "blocked": COUNT,
    "blocked_usd": USD,
}

_STRUCK: Json = {
    "call": TEXT,
    "at": TIME,
    "team": TEXT,
    "verdict": {"type": "string", "enum": ["warned", "slowed", "blocked"]},
    "why": TEXT,
}

_TRIAL: Json = {
    "scope": TEXT,
    "name": TEXT_OR_NULL,
    "budget": or_null("Budget"),
    "rate": or_null("Rate"),
    "since": TIME,
    "until": TIME,
    "total": _object(_TRIED),
    "days": {"type": "array", "items": _object({"day": TEXT, "team": TEXT, **_TRIED})},
    "calls": {"type": "array", "items": _object(_STRUCK)},
}

_KEY: Json = {
    "name": TEXT,
    "prefix": TEXT_OR_NULL,
    "team": TEXT,
    "use_cases": {"type": "array", "items": TEXT, "description": "None: every one of the team."},
    "models": {"type": ["array", "null"], "items": TEXT, "description": "null: every one of the use case."},
    "budget": or_null("Budget"),
    "rate": or_null("Rate"),
    "managed": MANAGED,
    "created": TIME_OR_NULL,
    "created_by": TEXT_OR_NULL,
    "expires": TIME_OR_NULL,
    "revoked": TIME_OR_NULL,
    "rotated_until": {**TIME_OR_NULL, "description": "Until then the secret before this one is good too."},
    "last_used": TIME_OR_NULL,
}

_TOKEN: Json = {
    "name": TEXT,
    "prefix": TEXT,
    "role": ROLE,
    "team": TEXT_OR_NULL,
    "created": TIME,
    "created_by": TEXT,
    "expires": TIME_OR_NULL,
    "revoked": TIME_OR_NULL,
    "last_used": TIME_OR_NULL,
}

_SECRET: Json = {"type": "string", "description": "Shown this once; only its SHA-256 is kept."}

_SESSION_TOKEN: Json = {
    "token": {"type": "string", "description": "For `Authorization: Bearer` of the page's calls. It is not stored."},
    "id": {"type": "string", "description": "Stands on the session's calls."},
    "expires": TIME,
    "use_case": TEXT,
    "origins": {"type": "array", "items": TEXT},
}

_CHANGE: Json = {
    "id": TEXT,
    "at": TIME,
    "kind": TEXT,
    "name": TEXT,
    "team": TEXT_OR_NULL,
    "author": TEXT,
    "reason": TEXT,
    "before": {"type": ["object", "null"]},
    "after": {"type": ["object", "null"]},
}

_ME_BY_TOKEN: Json = {
    "kind": {"type": "string", "enum": ["access_token", "admin_token"]},
    "name": TEXT,
    "role": ROLE,
    "team": TEXT_OR_NULL,
    "expires": TIME_OR_NULL,
    "may": {"type": "array", "items": TEXT},
}

_ME_BY_KEY: Json = {
    "kind": {"type": "string", "enum": ["key", "session"]},
    "name": {"type": "string", "description": "The key's; of a session its parent's."},
    "team": TEXT,
    "subject": TEXT_OR_NULL,
    "expires": TIME_OR_NULL,
    "use_cases": {"type": "array", "items": ref("Allowed")},
}

_ALLOWED: Json = {
    "name": TEXT,
    "state": {"type": "string", "enum": list(STATES)},
    "models": {"type": "array", "items": TEXT, "description": "The first is the default."},
    "parameters": _object(
        {"default": {"type": "object"}, "max": {"type": "object"}, "locked": {"type": "array", "items": TEXT}}
    ),
    "max_output_tokens": {"type": ["integer", "null"]},
    "budgets": {"type": "array", "items": _object(_BUDGET_FIGURES)},
    "rate": _object({}, optional={"requests": ref("RateLeft"), "tokens": ref("RateLeft")}),
}

_PROBLEM: Json = {
    "type": {"type": "string", "format": "uri"},
    "title": TEXT,
    "status": {"type": "integer"},
    "detail": TEXT,
    "instance": TEXT,
    "code": TEXT,
    "request_id": TEXT,
    "error": _object({"message": TEXT, "type": TEXT, "param": TEXT_OR_NULL, "code": TEXT_OR_NULL}),
}
