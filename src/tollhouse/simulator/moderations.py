"""POST /v1/moderations: a text is flagged for a category whose name it mentions."""

import re
from collections.abc import Iterator

import msgspec

from . import tokens
from .asked import Asked, Reader, Refused, text_and_tokens
from .failures import invalid
from .scene import Frame, Scene

DEFAULT_MODEL = "sim-moderate"
CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
_OF_IMAGES = frozenset(
    {"self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "violence", "violence/graphic"}
)


class ModerationBody(msgspec.Struct):
    input: str | list[msgspec.Raw]
    model: str = ""


_BODIES = Reader(ModerationBody)


class Moderations:
    """See `scene.Endpoint`."""

    name = "moderations"

    def read(self, body: bytes, model: str | None) -> Asked:
        sent = _BODIES.read(body)
        prompts, tokens_in = _inputs(sent.input)
        return Asked(
            endpoint=self.name,
            model=sent.model or model or DEFAULT_MODEL,
            text=prompts[0],
            prompts=prompts,
            tokens_in=tokens_in,
            n=0,
        )

    def body(self, scene: Scene) -> bytes:
        results = [_result(prompt) for prompt in scene.asked.prompts]
        return msgspec.json.encode({"id": f"modr-{scene.number}", "model": scene.asked.model, "results": results})

    def frames(self, scene: Scene) -> Iterator[Frame]:
        raise AssertionError("moderations are never streamed")


def _inputs(given: str | list[msgspec.Raw]) -> tuple[tuple[str, ...], int]:
    """Return the texts to judge: one, several, or the text of one multimodal input. Raises Refused."""
    if isinstance(given, str):
        return (given,), tokens.count(given)
    if not given:
        raise Refused(invalid("Invalid 'input': empty array.", param="input", code="empty_array"))
    if bytes(given[0]).startswith(b"{"):
        text, total = text_and_tokens(given)
        return (text,), total
    try:
        texts = [msgspec.json.decode(raw, type=str) for raw in given]
    except msgspec.ValidationError as error:
        raise Refused(invalid("Invalid 'input': expected texts.", param="input", code="invalid_type")) from error
    return tuple(texts), sum(map(tokens.count, texts))


def _result(text: str) -> dict[str, object]:
    found = {category: _mentions(text, category) for category in CATEGORIES}
    types = {name: ["text", "image"] if name in _OF_IMAGES else ["text"] for name in CATEGORIES}
    return {
        "flagged": any(found.values()),
        "categories": found,
        "category_scores": {category: 0.98 if hit else 0.0001 for category, hit in found.items()},
        "category_applied_input_types": types,
    }


def _mentions(text: str, category: str) -> bool:
    return re.search(rf"(?<![\w/-]){re.escape(category)}(?![\w/-])", text, re.IGNORECASE) is not None
