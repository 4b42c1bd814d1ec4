"""
The room of masking: what a call may tell a provider, and what its answer gets back.

    examined = await privacy.examine(asked, rules)      where personal data stands, and what cannot be read
    call.privacy = examined.told                        what the record says: classes and counts, never values
    masked = examined.masked(endpoint)                  what may leave; raises PrivacyBlocked
    masked.restore                                      puts originals back into the answer; None: nothing to put back
"""

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tollhouse.domain.errors import DetectorFailed, InvalidJson, PrivacyBlocked
from tollhouse.domain.privacy import BLOCK, OBSERVE, Placeholders, PrivacyRules, Told
from tollhouse.domain.wire import Asked

from .answers import Restore, restoration
from .detector import PIECE, Detector
from .masking import Masking, taken_in
from .recogniser import Recogniser
from .requests import Part, Parts, read, rewritten, shown
from .spread import spread
from .texts import Place, Text, places, written

DETECTORS_MAX = 1_000
"""One for each set of patterns and additional types; use cases that say the same share one."""
PLACES_SHOWN_MAX = 5
"""Of what blocked a call: the first ones tell where to look."""
EARLIER_NUMBERS_MAX = 1_000
HELD_NUMBERS = 9_000_000
"""
In a conversation whose earlier part a provider holds and whose placeholders are not known here, they begin somewhere
between these two, as the request has it: one placeholder must not stand for two people.
"""
JSON_WANTED = b'"json_'
"""Where a request says how its answer must look, this says that it must be JSON."""

Found = Mapping[str, Sequence[Place]]
"""What is to be replaced in each text that has any."""


@dataclass(frozen=True, slots=True)
class Masked:
    """
    What may leave of a request.

    Args:
        restore: makes what puts the originals back, once for each answer.
        placeholders: what they stand for now, with those of earlier turns.
    """

    asked: Asked
    restore: Callable[[], Restore] | None = None
    placeholders: Placeholders | None = None


class Privacy:
    """The room, wired once. `recognisers`: asked under every policy; made when the first call needs them."""

    def __init__(self, recognisers: Callable[[], Sequence[Recogniser]]) -> None:
        self._make = recognisers
        self._recognisers: Sequence[Recogniser] | None = None
        self._detectors: OrderedDict[tuple[object, ...], Detector] = OrderedDict()

    async def examine(self, asked: Asked, rules: PrivacyRules) -> "Examined":
        """
        Look for personal data in all that a request says.

        Raises DetectorFailed and InvalidJson, but never where personal data is only observed.
        """
        try:
            parts = read(asked.members)
            found = await _find(parts.texts, self.detector(rules))
        except (DetectorFailed, InvalidJson):
            if rules.mode != OBSERVE:
                raise
            return Examined(asked, rules, Parts([], []), {}, Told(rules.mode, examined=False))
        kinds = Counter(place.kind for part in parts.texts for place in found.get(part.text, ()))
        unread = Counter(unread.kind for unread in parts.unread)
        return Examined(asked, rules, parts, found, Told(rules.mode, kinds, unread))

    def detector(self, rules: PrivacyRules) -> Detector:
        """Return what looks for personal data under these rules."""
        place = (rules.also, rules.patterns)
        known = self._detectors.get(place)
        if known is None:
            if self._recognisers is None:
                self._recognisers = self._make()
            known = Detector(self._recognisers, also=rules.also, patterns=dict(rules.patterns))
            self._detectors[place] = known
            if len(self._detectors) > DETECTORS_MAX:
                self._detectors.popitem(last=False)
        return known


@dataclass(frozen=True, slots=True)
class Examined:
    """A request in which personal data was looked for. `told`: what may be said of it."""

    asked: Asked
    rules: PrivacyRules
    parts: Parts
    found: Found
    told: Told

    def masked(self, endpoint: str, earlier: Placeholders | None = None) -> Masked:
        """
        Return what may leave. Raises PrivacyBlocked.

        Args:
            endpoint: its name, which says how an answer is read.
            earlier: of the turns that the provider holds; None if nobody here knows them.
        """
        if self.rules.mode == OBSERVE:
            return Masked(self.asked)
        self._refuse()
        if not self.found and earlier is None:
            return Masked(self.asked)
        masking = self._masking(earlier or Placeholders(_first_number(self.asked)))
        new = self._written(masking)
        members = rewritten(self.asked.members, lambda part: new.get((part.text, part.is_name), part.text))
        is_json = any(JSON_WANTED in self.asked.members.get(name, b"") for name in ("response_format", "text"))
        restore = partial(restoration, endpoint, masking, streamed=self.asked.streamed, is_json=is_json)
        return Masked(replace(self.asked, members=members), restore, masking.placeholders)

    def _refuse(self) -> None:
        blocked = self.found if self.rules.mode == BLOCK else {}
        reasons = [
            *(_reason(part, blocked[part.text]) for part in self.parts.texts if part.text in blocked),
            *(f"{each.kind} in {shown(each.path)}" for each in self.parts.unread if not self.rules.unreadable),
        ]
        if reasons:
            more = len(reasons) - PLACES_SHOWN_MAX
            rest = f", and {more} more" if more > 0 else ""
            raise PrivacyBlocked(
                f"The use case does not let this leave: {'; '.join(reasons[:PLACES_SHOWN_MAX])}{rest}."
            )

    def _masking(self, earlier: Placeholders) -> Masking:
        kinds = {place.kind for found in self.found.values() for place in found}
        taken = taken_in((Text(part.text).view for part in self.parts.texts), kinds)
        return Masking(taken, earlier)

    def _written(self, masking: Masking) -> dict[tuple[str, bool], str]:
        def name(kind: str, value: str) -> str:
            return f"<{masking.name(kind, value)}>"

        new: dict[tuple[str, bool], str] = {}
        for part in self.parts.texts:
            found, place = self.found.get(part.text), (part.text, part.is_name)
            if found and place not in new:
                new[place] = written(part.text, found, masking.name if part.is_name else name)
        return new


def restored(endpoint: str, body: bytes, placeholders: Placeholders) -> bytes:
    """Return a whole answer that was given earlier, with its originals."""
    is_json = JSON_WANTED in body
    return restoration(endpoint, Masking(earlier=placeholders), streamed=False, is_json=is_json)(body)[-1]


def _reason(part: Part, found: Sequence[Place]) -> str:
    kinds = Counter(place.kind for place in found)
    return f"{', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))} in {shown(part.path)}"


def _first_number(asked: Asked) -> int:
    if asked.previous is None and "conversation" not in asked.members:
        return 1
    digest = hashlib.sha256(b"\0".join(asked.members.values())).digest()
    return EARLIER_NUMBERS_MAX + int.from_bytes(digest[:4]) % HELD_NUMBERS


async def _find(parts: Iterable[Part], detector: Detector) -> Found:
    """Examine each text once; others get their turn every few thousand characters."""
    texts = [Text(text) for text in dict.fromkeys(part.text for part in parts)]
    in_views, in_texts, worked = [], [], 0
    for text in texts:
        in_views.append(await detector.examine(text.view))
        in_texts.append(await detector.examine(text.text) if text.is_prose_with_escapes else [])
        worked += len(text.text)
        if worked > PIECE:
            worked = 0
            await asyncio.sleep(0)
    if not any(in_views) and not any(in_texts):
        return {}
    in_views = spread([text.view for text in texts], in_views)
    found = {
        text.text: places(text, in_text, in_view)
        for text, in_text, in_view in zip(texts, in_texts, in_views, strict=True)
    }
    return {text: each for text, each in found.items() if each}
