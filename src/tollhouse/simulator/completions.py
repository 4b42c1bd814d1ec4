"""POST /v1/completions: the older endpoint, one prompt or several, sixteen tokens unless asked for more."""

from collections.abc import Iterator

import msgspec

from . import tokens
from .asked import MAX_CHOICES, Asked, Reader, Refused, at_least
from .chat import StreamOptions
from .failures import invalid
from .said import Said, interleaved
from .scene import FINGERPRINT, Frame, Scene, usage_chunks, usage_of, with_usage

DEFAULT_LIMIT = 16
MAX_PROMPTS = 2048

Prompt = str | list[str | int | list[int]]


class CompletionBody(msgspec.Struct):
    prompt: Prompt
    model: str = ""
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    n: int | None = None
    best_of: int | None = None
    echo: bool | None = None


_BODIES = Reader(CompletionBody)


class Completions:
    """See `scene.Endpoint`."""

    name = "completions"

    def read(self, body: bytes, model: str | None) -> Asked:
        sent = _BODIES.read(body)
        prompts, tokens_in = prompts_and_tokens(sent.prompt, "prompt")
        limit = at_least("max_tokens", sent.max_tokens, 1)
        n = at_least("n", sent.n, 1, MAX_CHOICES) or 1
        return Asked(
            endpoint=self.name,
            model=sent.model or model or "",
            text=prompts[0],
            prompts=prompts,
            tokens_in=tokens_in,
            stream=sent.stream or False,
            include_usage=bool(sent.stream_options and sent.stream_options.include_usage),
            limit=DEFAULT_LIMIT if limit is None else limit,
            n=n,
            best_of=at_least("best_of", sent.best_of, n, MAX_CHOICES) or n,
            echo=sent.echo or False,
        )

    def body(self, scene: Scene) -> bytes:
        answer: dict[str, object] = {
            "id": f"cmpl-{scene.number}",
            "object": "text_completion",
            "created": scene.created,
            "model": scene.asked.model,
            "choices": [_choice(scene, index, said) for index, said in enumerate(scene.said)],
            "system_fingerprint": FINGERPRINT,
        }
        return with_usage(answer, usage_of(scene), scene.form)

    def frames(self, scene: Scene) -> Iterator[Frame]:
        chunk: dict[str, object] = {
            "id": f"cmpl-{scene.number}",
            "object": "text_completion",
            "created": scene.created,
            "model": scene.asked.model,
            "system_fingerprint": FINGERPRINT,
        }
        usage: dict[str, object] = {"usage": None} if scene.asked.include_usage else {}

        def frame(index: int, text: str, made: int, kind: str, finish: str | None = None) -> Frame:
            choice = {"text": text, "index": index, "logprobs": None, "finish_reason": finish}
            return Frame(msgspec.json.encode({**chunk, "choices": [choice], **usage}), made, kind)

        for index in range(len(scene.said) if scene.asked.echo else 0):
            yield frame(index, scene.asked.prompts[index // scene.asked.n], 0, "start")
        for index, piece, made in interleaved(scene.said):
            yield frame(index, piece, made, "output")
        made = scene.tokens_out
        for index, said in enumerate(scene.said if scene.form.finish else ()):
            yield frame(index, "", made, "end", _finish(said))
        if scene.asked.include_usage:
            yield from usage_chunks(chunk, usage_of(scene), scene.form, made)
        if scene.form.done:
            yield Frame(b"[DONE]", made, "end")


def prompts_and_tokens(given: Prompt, param: str) -> tuple[tuple[str, ...], int]:
    """Return the single inputs as text, and their tokens. Token ids are tokens as they stand. Raises Refused."""
    if isinstance(given, str):
        return (given,), tokens.count(given)
    if not given or len(given) > MAX_PROMPTS:
        raise Refused(invalid(f"Invalid '{param}': expected 1 to {MAX_PROMPTS} entries.", param=param))
    if all(isinstance(entry, int) for entry in given):
        return (" ".join(map(str, given)),), len(given)
    if any(isinstance(entry, int) for entry in given):
        raise Refused(invalid(f"Invalid '{param}': texts and token ids are mixed.", param=param))
    texts = tuple(entry if isinstance(entry, str) else " ".join(map(str, _ids(entry))) for entry in given)
    return texts, sum(tokens.count(entry) if isinstance(entry, str) else len(_ids(entry)) for entry in given)


def _ids(entry: int | list[int] | str) -> list[int]:
    return entry if isinstance(entry, list) else []


def _choice(scene: Scene, index: int, said: Said) -> dict[str, object]:
    prompt = scene.asked.prompts[index // scene.asked.n] if scene.asked.echo else ""
    finish = _finish(said) if scene.form.finish else None
    return {"text": prompt + said.text, "index": index, "logprobs": None, "finish_reason": finish}


def _finish(said: Said) -> str:
    return said.finish if said.finish in ("stop", "length", "content_filter") else "stop"
