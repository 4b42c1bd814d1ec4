"""Corrections: what a provider's own usage says of money that is booked already. New rows, never edits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """
    One difference between the ledger and a provider's bill, as an amount to add to what is booked.

    Args:
        id: the same for the same difference, so that importing a bill twice changes nothing.
        at_ms: when it was written.
        booked_ms: the moment whose budget periods and reports it belongs to: its attempt was reserved then, or its
            line of the bill begins then.
        attempt, call: what it corrects; None for a part of a bill that no attempt of ours explains.
        team, use_case, key, model: of that call; None without one. Then only the organisation is charged.
        settles: the attempt's cost is known now (its state is `reconciled` from here on).
        tokens_in, tokens_out, tokens_cached, cost_nanousd: to be added; may be negative, and 0 if the guess was right.
        source: which bill: its kind and the first digits of its SHA-256.
        line: where in it: a request's id, or bucket and model.
    """

    id: str
    at_ms: int
    booked_ms: int
    provider: str
    deployment: str
    source: str
    line: str
    author: str
    attempt: str | None = None
    call: str | None = None
    team: str | None = None
    use_case: str | None = None
    key: str | None = None
    model: str | None = None
    settles: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_nanousd: int = 0
