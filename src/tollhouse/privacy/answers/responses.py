"""
Streams of `/v1/responses`: texts come in `….delta` events and again whole, in the events that end them.

What a text holds back at its end goes out as one more delta before the event that ends it; from there on the numbers of
the events are one higher.
"""

from dataclasses import dataclass

import msgspec

from tollhouse.domain.sse import data_of, with_data
from tollhouse.privacy.masking import Masking
from tollhouse.privacy.restoring import Restorer

from .whole import Texts, decoded

DELTA, DONE = ".delta", ".done"
SOUND = "response.audio.delta"
"""Its pieces are base64."""
ENDINGS = frozenset({"response.completed", "response.incomplete", "response.failed"})
NUMBER = "sequence_number"
PLACE = ("item_id", "output_index", "content_index", "summary_index")
ARGUMENTS, SAID = "arguments", "output_text"
"""Parts of the kinds of deltas whose text is JSON: always, and if the caller asked for JSON."""

Members = dict[str, object]

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Text:
    """One text on its way, with the last delta that brought a piece of it."""

    restorer: Restorer
    event: bytes
    delta: Members


class ResponsesStream:
    """Restores the events of one response."""

    def __init__(self, masking: Masking, *, is_json: bool) -> None:
        self._masking = masking
        self._whole = Texts(masking, is_json=is_json)
        self._is_json = is_json
        self._texts: dict[tuple[object, ...], _Text] = {}
        self._added = 0

    def event(self, event: bytes) -> list[bytes]:
        value = decoded(data_of(event))
        if not isinstance(value, dict):
            return [event]
        kind, piece = value.get("type"), value.get("delta")
        if isinstance(kind, str) and isinstance(piece, str) and kind.endswith(DELTA) and kind != SOUND:
            return [self._numbered(event, value, {**value, "delta": self._fed(kind, piece, event, value)})]
        rests = self._rests(value)
        new = self._whole.restored(value)
        assert isinstance(new, dict), "what is restored keeps its shape"
        return [*rests, self._numbered(event, value, new)]

    def _fed(self, kind: str, piece: str, event: bytes, value: Members) -> str:
        place = (kind, *(value.get(name) for name in PLACE))
        text = self._texts.get(place)
        if text is None:
            is_json = ARGUMENTS in kind or (self._is_json and SAID in kind)
            text = self._texts[place] = _Text(Restorer(self._masking, is_json=is_json), event, value)
        text.event, text.delta = event, value
        return text.restorer.feed(piece)

    def _rests(self, ending: Members) -> list[bytes]:
        """Return what the texts hold that this event ends."""
        kind, place = ending.get("type"), ending.get("output_index")
        is_last = kind in ENDINGS
        if not is_last and not (isinstance(kind, str) and kind.endswith(DONE)):
            return []
        return [
            self._rest(text, ending)
            for text in self._texts.values()
            if text.restorer.holds and (is_last or text.delta.get("output_index") == place)
        ]

    def _rest(self, text: _Text, ending: Members) -> bytes:
        delta = {**text.delta, "delta": text.restorer.last()}
        if "logprobs" in delta:
            delta["logprobs"] = []
        number = ending.get(NUMBER)
        if isinstance(number, int):
            delta[NUMBER] = number + self._added
        self._added += 1
        return with_data(text.event, _encode(delta))

    def _numbered(self, event: bytes, before: Members, after: Members) -> bytes:
        """Write an event as it is now; as it came, byte for byte, if nothing of it changed."""
        number = before.get(NUMBER)
        if self._added and isinstance(number, int):
            after = {**after, NUMBER: number + self._added}
        return event if after == before else with_data(event, _encode(after))
