"""`POST /v1/completions`, OpenAI's older text completions."""

from collections.abc import Iterable, Mapping

import msgspec

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.money import Usage
from tollhouse.domain.wire import Answer, Asked, Facts, Message, Prompt, Shaped

from .chat import MAX_CHOICES, MAX_OUTPUT_TOKENS, FaultBody, UsageBody, fault_of, last_chunk, usage_body
from .members import add_usage, decoded, raw, read_members, typed, within, write_members
from .policy import apply_parameters, output_limit, write_limit

LIMITS = ("max_tokens",)


class _Known(msgspec.Struct):
    prompt: str | list[str | int | list[int]]
    model: str = ""
    stream: bool | None = None
    stream_options: dict[str, object] | None = None
    n: int | None = None
    best_of: int | None = None
    max_tokens: int | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    text: str | None = None
    finish_reason: str | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: UsageBody | None = None
    error: FaultBody | str | None = None


_KNOWN = msgspec.json.Decoder(_Known)
_BODY = msgspec.json.Decoder(_Body)


class Completions:
    """The adapter for text completions (ports/endpoint.py). A chunk and a whole answer have one shape."""

    name = "completions"
    path = "/completions"
    ends_with_done = True

    def read(self, body: bytes) -> Asked:
        members = read_members(body)
        known = typed(_KNOWN, body)
        within("n", known.n, 1, MAX_CHOICES)
        within("best_of", known.best_of, 1, MAX_CHOICES)
        within("max_tokens", known.max_tokens, 1, MAX_OUTPUT_TOKENS)
        return Asked(
            model=known.model,
            streamed=bool(known.stream),
            members=members,
            body_bytes=len(body),
            limit=known.max_tokens,
            choices=(known.n or 1) * _prompts(known.prompt),
            usage_asked=bool((known.stream_options or {}).get("include_usage")),
        )

    def shape(
        self, asked: Asked, deployment: Deployment, *, parameters: Parameters, output_tokens_max: int | None
    ) -> Shaped:
        members = dict(asked.members)
        members["model"] = raw(deployment.model)
        clamped = apply_parameters(members, parameters, deployment)
        limit = output_limit(asked, deployment, parameters, use_case_max=output_tokens_max)
        if asked.limit is not None and limit < asked.limit:
            clamped.append("max_tokens")
        bound = write_limit(members, LIMITS, "max_tokens", limit, deployment)
        if asked.streamed and "stream_options" not in deployment.refuses:
            members["stream_options"] = b'{"include_usage":true}'
        known = typed(_KNOWN, write_members(members))
        prompts = _prompts(known.prompt)
        written = max(known.n or 1, known.best_of or 1) * prompts
        return Shaped(write_members(members), bound * written, tuple(clamped), (known.n or 1) * prompts)

    def scan(self, data: bytes) -> Facts:
        return self._facts(decoded(_BODY, data), ended=False)

    def scan_whole(self, body: bytes) -> Facts:
        whole = decoded(_BODY, body)
        if whole.choices is None and whole.error is None:
            raise ValueError("the answer has no `choices`")
        if any(choice.finish_reason is None for choice in whole.choices or []):
            raise ValueError("a choice has no `finish_reason`: the answer was cut")
        return self._facts(whole, ended=True)

    def _facts(self, body: _Body, *, ended: bool) -> Facts:
        choices = body.choices or []
        text = "".join([choice.text or "" for choice in choices])
        return Facts(
            output=bool(text) or (ended and bool(choices)),
            text=text,
            finished=tuple(choice.index for choice in choices if choice.finish_reason),
            ended=ended,
            usage=body.usage.usage() if body.usage else None,
            usage_only=not ended and body.usage is not None and not choices,
            fault=fault_of(body.error),
        )

    def prompt(self, asked: Asked) -> Prompt:
        prompt = typed(_KNOWN, write_members(asked.members)).prompt
        texts = [prompt] if isinstance(prompt, str) else [part for part in prompt if isinstance(part, str)]
        if not texts or not all(texts):
            raise InvalidRequest("`prompt` must be text; token ids can be read by the provider only.", param="prompt")
        return Prompt(messages=tuple(Message("user", text) for text in texts))

    def render(
        self, answer: Answer, asked: Asked, *, model: str, id_suffix: str, created: int
    ) -> Iterable[tuple[bytes, Facts]]:
        head = {"id": f"cmpl-{id_suffix}", "object": "text_completion", "created": created, "model": model}
        choice = {"index": 0, "text": answer.text, "logprobs": None, "finish_reason": answer.finish_reason}
        if not asked.streamed:
            body = {**head, "choices": [choice], "usage": usage_body(answer.usage)}
            yield raw(body), Facts(output=True, text=answer.text, finished=(0,), ended=True, usage=answer.usage)
            return
        yield b"data: " + raw({**head, "choices": [choice]}) + b"\n\n", Facts(True, answer.text, finished=(0,))
        last = {**head, "choices": [], "usage": usage_body(answer.usage)}
        yield b"data: " + raw(last) + b"\n\n", Facts(usage=answer.usage, usage_only=True)

    def with_usage(self, body: bytes, usage: Usage, extra: Mapping[str, object]) -> bytes:
        return add_usage(body, usage_body(usage), extra)

    def usage_event(self, event: bytes | None, usage: Usage, extra: Mapping[str, object]) -> bytes:
        return last_chunk(event, "text_completion", usage, extra)


def _prompts(prompt: str | list[str | int | list[int]]) -> int:
    """How many prompts one request holds: a list of texts or of token lists holds one each."""
    if isinstance(prompt, str) or not prompt or isinstance(prompt[0], int):
        return 1
    return len(prompt)
