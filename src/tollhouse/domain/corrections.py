"""Corrections: what a provider's own usage says of money that is booked already. New rows, never edits."""

from dataclasses import dataclass
from hashlib import sha256


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
        team, use_case, key, session, model: of that call; None without one. Then only the organisation is charged.
        settles: what the attempt cost is settled now (its state is `reconciled` from here on).
        exact: the bill speaks of this one attempt. If not, it is a share of a sum over several, and may be shared out
            anew when more is known.
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
    session: str | None = None
    settles: bool = False
    exact: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_nanousd: int = 0


def correction_id(provider: str, subject: str, number: int) -> str:
    """
    Return the id of the so-many-th correction of one thing: an attempt, or a line of a bill that no attempt explains.

    Two who correct the same thing at the same time make the same id, and the store takes only the first: each saw the
    figures without the other's correction, so both together would be wrong.
    """
    digest = sha256(f"{provider}\0{subject}\0{number}".encode()).hexdigest()
    return f"cor_{digest[:32]}"


def scopes_of(correction: Correction) -> tuple[tuple[str, str], ...]:
    """Return `(kind, name)` of every budget scope that it is charged to."""
    named = (
        ("team", correction.team),
        ("use_case", correction.use_case),
        ("key", correction.key),
        ("session", correction.session),
    )
    return (("organisation", ""), *((kind, name) for kind, name in named if name is not None))
