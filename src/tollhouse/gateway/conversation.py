"""Which conversation a call belongs to, for routes that keep a conversation at one deployment."""

from collections.abc import Sequence

from tollhouse.domain.errors import RequestError
from tollhouse.domain.wire import Asked
from tollhouse.ports.endpoint import Endpoint
from tollhouse.routing.balance import conversation_of

OPENING_MAX_CHARS = 4_096
"""Of each message: what providers keep in their prompt caches begins with the same words."""


def conversation(
    header: str | None,
    named: Sequence[tuple[str, str]],
    subject: str | None,
    endpoint: Endpoint,
    asked: Asked,
) -> bytes:
    """
    Return what stands for a call's conversation: what the header says, else whom it is about, else how it begins.

    It begins with everything up to the first user message: that stays as it is while the conversation grows.
    """
    said = next((value for name, value in named if name == header), None)
    if said is not None:
        return conversation_of(f"header {said}")
    return conversation_of(f"subject {subject}" if subject is not None else f"opening {_opening(endpoint, asked)}")


def _opening(endpoint: Endpoint, asked: Asked) -> str:
    try:
        messages = endpoint.prompt(asked).messages
    except RequestError:  # the provider will say what is wrong with it
        return ""
    opening: list[str] = []
    for message in messages:
        opening.append(f"{message.role}: {message.text[:OPENING_MAX_CHARS]}")
        if message.role == "user":
            break
    return "\n".join(opening)
