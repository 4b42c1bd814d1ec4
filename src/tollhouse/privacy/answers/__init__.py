"""
Originals put back into the answers of each endpoint.

Endpoints that are not here answer with numbers and labels only, in which no placeholder can stand.
"""

from collections.abc import Callable, Mapping

from tollhouse.privacy.masking import Masking

from .choices import ChatStream, CompletionStream
from .responses import ResponsesStream
from .whole import Whole

Restore = Callable[[bytes], list[bytes]]
"""Takes one event of an answer (not streamed: its body) and returns what goes out in its place."""

_STREAMS: Mapping[str, Callable[[Masking, bool], Restore]] = {
    "chat.completions": lambda masking, is_json: ChatStream(masking, is_json=is_json).event,
    "completions": lambda masking, is_json: CompletionStream(masking, is_json=is_json).event,
    "responses": lambda masking, is_json: ResponsesStream(masking, is_json=is_json).event,
}
"""By the endpoint's name."""


def restoration(endpoint: str, masking: Masking, *, streamed: bool, is_json: bool) -> Restore:
    """
    Return what restores one call's answer.

    Args:
        is_json: the caller asked for an answer in JSON.
    """
    make = _STREAMS.get(endpoint)
    if make is None:
        return _unchanged
    return make(masking, is_json) if streamed else Whole(masking, is_json=is_json).event


def _unchanged(event: bytes) -> list[bytes]:
    return [event]
