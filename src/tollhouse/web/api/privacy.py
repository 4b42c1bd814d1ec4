"""`/api/v1/privacy`: what would leave of a text."""

from typing import Annotated

from pydantic import Field

from tollhouse.domain.errors import NotFound
from tollhouse.domain.privacy import MASKED, PrivacyRules
from tollhouse.domain.roles import Actor
from tollhouse.governance.roles import sees
from tollhouse.privacy.masking import Masking, taken_in
from tollhouse.privacy.scan import scan_between_others
from tollhouse.web.render import span_json

from .body import Body
from .entry import Answer, Asked
from .rooms import Rooms


class ScanWish(Body):
    """A text to look through."""

    text: str
    use_case: Annotated[
        str | None, Field(description="Look as this use case does, with its patterns and additional types.")
    ] = None


async def scan_text(rooms: Rooms, asked: Asked) -> Answer:
    """Nothing of the text is stored, sent or logged. Raises DetectorFailed."""
    wish = asked.body_as(ScanWish)
    rules = MASKED if wish.use_case is None else _rules(rooms, wish.use_case, asked.actor)
    detector = rooms.privacy.detector(rules)
    masking = Masking(taken_in([wish.text], detector.types))
    scanned = await scan_between_others(wish.text, detector, masking)
    return Answer({"spans": [span_json(span) for span in scanned.spans], "masked": scanned.masked})


def _rules(rooms: Rooms, name: str, actor: Actor) -> PrivacyRules:
    """Raises NotFound, in the same words for what does not exist and for what is another team's."""
    use_case = rooms.register.governance.use_cases.get(name)
    if use_case is None or not sees(actor, use_case.team):
        raise NotFound(f"There is no use case {name[:80]!r}.", param="use_case")
    return use_case.privacy
