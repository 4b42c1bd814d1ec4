"""The description of what this service answers, as OpenAPI 3.1: our own API in full, and which of OpenAI's addresses we serve."""

import re
from collections.abc import Mapping, Sequence

from tollhouse import __version__
from tollhouse.governance.roles import PERMITTED

from .entry import Entry
from .query import Known
from .schemas import OURS, TEXT, Json, answer, or_null, problem, ref, schemas
from .table import ENTRIES


def document(entries: Sequence[Entry] = ENTRIES) -> Json:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tollhouse",
            "version": __version__,
            "description": (
                "One door for every AI call. `/v1` is OpenAI's API; `/api/v1` shows what went through it, "
                "and governs who may call, for what, and under which budget."
            ),
        },
        "paths": {**_own_paths(entries), **_openai_paths(), **_probe_paths()},
        "components": {
            "schemas": {**schemas(), **_bodies(entries)},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token (`tollhouse tokens create`), or `server.admin_token`.",
                },
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key made by `tollhouse keys create`, or a session token.",
                },
            },
        },
    }


# --- our own --------------------------------------------------------------------------------------------------------


def _own_paths(entries: Sequence[Entry]) -> Json:
    paths: dict[str, dict[str, object]] = {}
    for entry in entries:
        paths.setdefault(entry.path, {})[entry.method.lower()] = _operation(entry)
    return dict(paths)


def _operation(entry: Entry) -> Json:
    roles = sorted(role.value for role in PERMITTED.get(entry.action, frozenset()))
    operation: Json = {
        "summary": entry.summary,
        "description": _who(roles, for_keys=entry.for_keys),
        "tags": [entry.path.split("/")[3]],
        "security": [*([{"token": []}] if roles else []), *([{"key": []}] if entry.for_keys else [])],
        "x-roles": roles,
        "x-action": entry.action.name.lower(),
        "parameters": [*_path_parameters(entry.path), *_parameters(entry.query), *_header_parameters(entry)],
        "responses": {str(entry.status): _success(entry), "default": problem()},
    }
    if entry.body is not None:
        content = {"application/json": {"schema": ref(entry.body.__name__)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _who(roles: Sequence[str], *, for_keys: bool) -> str:
    named = f"Roles: {', '.join(roles)}." if roles else ""
    return f"{named} A caller's key or session token too.".strip() if for_keys else named


def _success(entry: Entry) -> Json:
    if entry.answer is None:
        return {"description": "Done."}
    return answer("Done." if entry.method != "GET" else "Found.", ref(entry.answer))


def _path_parameters(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": TEXT, "description": "Percent-encoded."}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _header_parameters(entry: Entry) -> list[Json]:
    if entry.method == "GET":
        return []
    versioned = "version" in entry.query or (entry.body is not None and "version" in entry.body.model_fields)
    return [
        _header("idempotency-key", _HEADERS["idempotency-key"]),
        *([_header("if-match", 'Change only this version: `"3"`, as the ETag said.')] if versioned else []),
    ]


def _parameters(known: Known) -> list[Json]:
    return [
        {"name": name, "in": "query", "schema": dict(each.schema), "description": each.meaning}
        for name, each in known.items()
    ]


def _bodies(entries: Sequence[Entry]) -> Json:
    """What our operations take, from the models that read it."""
    models = {entry.body.__name__: entry.body for entry in entries if entry.body is not None}
    return {name: _untitled(model.model_json_schema()) for name, model in models.items()}


def _untitled(value: object) -> object:
    """pydantic names every member again in a title, which says nothing, and takes no references to what it did not make."""
    if isinstance(value, dict) and OURS in value:
        return or_null(value[OURS])
    if isinstance(value, dict):
        return {name: _untitled(each) for name, each in value.items() if name != "title" or not isinstance(each, str)}
    if isinstance(value, list):
        return [_untitled(each) for each in value]
    return value


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
        "responses": {"200": answer("OpenAI's answer.", {"type": "object"}), "default": problem()},
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
