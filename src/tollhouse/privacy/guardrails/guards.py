"""The guardrails of one use case, asked about every text of a request or of an answer."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tollhouse.domain.guardrails import GuardrailRules
from tollhouse.domain.verdicts import Side, Verdict

from . import GUARDRAILS, Kit
from .verdict import NO_QUESTION, Guardrail, Hit, Question

PIECE = 4_096
"""Characters between two turns of the event loop. Also what one look costs at most: about 2 ms."""
MARGIN = 512
"""Characters read beyond a piece on either side, so that nothing is lost at a cut."""

HITS_MAX = 10
"""Of one guardrail in one text: who has to be told more often knows enough."""
VERDICTS_MAX = 50
"""Of one call and side. They are kept with the call."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a request or an answer. `part`: its path (`messages[2].content`)."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class _Guard:
    name: str
    guardrail: Guardrail
    sides: frozenset[Side]
    blocks: bool


class Guards:
    """Made once for a use case. Safe to ask from several calls at once."""

    def __init__(self, rules: GuardrailRules, kit: Kit) -> None:
        rows = [(name, GUARDRAILS[name], blocks) for name, blocks in rules.blocks.items()]
        self._guards = [_Guard(name, row.make(rules, kit), row.sides, blocks) for name, row, blocks in rows]

    def looks_at(self, side: Side) -> bool:
        return any(side in guard.sides for guard in self._guards)

    def may_block(self, side: Side) -> bool:
        return any(guard.blocks for guard in self._guards if side in guard.sides)

    async def check(self, side: Side, texts: Sequence[Text], question: Question = NO_QUESTION) -> list[Verdict]:
        """Return what the guardrails of this side find, those that block first. Raises what a guardrail raises."""
        found: list[Verdict] = []
        for guard in sorted(self._guards, key=lambda guard: not guard.blocks):
            for text in texts if side in guard.sides else ():
                hits = await _hits(guard.guardrail, text.text, question)
                found += [
                    Verdict(f"{guard.name}.{hit.rule}", side, text.part, hit.start, hit.end, guard.blocks)
                    for hit in hits
                ]
                if len(found) >= VERDICTS_MAX:
                    return found[:VERDICTS_MAX]
        return found


async def _hits(guardrail: Guardrail, text: str, question: Question) -> list[Hit]:
    if not guardrail.reads_pieces or len(text) <= PIECE + MARGIN:
        return await _looked(guardrail, text, question, range(len(text) + 1))
    found: list[Hit] = []
    for start in range(0, len(text), PIECE):
        await asyncio.sleep(0)
        shift = max(0, start - MARGIN)
        own = range(start - shift, start - shift + PIECE)
        hits = await _looked(guardrail, text[shift : start + PIECE + MARGIN], question, own)
        found += [Hit(hit.rule, hit.start + shift, hit.end + shift) for hit in hits]
        if len(found) >= HITS_MAX:
            break
    return found[:HITS_MAX]


async def _looked(guardrail: Guardrail, text: str, question: Question, own: range) -> list[Hit]:
    """Return the hits that start in the text's own part: others are its neighbours' to give."""

    def look() -> list[Hit]:
        hits = (hit for hit in guardrail.hits(text, question) if hit.start in own)
        return list(islice(_distinct(hits), HITS_MAX))

    return await asyncio.to_thread(look) if guardrail.is_slow else look()


def _distinct(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Leave out a hit inside another one of the same rule that came before."""
    last: dict[str, Hit] = {}
    for hit in hits:
        before = last.get(hit.rule)
        if before is None or hit.end > before.end or hit.start < before.start:
            last[hit.rule] = hit
            yield hit
