"""One request with its answer, before it becomes bytes; and the events an answer is made of."""

from collections.abc import Iterator
from typing import Protocol

import msgspec

from .asked import Asked
from .behaviours import Behaviour, Cast, Form
from .said import Said

FINGERPRINT = "fp_simulator"


class Frame(msgspec.Struct, frozen=True):
    """
    One event of a stream. `tokens` are generated in all when it is out.

    `kind`: `output` carries output, `end` says that a choice is finished, or what comes after; `start` is the rest.
    """

    data: bytes
    tokens: int = 0
    kind: str = "start"
    event: bytes = b""


class Scene(msgspec.Struct, frozen=True):
    """What an endpoint needs to write the answer. `tokens_in` includes `tokens_cached` and a previous response's."""

    asked: Asked
    said: tuple[Said, ...]
    form: Form
    number: str
    created: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int

    @property
    def hidden_tokens(self) -> int:
        return sum(said.hidden_tokens for said in self.said)


class Endpoint(Protocol):
    """One address that reaches a model. `frames` is only asked for where `Asked.stream` can be true."""

    def read(self, body: bytes, model: str | None) -> Asked:
        """Read a request; `model` is the one named in the address, if any. Raises Refused."""
        ...

    def body(self, scene: Scene) -> bytes: ...

    def frames(self, scene: Scene) -> Iterator[Frame]: ...


def usage_of(scene: Scene) -> dict[str, object]:
    """Return the usage as Chat Completions and Completions write it."""
    out = scene.tokens_out
    return {
        "prompt_tokens": scene.tokens_in,
        "completion_tokens": out,
        "total_tokens": scene.tokens_in + out,
        "prompt_tokens_details": {"cached_tokens": scene.tokens_cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": scene.hidden_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def with_usage(answer: dict[str, object], usage: dict[str, object], form: Form) -> bytes:
    """Encode a whole answer with its usage in the behaviour's form."""
    match form.usage:
        case "once":
            answer["usage"] = usage
        case "null":
            answer["usage"] = None
        case "twice":  # a duplicate member cannot be had from an encoder
            twice = b'"usage":' + msgspec.json.encode(usage)
            return msgspec.json.encode(answer)[:-1] + b"," + twice + b"," + twice + b"}"
        case "none":
            pass
    return msgspec.json.encode(answer)


def usage_chunks(chunk: dict[str, object], usage: dict[str, object], form: Form, made: int) -> Iterator[Frame]:
    """Yield the usage chunks at the end of a stream for a caller who asked for usage."""
    times = {"once": 1, "null": 1, "twice": 2, "none": 0}[form.usage]
    frame = Frame(
        msgspec.json.encode({**chunk, "choices": [], "usage": None if form.usage == "null" else usage}), made, "end"
    )
    for _ in range(times):
        yield frame


def choices(asked: Asked, behaviour: Behaviour, cast: Cast) -> tuple[Said, ...]:
    """
    Return `n` equal choices for each prompt, cut at the output limit. None for endpoints without output (`n` 0).

    What `best_of` generates beyond them is hidden, and billed.
    """
    each: list[Said] = []
    for prompt in asked.prompts if asked.n else ():
        own = asked if prompt is asked.text else msgspec.structs.replace(asked, text=prompt)
        said = behaviour.say(own, cast)
        said = said if behaviour.over_limit else said.limited(asked.limit)
        surplus = (asked.best_of - asked.n) * said.tokens if asked.best_of > asked.n else 0
        first = msgspec.structs.replace(said, hidden_tokens=said.hidden_tokens + surplus) if surplus else said
        each += [first, *[said] * (asked.n - 1)]
    return tuple(each)
