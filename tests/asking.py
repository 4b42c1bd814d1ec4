"""How the tests ask the engine: through the real endpoints, as the gateway does."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tollhouse.adapters.embedder import open_embedder
from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.domain.governance import Deployment, Timeouts
from tollhouse.domain.wire import Event
from tollhouse.gateway.endpoints import ENDPOINTS
from tollhouse.ports.embedder import Embedder
from tollhouse.ports.provider import Outgoing
from tollhouse.providers.inhouse.provider import InhouseProvider

CHAT = "/v1/chat/completions"
Turns = Sequence[tuple[str, str]]


def engine(open_it: Callable[[], Embedder] = open_embedder) -> InhouseProvider:
    return InhouseProvider("local", open_it, JsonSchemaChecker())


def outgoing(body: Mapping[str, object], *, path: str = CHAT, total_ms: int = 60_000, method: str = "POST") -> Outgoing:
    endpoint = ENDPOINTS[path]
    raw = msgspec.json.encode({"model": "inhouse", **body})
    return Outgoing(
        endpoint=endpoint,
        deployment=Deployment("local", "auto", "inhouse", timeouts=Timeouts(total_ms=total_ms)),
        asked=endpoint.read(raw),
        body=raw if method == "POST" else b"",
        path=endpoint.path,
        max_answer_bytes=1_000_000,
        method=method,
    )


def chat(turns: Turns, schema: Mapping[str, object] | None = None, **more: object) -> dict[str, object]:
    """Return a chat body; a lone text is one user message."""
    body: dict[str, object] = {"messages": [{"role": role, "content": text} for role, text in turns], **more}
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    return body


async def events(provider: InhouseProvider, request: Outgoing) -> list[Event]:
    return [event async for event in provider.send(request)]


async def answer(
    provider: InhouseProvider, *turns: tuple[str, str], schema: Mapping[str, object] | None = None, **more: object
) -> str:
    """Return the answer's text. Raises what `send` raises."""
    (whole,) = await events(provider, outgoing(chat(turns, schema, **more)))
    return whole.facts.text


async def filled(
    provider: InhouseProvider, text: str, schema: Mapping[str, object], system: str = "Answer with JSON."
) -> dict[str, object]:
    """Return the object that the engine builds from a text."""
    written = await answer(provider, ("system", system), ("user", text), schema=schema)
    return msgspec.json.decode(written, type=dict[str, object])


def an_object(**properties: Mapping[str, object]) -> dict[str, object]:
    """Return a schema of an object whose properties are all required."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
