"""Calls and attempts as they are recorded: the rows of the ledger and of the journal."""

from dataclasses import dataclass, field
from enum import StrEnum

from .verdicts import Verdict


class AttemptState(StrEnum):
    """One way: reserved -> sent -> settled | void | unknown -> reconciled."""

    RESERVED = "reserved"
    SENT = "sent"
    SETTLED = "settled"
    VOID = "void"
    UNKNOWN = "unknown"
    RECONCILED = "reconciled"


class Outcome(StrEnum):
    """What became of a call or an attempt."""

    RUNNING = "running"
    OK = "ok"
    ERROR = "error"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(slots=True, kw_only=True)
class Attempt:
    """
    One request to a deployment; the unit of money.

    `cost_nanousd` is what it cost; while `sent`, and when `unknown`, its held worst case (then `estimated`).
    `reserved_ms` decides the budget period it belongs to. `price` is the price-book line's id.
    """

    id: str
    deployment: str
    provider: str
    reserved_ms: int
    held_nanousd: int
    state: AttemptState = AttemptState.RESERVED
    outcome: Outcome = Outcome.RUNNING
    error: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    estimated: bool = False
    cost_nanousd: int = 0
    price: str | None = None
    latency_ms: int = 0


@dataclass(slots=True, kw_only=True)
class Call:
    """
    One call. Tokens and cost are the sums over its attempts, never stored twice.

    `model` is the route asked for, `deployment` and `provider` the one that served (or was tried last). `status` is
    the HTTP status sent (499: the caller left). `session` is the session token's id if one called;
    `saved_nanousd` what an answer from the cache did not cost; `guardrails` what they found, never the text. Times in
    Unix milliseconds, durations in milliseconds.
    """

    id: str
    at_ms: int
    endpoint: str
    team: str
    use_case: str
    key: str
    model: str
    streamed: bool = False
    provider: str | None = None
    deployment: str | None = None
    prompt: str | None = None
    run: str | None = None
    status: int = 0
    outcome: Outcome = Outcome.RUNNING
    error: str | None = None
    cache: str = "off"
    privacy: str = "off"
    latency_ms: int = 0
    first_token_ms: int | None = None
    overhead_ms: float | None = None
    request_id: str | None = None
    subject: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    session: str | None = None
    saved_nanousd: int = 0
    guardrails: list[Verdict] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def tokens_in(self) -> int:
        return sum(a.tokens_in for a in self.attempts)

    @property
    def tokens_out(self) -> int:
        return sum(a.tokens_out for a in self.attempts)

    @property
    def tokens_cached(self) -> int:
        return sum(a.tokens_cached for a in self.attempts)

    @property
    def cost_nanousd(self) -> int:
        return sum(a.cost_nanousd for a in self.attempts)

    @property
    def estimated(self) -> bool:
        return any(a.estimated for a in self.attempts)


def scopes_of(call: Call) -> tuple[tuple[str, str], ...]:
    """Return `(kind, name)` of every budget scope that the call's attempts are charged to."""
    scopes = (("organisation", ""), ("team", call.team), ("use_case", call.use_case), ("key", call.key))
    return scopes if call.session is None else (*scopes, ("session", call.session))
