"""
A bill against the books: every difference becomes a correction. Pure: attempts are added one by one, then it is concluded.

    a claim for a request    settles exactly that attempt, whatever the books say of it
    a claim for a bucket     settles the attempts in it whose cost is not known (buckets.py)
    no claim for an attempt  whose cost is not known: it cost nothing, if the bill is whole
    no attempt for a claim   one correction without an attempt

Corrected figures are what the next bill is held against, so the same bill again corrects nothing, and a better one only
what it says otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tollhouse.domain.calls import AttemptState
from tollhouse.domain.corrections import Correction, correction_id
from tollhouse.domain.money import cost_nanousd
from tollhouse.ports.corrections import Booked

from .buckets import Bucket, Buckets, LooseEnds, PriceOf, booked_figures, model_of, signed_cost
from .claims import ZERO, Claim, Claims, Figures, moment

DAY_MS = 86_400_000
ANY = "*"
"""Stands for all models in a correction's deployment, and where rows are told."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    How an import is made.

    Args:
        whole: the span `[first, last)` in which the bill has everything that is charged; None: it may lack something.
        settled_ms: every attempt reserved before is in the ledger by now; buckets that end later are left for later.
        at_ms, author: of the corrections.
    """

    provider: str
    price_of: PriceOf
    settled_ms: int
    at_ms: int
    author: str
    whole: Span | None = None


@dataclass(slots=True)
class Row:
    """One model's day. `billed_nanousd` is None if the bill states tokens only."""

    model: str
    day: str
    billed_nanousd: int | None = 0
    before_nanousd: int = 0
    corrected_nanousd: int = 0

    @property
    def after_nanousd(self) -> int:
        return self.before_nanousd + self.corrected_nanousd


@dataclass(frozen=True, slots=True)
class Gap:
    """A difference that nobody explains. `nanousd` is None where it cannot be priced."""

    line: str
    nanousd: int | None
    message: str


@dataclass(slots=True)
class Settlement:
    """
    What a bill changes.

    Args:
        settled: how many attempts were unknown or estimated and are settled now.
        gaps: what is left unexplained; where it is money of the bill, a correction without an attempt carries it.
        left: lines that cannot be looked at yet, because calls of their time are still under way.
    """

    corrections: list[Correction] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    settled: int = 0
    gaps: list[Gap] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class Matching:
    """
    One import. `earlier` are the provider's corrections without an attempt in the claims' time.

    `add` every attempt of the time, then `conclude` once.
    """

    def __init__(self, claims: Claims, terms: Terms, earlier: Iterable[Correction]) -> None:
        self._claims = claims
        self._terms = terms
        self._loose = _loose_ends(earlier)
        self._by_start = Buckets(claims.buckets, lambda booked: booked.reserved_ms)
        self._by_end = Buckets(claims.buckets, lambda booked: booked.reserved_ms + booked.latency_ms)
        self._found: set[str] = set()
        self._rows: dict[tuple[str, str], Row] = {}
        self._result = Settlement()

    def add(self, booked: Booked) -> None:
        """Look at one attempt. Only those that a bucket may settle are kept."""
        claim = self._claims.requests.get(booked.attempt)
        if claim is not None:
            self._found.add(booked.attempt)
            self._add_claimed(booked, claim)
            return
        figures = booked_figures(booked)
        is_exact = not _is_guess(booked)
        in_bucket = self._by_start.add(booked, figures, is_exact=is_exact)
        self._by_end.add(booked, figures, is_exact=is_exact)
        if not in_bucket and self._is_whole(booked):
            self._add_absent(booked, is_exact=is_exact)

    def conclude(self) -> Settlement:
        for request, claim in self._claims.requests.items():
            self._conclude_request(request, claim)
        buckets = self._convention()
        for bucket in buckets.all:
            self._conclude_bucket(bucket)
        for carrier in buckets.carriers:
            if carrier.claim is not None:
                self._settle(carrier.booked, carrier.figures, carrier.claim, is_exact=False)
        self._result.rows = sorted(self._rows.values(), key=lambda row: (row.day, row.model))
        return self._result

    # --- attempts ---------------------------------------------------------------------------------------------------

    def _add_claimed(self, booked: Booked, claim: Claim) -> None:
        """The bill names this attempt: that is what it cost."""
        before = booked_figures(booked)
        figures = self._claimed(booked, claim, before)
        if figures is None:
            self._gap(claim.line, None, f"nobody knows the price of {booked.deployment}")
            figures = before
        else:
            self._settle(booked, figures, claim, is_exact=True)
        row = self._row(model_of(booked.deployment), booked.reserved_ms)
        _bill(row, claim.figures.cost_nanousd if claim.has_cost else None)
        row.before_nanousd += before.cost_nanousd
        row.corrected_nanousd += figures.cost_nanousd - before.cost_nanousd
        self._by_start.add(booked, figures, is_exact=True)
        self._by_end.add(booked, figures, is_exact=True)

    def _claimed(self, booked: Booked, claim: Claim, before: Figures) -> Figures | None:
        """Return an attempt's figures by its claim; what is not stated stays, and a cost follows from the tokens. None: unpriced."""
        tokens = claim.figures if claim.has_tokens else before
        if claim.has_cost:
            return Figures(tokens.tokens_in, tokens.tokens_out, tokens.tokens_cached, claim.figures.cost_nanousd)
        line = self._terms.price_of(booked.deployment, booked.reserved_ms)
        if line is None:
            return None
        cost = cost_nanousd(line, tokens.usage)
        return Figures(tokens.tokens_in, tokens.tokens_out, tokens.tokens_cached, cost)

    def _is_whole(self, booked: Booked) -> bool:
        whole = self._terms.whole
        return whole is not None and whole[0] <= booked.reserved_ms < min(whole[1], self._terms.settled_ms)

    def _add_absent(self, booked: Booked, *, is_exact: bool) -> None:
        """The bill has everything and not this attempt: it cost nothing. But not if the provider itself had told us its usage."""
        before = booked_figures(booked)
        if before == ZERO and is_exact:
            return
        row = self._row(model_of(booked.deployment), booked.reserved_ms)
        row.before_nanousd += before.cost_nanousd
        if is_exact:
            self._gap(booked.attempt, before.cost_nanousd, "the provider told its usage, and the bill does not have it")
            return
        first_ms, last_ms = self._claims.span
        absent = Claim(
            f"absent, {moment(first_ms)}/{moment(last_ms)}", None, first_ms, last_ms, sources=self._sources()
        )
        self._settle(booked, ZERO, absent, is_exact=True)
        row.corrected_nanousd -= before.cost_nanousd

    def _sources(self) -> list[str]:
        every = (*self._claims.requests.values(), *self._claims.buckets)
        return list(dict.fromkeys(source for claim in every for source in claim.sources))

    def _settle(self, booked: Booked, figures: Figures, claim: Claim, *, is_exact: bool) -> None:
        """Correct one attempt to these figures, unless it has them already."""
        difference = figures - booked_figures(booked)
        was_guess = _is_guess(booked)
        is_settled = booked.state is AttemptState.RECONCILED and (not was_guess or not is_exact)
        if difference == ZERO and (is_settled or not was_guess):
            return
        if was_guess and booked.state is not AttemptState.RECONCILED:
            self._result.settled += 1
        self._result.corrections.append(self._correction(booked, difference, claim, is_exact=is_exact))

    def _correction(self, booked: Booked, difference: Figures, claim: Claim, *, is_exact: bool) -> Correction:
        return Correction(
            id=correction_id(self._terms.provider, booked.attempt, booked.corrections),
            at_ms=self._terms.at_ms,
            booked_ms=booked.reserved_ms,
            provider=booked.provider,
            deployment=booked.deployment,
            source=claim.source,
            line=claim.line,
            author=self._terms.author,
            attempt=booked.attempt,
            call=booked.call,
            team=booked.team,
            use_case=booked.use_case,
            key=booked.key,
            session=booked.session,
            model=booked.model,
            settles=True,
            exact=is_exact,
            tokens_in=difference.tokens_in,
            tokens_out=difference.tokens_out,
            tokens_cached=difference.tokens_cached,
            cost_nanousd=difference.cost_nanousd,
        )

    # --- what no attempt explains -----------------------------------------------------------------------------------

    def _conclude_request(self, request: str, claim: Claim) -> None:
        """A request that is not ours is loose. One that was loose and has its attempt by now is loose no more."""
        if request in self._found:
            self._loosen(claim, ZERO)
            return
        if claim.from_ms >= self._terms.settled_ms:
            self._result.left.append(claim.line)
            return
        figures = self._priced(claim)
        if figures is None:
            self._gap(claim.line, None, "no attempt has this id, and nobody knows its model's price")
            return
        row = self._row(claim.model or ANY, claim.from_ms)
        _bill(row, claim.figures.cost_nanousd if claim.has_cost else None)
        self._change_row(row, claim, figures)
        if figures != ZERO:
            self._gap(claim.line, figures.cost_nanousd, "no attempt has this id")

    def _priced(self, claim: Claim) -> Figures | None:
        if claim.has_cost or claim.figures == ZERO:
            return claim.figures
        line = self._terms.price_of(f"{self._terms.provider}/{claim.model}", claim.from_ms) if claim.model else None
        if line is None:
            return None
        return claim.figures + Figures(cost_nanousd=signed_cost(line, claim.figures))

    def _change_row(self, row: Row, claim: Claim, figures: Figures) -> None:
        was = self._loose.of(claim)
        before = was.before_nanousd if was is not None else 0
        row.before_nanousd += before
        row.corrected_nanousd += figures.cost_nanousd - before
        self._loosen(claim, figures)

    def _loosen(self, claim: Claim, figures: Figures) -> None:
        """Let this much be loose by this line, all its corrections together."""
        was = self._loose.of(claim)
        difference = figures - (was.figures if was is not None else ZERO)
        if difference == ZERO:
            return
        loose = self._loose.at(claim.line, claim.model, claim.from_ms)
        self._result.corrections.append(
            Correction(
                id=correction_id(self._terms.provider, claim.line, loose.number),
                at_ms=self._terms.at_ms,
                booked_ms=loose.booked_ms,
                provider=self._terms.provider,
                deployment=f"{self._terms.provider}/{claim.model or ANY}",
                source=claim.source,
                line=claim.line,
                author=self._terms.author,
                tokens_in=difference.tokens_in,
                tokens_out=difference.tokens_out,
                tokens_cached=difference.tokens_cached,
                cost_nanousd=difference.cost_nanousd,
            )
        )
        loose.figures = figures

    # --- buckets ----------------------------------------------------------------------------------------------------

    def _convention(self) -> Buckets:
        """
        Decide where attempts belong that begin in one bucket and end in the next.

        A provider counts by one of them, and does not say which: the one by which less stays unexplained.
        """
        by_start, by_end = (
            sum(bucket.unexplained(self._loose_in(bucket.claim)) for bucket in buckets.all if self._is_over(bucket))
            for buckets in (self._by_start, self._by_end)
        )
        return self._by_end if by_end < by_start else self._by_start

    def _is_over(self, bucket: Bucket) -> bool:
        return bucket.claim.to_ms <= self._terms.settled_ms

    def _conclude_bucket(self, bucket: Bucket) -> None:
        claim = bucket.claim
        if not self._is_over(bucket):
            self._result.left.append(claim.line)
            return
        others = self._loose_in(claim)
        left = bucket.settle(others, self._terms.price_of)
        if left is None:
            self._gap(claim.line, None, "it states tokens only, and nobody knows the price of all of them")
            return
        was = self._loose.of(claim)
        if not claim.has_tokens and was is not None:
            tokens = was.figures
            left = Figures(tokens.tokens_in, tokens.tokens_out, tokens.tokens_cached, left.cost_nanousd)
        self._loosen(claim, left)
        if left != ZERO:
            self._gap(claim.line, left.cost_nanousd, "no attempt of this time explains it")
        row = self._row(claim.model or ANY, claim.from_ms)
        _bill(row, claim.figures.cost_nanousd if claim.has_cost else None)
        before = bucket.before.cost_nanousd + self._was_loose_in(claim)
        after = bucket.exact + sum((carrier.figures for carrier in bucket.carriers), ZERO) + others + left
        row.before_nanousd += before
        row.corrected_nanousd += after.cost_nanousd - before

    def _loose_in(self, claim: Claim) -> Figures:
        """What is loose in a bucket by other lines than its own."""
        return sum((each.figures for each in self._loose.within(claim) if each.line != claim.line), ZERO)

    def _was_loose_in(self, claim: Claim) -> int:
        return sum(each.before_nanousd for each in self._loose.within(claim))

    # --- what is told -----------------------------------------------------------------------------------------------

    def _row(self, model: str, at_ms: int) -> Row:
        day = datetime.fromtimestamp(at_ms // DAY_MS * DAY_MS / 1000, UTC).date().isoformat()
        return self._rows.setdefault((model, day), Row(model, day))

    def _gap(self, line: str, nanousd: int | None, message: str) -> None:
        self._result.gaps.append(Gap(line, nanousd, message))


def _is_guess(booked: Booked) -> bool:
    return booked.estimated or booked.state is AttemptState.UNKNOWN


def _bill(row: Row, nanousd: int | None) -> None:
    row.billed_nanousd = None if nanousd is None or row.billed_nanousd is None else row.billed_nanousd + nanousd


def _loose_ends(earlier: Iterable[Correction]) -> LooseEnds:
    found = LooseEnds()
    for each in earlier:
        if each.attempt is None:
            model = model_of(each.deployment)
            loose = found.at(each.line, None if model == ANY else model, each.booked_ms)
            loose.figures += Figures(each.tokens_in, each.tokens_out, each.tokens_cached, each.cost_nanousd)
            loose.before_nanousd = loose.figures.cost_nanousd
            loose.number += 1
    return found
