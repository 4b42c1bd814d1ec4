"""What travels between web, gateway, routing and providers: a request as read, an answer as events, and what each tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .money import Usage


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, its text parts joined."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """
    A request in words, for an engine that does not speak OpenAI's wire (the in-house engine) and for counting tokens.

    Args:
        messages: in order; a plain completion prompt is one user message.
        schema: the JSON schema that the answer must satisfy; None if free text was asked for.
        json_object: the answer must be a JSON object of any shape.
        tools: the request offers tools.
        unreadable: kinds of parts that are not text (image, audio, file), one entry a part.
        instructed: what must be produced is `text`, `embedding` or `moderation`.
    """

    messages: tuple[Message, ...]
    schema: Mapping[str, object] | None = None
    json_object: bool = False
    tools: bool = False
    unreadable: tuple[str, ...] = ()
    instructed: str = "text"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a local engine produced: text and how it ended (`stop` | `length`)."""

    text: str
    usage: Usage
    finish_reason: str = "stop"


@dataclass(frozen=True, slots=True)
class ProviderFault:
    """An error object inside an answer: in a body with status 200 or in a stream."""

    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None


class Facts(NamedTuple):
    """
    What one event of an answer tells, whatever the endpoint.

    A tuple, as Event is: one is made for every event, and a frozen dataclass costs five times as much.

    Args:
        output: it carries output: text, a tool call, a refusal; not a role, not an empty delta.
        text: that output as text, for counting when the provider gives no usage.
        finished: indexes of the choices that ended with it. Endpoints without choices use 0.
        ended: nothing but `[DONE]` can follow (`response.completed`…), or it is `[DONE]` itself.
        usage: as the provider counted.
        usage_only: it carries nothing else (chat's last chunk with empty `choices`).
        fault: the provider reports an error in it.
        id: the stored thing's id, where the endpoint has such (`resp_…`).
    """

    output: bool = False
    text: str = ""
    finished: tuple[int, ...] = ()
    ended: bool = False
    usage: Usage | None = None
    usage_only: bool = False
    fault: ProviderFault | None = None
    id: str | None = None


NOTHING = Facts()


class Event(NamedTuple):
    """
    One piece of an answer. `data` is relayed as it came: on a stream one whole SSE event with its final blank line,
    otherwise the whole body.
    """

    data: bytes
    facts: Facts


@dataclass(slots=True)
class Asked:
    """
    A request body as an endpoint read it: the few members we must know, and all members as raw JSON.

    Args:
        model: the route's name.
        limit: the most output tokens the caller wants for one choice; None if not said.
        choices: how many choices (`n`).
        usage_asked: on a stream, did the caller ask for usage?
        members: every top-level member's raw JSON, in order; relayed byte for byte unless spliced.
        body_bytes: length of the body as received.
        parts: kinds of parts that are not text and whose tokens the bytes do not bound (image, audio, file).
        previous: id of the stored response this one continues.
    """

    model: str
    streamed: bool
    members: dict[str, bytes]
    body_bytes: int
    limit: int | None = None
    choices: int = 1
    usage_asked: bool = False
    parts: tuple[str, ...] = ()
    previous: str | None = None
    stored: bool = False
    held_elsewhere: bool = False
    """The request points at input that the provider holds (a file id, a conversation), whose size nobody here knows."""


@dataclass(slots=True)
class Shaped:
    """
    The body for one deployment, with what was done to it.

    `output_bound` is tokens for all choices together, `choices` how many the body asks for now.
    """

    body: bytes
    output_bound: int
    clamped: tuple[str, ...] = field(default=())
    choices: int = 1
