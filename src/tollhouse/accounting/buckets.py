"""
Attempts in the buckets of a bill: what of a bucket's sum is known, and who carries the rest. Pure; part of matching.

A bucket's sum minus the attempts whose cost is known exactly is the rest. It belongs to those whose cost is not: shared
in proportion to what was held for each, and never more than that, which was its worst case. What nobody carries is loose.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tollhouse.domain.money import PriceLine, Usage, cost_nanousd
from tollhouse.ports.corrections import Booked

from .claims import ZERO, Claim, Figures, family
from .open_call import UNPRICED

PriceOf = Callable[[str, int], PriceLine | None]
"""Returns the line that prices a deployment at a moment, None if nobody knows it."""


@dataclass(slots=True)
class Carrier:
    """An attempt whose cost nobody knows exactly. `figures` are what it costs as far as bills say; `claim` is the last that did."""

    booked: Booked
    figures: Figures
    claim: Claim | None = None

    @property
    def is_unpriced(self) -> bool:
        """Nothing was held because nobody knew its price: there is no telling what it cost at most."""
        return self.booked.price == UNPRICED


@dataclass(slots=True)
class Loose:
    """
    Money and tokens of a bill that no attempt explains, in all corrections of one line together.

    `before_nanousd` is what it was before this import, `number` how many corrections there are.
    """

    line: str
    model: str | None
    booked_ms: int
    figures: Figures = ZERO
    before_nanousd: int = 0
    number: int = 0


class LooseEnds:
    """Everything loose of one provider, found by its line and by its time."""

    def __init__(self) -> None:
        self._by_line: dict[str, Loose] = {}
        self._in_time: list[tuple[int, str]] = []

    def of(self, claim: Claim) -> Loose | None:
        return self._by_line.get(claim.line)

    def at(self, line: str, model: str | None, booked_ms: int) -> Loose:
        """Return what is loose by this line, which may be nothing yet."""
        if line not in self._by_line:
            self._by_line[line] = Loose(line, model, booked_ms)
            insort(self._in_time, (booked_ms, line))
        return self._by_line[line]

    def within(self, claim: Claim) -> Iterator[Loose]:
        """Yield what is loose in a bucket, also by its own line."""
        for place in range(bisect_left(self._in_time, (claim.from_ms, "")), len(self._in_time)):
            booked_ms, line = self._in_time[place]
            if booked_ms >= claim.to_ms:
                return
            if claim.model in (None, self._by_line[line].model):
                yield self._by_line[line]


@dataclass(slots=True)
class Bucket:
    """One claim's attempts. `exact` are those whose cost is known, `before` all of them as they were booked."""

    claim: Claim
    exact: Figures = ZERO
    before: Figures = ZERO
    carriers: list[Carrier] = field(default_factory=list)
    deployment: str | None = None

    def settle(self, loose: Figures, price_of: PriceOf) -> Figures | None:
        """
        Share the rest out to the carriers; return what is left, None if its price is not known.

        Args:
            loose: what is loose in this bucket by other lines.
        """
        rest = self.claim.figures - self.exact - loose
        tokens = self._share_tokens(rest) if self.claim.has_tokens else [carrier.figures for carrier in self.carriers]
        left = rest - _sum(tokens) if self.claim.has_tokens else ZERO
        if self.claim.has_cost:
            costs = self._share_cost(rest.cost_nanousd)
            left_cost = rest.cost_nanousd - sum(costs)
        else:
            priced = self._price(tokens, left, price_of)
            if priced is None:
                return None
            costs, left_cost = priced
        for carrier, share, cost in zip(self.carriers, tokens, costs, strict=True):
            carrier.figures = _costing(share, cost)
            carrier.claim = self.claim
        return _costing(left, left_cost)

    def unexplained(self, loose: Figures) -> int:
        """Return how much would be left, without settling anything: of the cost, or of the tokens if no cost is stated."""
        rest = self.claim.figures - self.exact - loose
        if self.claim.has_cost:
            return abs(rest.cost_nanousd - sum(self._share_cost(rest.cost_nanousd)))
        return sum(
            max(0, -amount) + (0 if self.carriers else max(0, amount)) for amount in (rest.tokens_in, rest.tokens_out)
        )

    def _share_cost(self, rest: int) -> list[int]:
        """Nobody carries more than was held for it; what had no price carries the rest."""
        held = [carrier.booked.held_nanousd for carrier in self.carriers]
        shares = split(min(rest, sum(held)), held)
        more = split(rest - sum(shares), [int(carrier.is_unpriced) for carrier in self.carriers])
        return [share + surplus for share, surplus in zip(shares, more, strict=True)]

    def _share_tokens(self, rest: Figures) -> list[Figures]:
        weights = [carrier.booked.held_nanousd or 1 for carrier in self.carriers]  # what is free has tokens, too
        shares = (split(amount, weights) for amount in (rest.tokens_in, rest.tokens_out, rest.tokens_cached))
        return [Figures(*amounts) for amounts in zip(*shares, strict=True)]

    def _price(self, tokens: Sequence[Figures], left: Figures, price_of: PriceOf) -> tuple[list[int], int] | None:
        costs = []
        for carrier, share in zip(self.carriers, tokens, strict=True):
            line = price_of(carrier.booked.deployment, carrier.booked.reserved_ms)
            if line is None:
                return None
            costs.append(cost_nanousd(line, share.usage))
        left_cost = 0
        if left != _costing(ZERO, left.cost_nanousd):
            line = price_of(self.deployment, self.claim.from_ms) if self.deployment else None
            if line is None:
                return None
            left_cost = signed_cost(line, left)
        return costs, left_cost


class Buckets:
    """
    All buckets of one import, filled by one convention of where an attempt belongs.

    Args:
        moment_of: the convention: the moment of an attempt that decides.
    """

    def __init__(self, claims: Iterable[Claim], moment_of: Callable[[Booked], int]) -> None:
        self.all = [Bucket(claim) for claim in claims]
        self._moment_of = moment_of
        self._rows: dict[tuple[str | None, int], list[Bucket]] = {}
        for bucket in self.all:
            claim = bucket.claim
            self._rows.setdefault((claim.model, claim.to_ms - claim.from_ms), []).append(bucket)
        self._starts = {row: [bucket.claim.from_ms for bucket in found] for row, found in self._rows.items()}
        self._widths = _widths(self._rows)
        self.carriers: list[Carrier] = []

    def add(self, booked: Booked, figures: Figures, *, is_exact: bool) -> bool:
        """Put an attempt into its buckets; `figures` are those by now. Return False if there is none for it."""
        found = list(self._holding(booked))
        carrier = None if is_exact else Carrier(booked, figures)
        if carrier is not None and found:
            self.carriers.append(carrier)
        for bucket in found:
            bucket.before += booked_figures(booked)
            bucket.deployment = booked.deployment
            if carrier is None:
                bucket.exact += figures
            else:
                bucket.carriers.append(carrier)
        return bool(found)

    def _holding(self, booked: Booked) -> Iterator[Bucket]:
        at_ms, model = self._moment_of(booked), model_of(booked.deployment)
        for row in (*self._widths.get(model, ()), *self._widths.get(None, ())):
            place = bisect_right(self._starts[row], at_ms) - 1
            if place >= 0 and at_ms < self._rows[row][place].claim.to_ms:
                yield self._rows[row][place]


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """
    Share a whole amount out in proportion, to the last unit: who has the largest remainder gets one more, the first of equals.

    A negative amount is not shared out: every share is 0.
    """
    total = sum(weights)
    if amount <= 0 or not total:
        return [0] * len(weights)
    shares = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % total))
    for place in by_remainder[: amount - sum(shares)]:
        shares[place] += 1
    return shares


def signed_cost(line: PriceLine, figures: Figures) -> int:
    """Price tokens that may be negative: what a bill has more, minus what it has less."""
    return cost_nanousd(line, _more(figures)) - cost_nanousd(line, _more(ZERO - figures))


def _more(figures: Figures) -> Usage:
    return Usage(max(figures.tokens_in, 0), max(figures.tokens_out, 0), max(figures.tokens_cached, 0))


def booked_figures(booked: Booked) -> Figures:
    return Figures(booked.tokens_in, booked.tokens_out, booked.tokens_cached, booked.cost_nanousd)


def model_of(deployment: str) -> str:
    """Return the model's family of a deployment `provider/model`."""
    return family(deployment.partition("/")[2])


def _costing(tokens: Figures, cost: int) -> Figures:
    return Figures(tokens.tokens_in, tokens.tokens_out, tokens.tokens_cached, cost)


def _sum(figures: Iterable[Figures]) -> Figures:
    return sum(figures, ZERO)


def _widths(rows: Mapping[tuple[str | None, int], object]) -> dict[str | None, list[tuple[str | None, int]]]:
    found: dict[str | None, list[tuple[str | None, int]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found
