"""POST /v1/embeddings: unit vectors from a hash, so that equal texts have equal vectors and others do not."""

import base64
import hashlib
import math
import struct
from collections.abc import Iterator

import msgspec

from .asked import Asked, Reader, Refused, at_least
from .completions import Prompt, prompts_and_tokens
from .failures import invalid
from .scene import Frame, Scene

DEFAULT_DIMENSIONS = 256
MAX_DIMENSIONS = 4096


class EmbeddingBody(msgspec.Struct):
    input: Prompt
    model: str = ""
    dimensions: int | None = None
    encoding_format: str | None = None


_BODIES = Reader(EmbeddingBody)


class Embeddings:
    """See `scene.Endpoint`."""

    name = "embeddings"

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def read(self, body: bytes, model: str | None) -> Asked:
        sent = _BODIES.read(body)
        if sent.encoding_format not in (None, "float", "base64"):
            raise Refused(invalid("Invalid 'encoding_format': float or base64.", param="encoding_format"))
        prompts, tokens_in = prompts_and_tokens(sent.input, "input")
        return Asked(
            endpoint=self.name,
            model=sent.model or model or "",
            text=prompts[0],
            prompts=prompts,
            tokens_in=tokens_in,
            n=0,
            dimensions=at_least("dimensions", sent.dimensions, 1, MAX_DIMENSIONS) or DEFAULT_DIMENSIONS,
            base64=sent.encoding_format == "base64",
        )

    def body(self, scene: Scene) -> bytes:
        asked = scene.asked
        data = [
            {"object": "embedding", "index": index, "embedding": self._vector(prompt, asked)}
            for index, prompt in enumerate(asked.prompts)
        ]
        answer: dict[str, object] = {"object": "list", "data": data, "model": asked.model}
        usage = {"prompt_tokens": scene.tokens_in, "total_tokens": scene.tokens_in}
        if scene.form.usage in ("once", "twice"):
            answer["usage"] = usage
        elif scene.form.usage == "null":
            answer["usage"] = None
        return msgspec.json.encode(answer)

    def frames(self, scene: Scene) -> Iterator[Frame]:
        raise AssertionError("embeddings are never streamed")

    def _vector(self, text: str, asked: Asked) -> list[float] | str:
        vector = unit_vector(f"{self._seed}\n{text}", asked.dimensions)
        if asked.base64:
            return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        return vector


def unit_vector(text: str, dimensions: int) -> list[float]:
    """Return a vector of length one whose direction is a hash of the text."""
    drawn = struct.unpack(f"<{dimensions}i", hashlib.shake_256(text.encode()).digest(4 * dimensions))
    length = math.sqrt(sum(number * number for number in drawn)) or 1.0
    return [number / length for number in drawn]
