"""
What bills claim, added up: one claim a request, one a bucket and model. Pure; between importers and matching.

    bills/ -> lines -> claims -> matching.py -> corrections
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tollhouse.domain.money import Usage

from .bills import Bill, BillLine, BillUnreadable

_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|\d{4})$")
"""How providers date a model's snapshots: `gpt-5-mini-2025-08-07`, `-20250807`, `gpt-4-0613`."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Tokens and money, of one attempt or of many; also a difference."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_nanousd: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.tokens_cached + other.tokens_cached,
            self.cost_nanousd + other.cost_nanousd,
        )

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(
            self.tokens_in - other.tokens_in,
            self.tokens_out - other.tokens_out,
            self.tokens_cached - other.tokens_cached,
            self.cost_nanousd - other.cost_nanousd,
        )

    @property
    def usage(self) -> Usage:
        return Usage(self.tokens_in, self.tokens_out, self.tokens_cached)


ZERO = Figures()


@dataclass(slots=True)
class Claim:
    """
    What a provider wants for one request, or for a model's requests in a span of time.

    Args:
        line: names it in corrections, the same in every bill.
        model: the model's family; None: of all models.
        figures: whatever is not stated is 0 there.
        has_tokens, has_cost: which of them are stated.
    """

    line: str
    model: str | None
    from_ms: int
    to_ms: int
    figures: Figures = ZERO
    has_tokens: bool = False
    has_cost: bool = False
    sources: list[str] = field(default_factory=list)
    _kinds: set[tuple[bool, bool]] = field(default_factory=set)
    _files: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return " + ".join(self.sources)

    def add(self, bill: Bill, line: BillLine) -> None:
        """Add a line that speaks of the same. Raises BillUnreadable if something would count twice, or not at all."""
        tells_tokens, tells_cost = line.tokens_in is not None, line.cost_nanousd is not None
        self._kinds.add((tells_tokens, tells_cost))
        if len(self._kinds) > 1 and self._kinds != {(True, False), (False, True)}:
            raise BillUnreadable(bill.name, f"{line.place}: some of its lines have a cost and others of them have none")
        for figure in (("tokens",) if tells_tokens else ()) + (("cost",) if tells_cost else ()):
            self._told_by(bill, line, figure)
        self.has_tokens |= tells_tokens
        self.has_cost |= tells_cost
        self.figures += Figures(
            line.tokens_in or 0, line.tokens_out or 0, line.tokens_cached or 0, line.cost_nanousd or 0
        )
        if bill.source not in self.sources:
            self.sources.append(bill.source)

    def _told_by(self, bill: Bill, line: BillLine, figure: str) -> None:
        other = self._files.setdefault(figure, bill.name)
        if other != bill.name:
            raise BillUnreadable(
                bill.name, f"{line.place}: {other} has its {figure} too; import one file, then the other"
            )


@dataclass(frozen=True, slots=True)
class Claims:
    """All claims of one import. `requests` are by the request's id."""

    requests: Mapping[str, Claim]
    buckets: Sequence[Claim]

    @property
    def span(self) -> tuple[int, int]:
        """`[first, last)` moments that it speaks of. Raises ValueError if there is no line."""
        every = [*self.requests.values(), *self.buckets]
        return min(each.from_ms for each in every), max(max(each.to_ms, each.from_ms + 1) for each in every)


def claims_of(bills: Iterable[Bill]) -> Claims:
    """Add up the lines of one import. Raises BillUnreadable where two of them would count the same twice."""
    requests: dict[str, Claim] = {}
    buckets: dict[tuple[str | None, int, int], Claim] = {}
    for bill in bills:
        for line in bill.lines:
            model = None if line.model is None else family(line.model)
            if line.request is not None:
                name = f"request {line.request}"
                claim = requests.setdefault(line.request, Claim(name, model, line.from_ms, line.to_ms))
            else:
                name = f"{moment(line.from_ms)}/{moment(line.to_ms)} {model or '*'}"
                key = (model, line.from_ms, line.to_ms)
                claim = buckets.setdefault(key, Claim(name, model, line.from_ms, line.to_ms))
            claim.add(bill, line)
    found = sorted(buckets.values(), key=_narrow_first)
    _check_overlaps(found)
    return Claims(requests, found)


def family(model: str) -> str:
    """
    Return a model's name without the date of its snapshot.

    A request for `gpt-5-mini` is billed as the snapshot that served it, so both belong together.
    """
    return _DATED.sub("", model) or model


def moment(at_ms: int) -> str:
    text = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{at_ms % 1000:03}Z" if at_ms % 1000 else f"{text}Z"


def _narrow_first(claim: Claim) -> tuple[int, bool, str, int]:
    return claim.to_ms - claim.from_ms, claim.model is None, claim.model or "", claim.from_ms


def _check_overlaps(buckets: Sequence[Claim]) -> None:
    """Buckets of one width stand beside each other; wider ones may hold them (a day's cost, its hours' tokens)."""
    for one, other in itertools.pairwise(buckets):
        is_same = (one.model, one.to_ms - one.from_ms) == (other.model, other.to_ms - other.from_ms)
        if is_same and other.from_ms < one.to_ms:
            raise BillUnreadable(other.line, f"it overlaps with {one.line}; import one file, then the other")
