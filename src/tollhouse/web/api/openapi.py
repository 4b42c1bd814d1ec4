"""The description of what this service answers, as OpenAPI 3.1: our own API in full, and which of OpenAI's addresses we serve."""

from collections.abc import Mapping

from tollhouse import __version__
from tollhouse.domain.calls import AttemptState, Outcome
from tollhouse.ports.usage import DIMENSIONS

from .query import CALLS, TIME, USAGE, Known

Json = dict[str, object]

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
OUTCOME: Json = {"type": "string", "enum": [each.value for each in Outcome]}


def document() -> Json:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tollhouse",
            "version": __version__,
            "description": "One door for every AI call. `/v1` is OpenAI's API; `/api/v1` shows what went through it.",
        },
        "paths": {**_own_paths(), **_openai_paths(), **_probe_paths()},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "admin": {"type": "http", "scheme": "bearer", "description": "`server.admin_token`."},
                "key": {"type": "http", "scheme": "bearer", "description": "A key made by `tollhouse keys create`."},
            },
        },
    }


# --- our own --------------------------------------------------------------------------------------------------------


def _own_paths() -> Json:
    call_id = {"name": "id", "in": "path", "required": True, "schema": TEXT, "description": "`call_…`"}
    return {
        "/api/v1/calls": {"get": _read("List calls, newest first.", "CallPage", _parameters(CALLS))},
        "/api/v1/calls/{id}": {"get": _read("Show one call.", "Call", [call_id])},
        "/api/v1/usage": {"get": _read("Add up calls, tokens and cost.", "Usage", _parameters(USAGE))},
    }


def _read(summary: str, schema: str, parameters: list[Json]) -> Json:
    return {
        "summary": summary,
        "tags": ["ledger"],
        "security": [{"admin": []}],
        "parameters": parameters,
        "responses": {"200": _answer("Found.", _ref(schema)), "default": _problem()},
    }


def _parameters(known: Known) -> list[Json]:
    return [
        {"name": name, "in": "query", "schema": dict(each.schema), "description": each.meaning}
        for name, each in known.items()
    ]


# --- OpenAI's -------------------------------------------------------------------------------------------------------

_OPENAI_POSTS = {
    "/v1/chat/completions": "Create a chat completion, streamed or not.",
    "/v1/responses": "Create a response, streamed or not.",
    "/v1/completions": "Create a text completion, streamed or not.",
    "/v1/embeddings": "Create embeddings.",
    "/v1/moderations": "Classify text or images.",
}
_OPENAI_GETS = {
    "/v1/responses/{id}": "Show a stored response of this key's team and use case.",
    "/v1/models": "List the models that this key may use.",
    "/v1/models/{id}": "Show a model that this key may use.",
}
_REFERENCE = {"url": "https://platform.openai.com/docs/api-reference", "description": "Body and answer are OpenAI's."}


def _openai_paths() -> Json:
    posts = {path: {"post": _openai(summary, path, body=True)} for path, summary in _OPENAI_POSTS.items()}
    gets = {path: {"get": _openai(summary, path, body=False)} for path, summary in _OPENAI_GETS.items()}
    return {**posts, **gets}


def _openai(summary: str, path: str, *, body: bool) -> Json:
    parameters: list[Json] = [{"name": "id", "in": "path", "required": True, "schema": TEXT}] if "{id}" in path else []
    operation: Json = {
        "summary": summary,
        "tags": ["OpenAI"],
        "security": [{"key": []}],
        "externalDocs": _REFERENCE,
        "responses": {"200": _answer("OpenAI's answer.", {"type": "object"}), "default": _problem()},
    }
    if body:
        parameters += [_header(name, meaning) for name, meaning in _HEADERS.items()]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    return {**operation, "parameters": parameters}


_HEADERS = {
    "x-tollhouse-use-case": "The use case to act for; needed if the key has several.",
    "x-tollhouse-tags": "`k=v,…`: kept with the call.",
    "x-tollhouse-subject": "The data subject, if the call is about one.",
    "x-request-id": "Your id for this request: repeated in the answer, the log and the call.",
    "idempotency-key": "The same key and body within 24 hours get the same answer, and cost nothing more.",
}


def _header(name: str, meaning: str) -> Json:
    return {"name": name, "in": "header", "schema": TEXT, "description": meaning}


# --- probes ---------------------------------------------------------------------------------------------------------


def _probe_paths() -> Json:
    return {
        "/healthz": {"get": _probe("The process answers.", {"200": "Alive."})},
        "/readyz": {"get": _probe("It can take calls.", {"200": "Ready.", "503": "Not ready; the body says why."})},
        "/metrics": {"get": _probe("Prometheus metrics, as text.", {"200": "Metrics."})},
    }


def _probe(summary: str, answers: Mapping[str, str]) -> Json:
    responses = {status: {"description": meaning} for status, meaning in answers.items()}
    return {"summary": summary, "tags": ["probes"], "security": [], "responses": responses}


# --- schemas --------------------------------------------------------------------------------------------------------


def _schemas() -> Json:
    return {
        "Call": _object(_CALL),
        "Attempt": _object(_ATTEMPT),
        "CallPage": _object({"items": _list("Call"), "next_cursor": TEXT_OR_NULL}),
        "UsageRow": _object(_SUMS, optional=dict.fromkeys(DIMENSIONS, TEXT_OR_NULL)),
        "Usage": _object({"items": _list("UsageRow"), "total": _ref("UsageRow")}),
        "Problem": _object(_PROBLEM),
    }


def _ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _list(schema: str) -> Json:
    return {"type": "array", "items": _ref(schema)}


def _object(members: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "properties": {**members, **(optional or {})},
        "required": list(members),
        "additionalProperties": False,
    }


def _answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem() -> Json:
    return _answer("An error: RFC 9457's members, and OpenAI's `error` beside them.", _ref("Problem"))


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
    "privacy": TEXT,
    **_TOKENS,
    "tokens_cached": COUNT,
    "estimated": FLAG,
    "cost_usd": USD,
    "saved_usd": USD,
    "latency_ms": MILLISECONDS,
    "first_token_ms": {"type": ["integer", "null"]},
    "overhead_ms": {"type": ["number", "null"]},
    "tags": {"type": "object", "additionalProperties": TEXT},
    "attempts": {"type": "array", "items": _ref("Attempt")},
}

_SUMS: Json = {
    "calls": COUNT,
    "errors": COUNT,
    "attempts": COUNT,
    **_TOKENS,
    "tokens_cached": COUNT,
    "cost_usd": USD,
    "saved_usd": USD,
    "estimated_usd": USD,
    "unknown_attempts": COUNT,
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
