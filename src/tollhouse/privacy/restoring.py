"""Putting originals back into one text of an answer, whole or as it comes."""

from html import escape as html_escaped
from urllib.parse import quote

from .masking import Masking, json_escaped
from .placeholders import Found, find, held_from

BEFORE_CHARS = 2
"""What has to be known of the text before, to tell whether a word begins."""
FENCE = "```"
JSON_OPENS = ("{", "[")
FENCED_JSON = ("json", "{", "[")


def restored(text: str, masking: Masking, *, is_json: bool = False) -> str:
    """Return a whole text with its originals. In JSON text they come back escaped."""
    return Restorer(masking, is_json=is_json).last(text)


class Restorer:
    """
    One text of an answer, piece by piece: the content of a choice, the arguments of a tool call.

    What comes out is the same for every way of cutting the text into pieces. Held back is only what may still become a
    placeholder, at most `HOLD_MAX_CHARS`.
    """

    __slots__ = ("_before", "_held", "_is_json", "_masking", "_seen")

    def __init__(self, masking: Masking, *, is_json: bool = False) -> None:
        """
        Args:
            is_json: the text is JSON. Where nobody says so, JSON is told by how a text or its last fence begins.
        """
        self._masking = masking
        self._is_json = is_json
        self._held = ""
        self._before = ""
        self._seen: str | None = None if is_json or not masking.has_delicate else ""

    @property
    def holds(self) -> bool:
        return bool(self._held)

    def feed(self, piece: str) -> str:
        """Take the next piece; return what may go out."""
        text = self._before + self._held + piece
        start = len(self._before)
        end = held_from(text, self._masking.types, start)
        self._held = text[end:]
        return self._out(text[:end], start)

    def last(self, piece: str = "") -> str:
        """Take the last piece; return all that is left."""
        text = self._before + self._held + piece
        self._held = ""
        return self._out(text, len(self._before))

    def _out(self, text: str, start: int) -> str:
        """Restore a text whose first `start` characters are out already."""
        self._before = text[-BEFORE_CHARS:]
        pieces: list[str] = []
        at = start
        for found in find(text, self._masking.originals.__contains__, start):
            pieces += (text[at : found.start], self._original(found, text, start))
            at = found.end
        if self._seen is not None:
            self._seen += text[start:]
        return "".join([*pieces, text[at:]]) if pieces else text[start:]

    def _original(self, found: Found, text: str, start: int) -> str:
        value = self._masking.originals[found.name]
        if found.opened == "&lt;":
            value = html_escaped(value, quote=False)
        elif found.opened.startswith("%"):
            value = quote(value, safe="")
        if self._stands_in_json(found, text, start):
            value = json_escaped(value)
        return value + found.genitive

    def _stands_in_json(self, found: Found, text: str, start: int) -> bool:
        if self._is_json or found.opened.endswith("c"):  # the `c` of `\u003c`
            return True
        return self._seen is not None and _opens_json(self._seen + text[start : found.start])


def _opens_json(text: str) -> bool:
    """Is a text JSON by how it begins, or by how its last fence does?"""
    if text.lstrip()[:1] in JSON_OPENS:
        return True
    _, fence, inside = text.rpartition(FENCE)
    return bool(fence) and inside.lstrip().lower().startswith(FENCED_JSON)
