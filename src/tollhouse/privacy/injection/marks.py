"""Signs of an attack that are not words: the markers of chat templates, and text in a code that a model reads."""

import binascii
import re
from collections.abc import Iterator

TEMPLATE = re.compile(
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text)\|>"
    r"|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>"
    r"|</?(?:system|system_prompt|system_message)>"
    r"|^[#=\- ]{0,8}(?:begin|end) (?:of )?(?:system|hidden|secret)? ?(?:prompt|instructions?)\b"
    r"|^#{1,4} ?(?:system|new instructions?|instructions? for the (?:assistant|ai|model))\b"
    r"|^\[?(?:system|admin|developer)(?: (?:message|prompt|note|override|mode))?\]?: ?(?:you |ignore|from now|override|the |new )",
    re.MULTILINE,
)
"""Over a text in small letters. Only what begins at a fixed sign is looked for, so that a pass is linear."""

TEMPLATE_SIGNS = ("<", "[", "#", "system", "admin", "developer", "begin", "end ")

CODED = re.compile(r"[A-Za-z0-9+/_\-]{24,8192}={0,2}")
"""Base64 of 18 bytes: too short for an order below that."""

READABLE_SHARE = 0.9


def template_marks(text: str) -> Iterator[tuple[int, int]]:
    """Yield where markers of a conversation's frame stand, of a text in small letters."""
    if any(sign in text for sign in TEMPLATE_SIGNS):
        for found in TEMPLATE.finditer(text):
            yield found.span()


def decoded(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what stands in base64 and is text, with its place."""
    for found in CODED.finditer(text):
        plain = _plain(found[0])
        if plain is not None:
            yield found.start(), found.end(), plain


def _plain(code: str) -> str | None:
    body = code.rstrip("=").translate({0x2D: "+", 0x5F: "/"})
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        plain = binascii.a2b_base64(body + "=" * (-len(body) % 4)).decode()
    except ValueError:  # no base64, or no text
        return None
    shown = sum(each.isalpha() or each in " .,:;!?'\n-" for each in plain)
    return plain if plain and shown >= READABLE_SHARE * len(plain) else None
