"""The most input tokens that a request can be charged for. Pure; the money held for an attempt stands on it."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from tollhouse.domain.errors import BoundUnknown
from tollhouse.domain.governance import Deployment
from tollhouse.domain.wire import Asked
from tollhouse.ports.tokens import TokenCounter

IMAGE_TOKENS = 48_169
"""
One image at high detail on gpt-4o-mini: 2,833 + 8 tiles x 5,667, the dearest in tokens among OpenAI's models.

Source: OpenAI's guide to images and vision, the table of base and tile tokens. (An image is scaled to fit 2048 x 2048
and its short side to 768, which leaves at most eight tiles of 512.)
"""

AUDIO_TOKENS = 128_000
"""The context window of the models that take audio (gpt-4o-audio-preview, gpt-audio): no recording can be more."""

FILE_TOKENS = 1_050_000
"""
The largest context window among the models that take files. A file's text and page images are both charged, and its
bytes are compressed, so only the window bounds it. A deployment's own `context_tokens` or `bounds` make it smaller.
"""

PART_TOKENS: Mapping[str, int] = {"image": IMAGE_TOKENS, "audio": AUDIO_TOKENS, "file": FILE_TOKENS}

MEDIA_TYPES = frozenset({"image_url", "input_image", "input_audio", "file", "input_file"})
"""Types of content parts whose data the part bound covers."""

DATA = re.compile(r"(data:[^,]{0,128},)?[A-Za-z0-9+/=_-]{256,}")
"""What counts as a part's data: base64, long enough to matter. Anything else in a part is counted as text."""

MAX_COUNTED_CHARS = 4 * 2**20
"""Text that is worth counting: beyond it (about a million tokens) no context window is large enough anyway."""


def tokens_in_bound(
    asked: Asked, body_bytes: int, deployment: Deployment, *, previous_tokens: int, budgeted: bool
) -> int:
    """
    Return the most input tokens that the sent body can cost. A token is at least one byte.

    Args:
        previous_tokens: size of the stored response that the request continues; 0 if that is not known.
        budgeted: a budget is on the call's path.

    Raises BoundUnknown if the provider holds input of unknown size, no context window is declared, and it is budgeted.
    """
    if not (asked.parts or asked.previous or asked.held_elsewhere):
        return body_bytes
    if asked.held_elsewhere or (asked.previous and not previous_tokens):
        if deployment.context_tokens is not None:
            return deployment.context_tokens
        if budgeted:
            raise BoundUnknown(
                "The request points at input that the provider holds, whose size is not known here, and a budget is "
                f"set. Send the input itself, or declare `context_tokens` for {deployment.name}."
            )
    return body_bytes + _beside_text(asked, deployment, previous_tokens)


def tokens_in_counted(
    asked: Asked, body: bytes, deployment: Deployment, counter: TokenCounter, *, previous_tokens: int
) -> int | None:
    """
    Return a closer bound by counting the body as text, or None if it cannot be closer than the bytes.

    The data of image, audio and file parts is left out of the text: their part bounds cover it.
    """
    if asked.held_elsewhere or (asked.previous and not previous_tokens):
        return None
    text = _without_data(body, len(asked.parts))
    if text is None or len(text) > MAX_COUNTED_CHARS:
        return None
    return counter.count(text) + _beside_text(asked, deployment, previous_tokens)


def _beside_text(asked: Asked, deployment: Deployment, previous_tokens: int) -> int:
    return previous_tokens + sum(_part_tokens(kind, deployment) for kind in asked.parts)


def _part_tokens(kind: str, deployment: Deployment) -> int:
    declared = deployment.bounds.get(kind)
    if declared is not None:
        return declared
    if kind in ("file", "audio") and deployment.context_tokens is not None:
        return deployment.context_tokens
    return PART_TOKENS.get(kind, FILE_TOKENS)


def _without_data(body: bytes, parts: int) -> str | None:
    """
    Cut the data of the media parts out of the raw text; None if there are more of them than the endpoint had read.

    Cutting the raw text, once a part, leaves whatever else stands there (duplicate members too) to be counted.
    """
    text = body.decode("utf-8", "replace")
    if not parts:
        return text
    media = list(_media_parts(msgspec.json.decode(body)))
    if len(media) > parts:
        return None
    for data in (data for part in media for data in _data_strings(part)):
        text = text.replace(data, "", 1)
    return text


def _media_parts(body: object) -> Iterator[dict[object, object]]:
    """Yield the media parts among the messages; tools and schemas may hold objects that only look like parts."""
    waiting = [body.get("messages"), body.get("input")] if isinstance(body, dict) else []
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, dict) and found.get("type") in MEDIA_TYPES:
            yield found
        elif isinstance(found, dict):
            waiting.extend(found.values())


def _data_strings(part: object) -> Iterator[str]:
    waiting = [part]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, str) and DATA.fullmatch(found):
            yield found
