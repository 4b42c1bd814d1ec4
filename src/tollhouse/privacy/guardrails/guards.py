"""The guardrails of one use case, asked about every text of a request or of an answer."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from tollhouse.domain.errors import TollhouseError
from tollhouse.domain.guardrails import GuardrailRules
from tollhouse.domain.verdicts import Side, Verdict

from . import ANSWERED, ASKED, GUARDRAILS, Kit
from .authors import Author
from .verdict import NO_QUESTION, Guardrail, Hit, Question

WROTE: Mapping[Side, frozenset[Author]] = {Side.INPUT: ASKED, Side.OUTPUT: ANSWERED}

PIECE = 4_096
"""Characters between two turns of the event loop. Also what one look costs at most: about 2 ms."""
MARGIN = 512
"""Characters read beyond a piece on either side, so that nothing is lost at a cut."""

FAILED = Hit("failed", 0, 0)
"""What is recorded of a text that an observing guardrail could not look at."""

HITS_MAX = 10
"""Of one guardrail in one text: who has to be told more often knows enough."""
VERDICTS_MAX = 50
"""Of one call and side. They are kept with the call."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a request or an answer. `part`: its path (`messages[2].content`)."""

    part: str
    text: str
    author: Author


@dataclass(frozen=True, slots=True)
class _Guard:
    name: str
    guardrail: Guardrail
    reads: frozenset[Author]
    blocks: bool


class Guards:
    """Made once for a use case. Safe to ask from several calls at once."""

    def __init__(self, rules: GuardrailRules, kit: Kit) -> None:
        rows = [(name, GUARDRAILS[name], blocks) for name, blocks in rules.blocks]
        self._guards = [_Guard(name, row.make(rules, kit), row.reads, blocks) for name, row, blocks in rows]

    def looks_at(self, side: Side) -> bool:
        return any(guard.reads & WROTE[side] for guard in self._guards)

    def may_block(self, side: Side) -> bool:
        return any(guard.blocks for guard in self._guards if guard.reads & WROTE[side])

    async def check(self, side: Side, texts: Sequence[Text], question: Question = NO_QUESTION) -> list[Verdict]:
        """Return what the guardrails of this side find, those that block first. Raises what one that blocks raises."""
        found: list[Verdict] = []
        for guard in sorted(self._guards, key=lambda guard: not guard.blocks):
            for text in texts:
                if text.author not in guard.reads:
                    continue
                hits = await _looked_at(guard, text.text, question)
                found += [
                    Verdict(f"{guard.name}.{hit.rule}", side, text.part, hit.start, hit.end, guard.blocks)
                    for hit in hits
                ]
                if len(found) >= VERDICTS_MAX:
                    return found[:VERDICTS_MAX]
        return found


async def _looked_at(guard: _Guard, text: str, question: Question) -> list[Hit]:
    """Look, failing closed where a find would refuse the call; who only observes records that it failed."""
    try:
        return await _hits(guard.guardrail, text, question)
    except TollhouseError:
        if guard.blocks:
            raise
        return [FAILED]


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
