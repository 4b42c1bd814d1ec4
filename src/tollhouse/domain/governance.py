"""Who may ask for what: teams, use cases, keys, tokens, budgets, and the routes and deployments they may reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from .guardrails import NO_GUARDRAILS, GuardrailRules
from .money import PriceLine
from .periods import Period, PeriodKind
from .privacy import MASKED, PrivacyRules
from .roles import AccessToken

PPM = 1_000_000
"""Thresholds are parts per million of a limit, so that no float comes near money."""

PPM_CHARACTERS_MAX = 28
"""More digits than a part of a million can have, and few enough that decimal arithmetic is exact."""

FILE, STORE = "file", "store"
"""Where something is managed: in the configuration file, which nobody else changes, or by API and command."""


def ppm_of(part: str) -> int:
    """Read a part of a limit (`0.8`, `1`) as parts per million, exactly. Raises ValueError unless 0 < part <= 1."""
    try:
        parts = Decimal(part).scaleb(6) if len(part) <= PPM_CHARACTERS_MAX else Decimal("NaN")
    except ArithmeticError:  # not a number, or an exponent beyond reason
        parts = Decimal("NaN")
    if not parts.is_finite() or not 0 < parts <= PPM or parts != int(parts):
        raise ValueError(f"{part[:40]!r} is not a part of a limit: above 0, at most 1, with at most six decimal places")
    return int(parts)


@dataclass(frozen=True, slots=True)
class Budget:
    """
    A hard cap on one scope and period.

    Args:
        warn_at_ppm: at which parts of the limit a warning is due, ascending.
        falls_back: once it is used up, calls go to the last model of their use case instead of being refused.
        window: the one period it has, in place of the calendar's (a session token's life).
    """

    limit_nanousd: int
    period: PeriodKind
    warn_at_ppm: tuple[int, ...] = ()
    falls_back: bool = False
    window: Period | None = None


@dataclass(frozen=True, slots=True)
class BudgetScope:
    """What a budget caps: `kind` is organisation | team | use_case | key | session; the organisation's name is empty."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True)
class Rate:
    """Fixed ceilings; None is none."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None

    @property
    def is_set(self) -> bool:
        return (self.requests_per_minute, self.tokens_per_minute, self.concurrency) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Parameters:
    """`default` fills in, `maximum` clamps numbers, `locked` refuses. Names are OpenAI's."""

    default: Mapping[str, object] = field(default_factory=dict)
    maximum: Mapping[str, float | int] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    Limits of one attempt, in milliseconds.

    `first_token_ms` None: 120,000 on a stream, `total_ms` otherwise. `idle_ms` runs between whole data events of a
    stream, between bytes of a body that is not streamed. `slow_reader_ms` is the caller's: how long a stream's caller may
    take nothing of it.
    """

    connect_ms: int = 3_000
    first_token_ms: int | None = None
    idle_ms: int = 60_000
    total_ms: int = 600_000
    pool_ms: int = 1_000
    slow_reader_ms: int = 60_000

    def first_ms(self, *, streamed: bool) -> int:
        if self.first_token_ms is not None:
            return self.first_token_ms
        return min(120_000, self.total_ms) if streamed else self.total_ms


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a deployment is left alone: `failure_rate` of at least `min_calls` within `window_s`, for `cooldown_ms`."""

    failure_rate: float = 0.5
    min_calls: int = 20
    window_s: int = 10
    cooldown_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How many calls of a use case may wait for room at once in one process, and each for how long in all."""

    max_wait_ms: int
    max_length: int


INTERACTIVE, BATCH = "interactive", "batch"
PRIORITIES = (INTERACTIVE, BATCH)
"""Who waits in front and who is shed first. Somebody waits for an interactive call; a run's can come later."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    One model at one provider.

    Args:
        provider: the provider's name in the configuration.
        model: the model's name at the provider.
        dialect: the provider's wire format.
        region: where the provider runs, if the operator said so.
        price: the operator's own line; None means the price book's seed decides.
        timeouts: already merged from route and deployment.
        context_tokens: the model's context window, if declared.
        output_tokens_max: the most the model can write, if declared.
        refuses: parameters this deployment must never be sent.
        limit_parameter: the name under which it takes an output limit on chat completions.
        bounds: worst-case tokens of one part: image, audio, file.
        simulated: its provider only plays one, so use cases that are not live yet may reach it.
        weight: its part of the calls, beside the weights of the route's other deployments.
        limits: what its provider allows, as declared.
        breaker: None: it is never left alone, whatever it answers.
    """

    provider: str
    model: str
    dialect: str
    region: str | None = None
    price: PriceLine | None = None
    timeouts: Timeouts = Timeouts()
    context_tokens: int | None = None
    output_tokens_max: int | None = None
    refuses: frozenset[str] = frozenset()
    limit_parameter: str = "max_completion_tokens"
    bounds: Mapping[str, int] = field(default_factory=dict)
    simulated: bool = False
    weight: int = 1
    limits: Rate = Rate()
    breaker: BreakerPolicy | None = BreakerPolicy()

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class Route:
    """
    A public model name (or pattern with `*`) and the deployments behind it, in order.

    `sticky`: calls of one conversation go to one deployment; `sticky_header` names the conversation, if the caller does.
    """

    name: str
    deployments: tuple[Deployment, ...]
    fallbacks: tuple[str, ...] = ()
    retries: int = 2
    retry_wait_max_ms: int = 5_000
    release_complete: bool = False
    max_answer_bytes: int = 33_554_432
    managed: str = FILE
    sticky: bool = False
    sticky_header: str | None = None


PROPOSED, APPROVED, LIVE, RETIRED = "proposed", "approved", "live", "retired"
STATES = (PROPOSED, APPROVED, LIVE, RETIRED)
"""A use case's life. Proposed and approved ones reach only the simulator and the in-house engine, retired ones nothing."""


@dataclass(frozen=True, slots=True)
class Register:
    """What the register of use cases says of one, for people: why it exists, on what grounds, and when it is looked at again."""

    purpose: str | None = None
    legal_basis: str | None = None
    data_classes: tuple[str, ...] = ()
    risk: str | None = None
    review_date: str | None = None


@dataclass(frozen=True, slots=True)
class CacheRules:
    """
    What a use case says about answers that were given before.

    Args:
        exact: the same question gets the same answer for `ttl_s` seconds, whatever its temperature.
        stale_if_error: an answer that is older may stand in when no deployment answers.
    """

    exact: bool = False
    ttl_s: int = 86_400
    stale_if_error: bool = False

    @property
    def is_set(self) -> bool:
        return self.exact or self.stale_if_error


NO_CACHE = CacheRules()


@dataclass(frozen=True, slots=True)
class UseCase:
    """
    The unit of governance. `models` are route names, the first is the default; `prompt` names a folder.

    `origins`: web pages (`https://shop.example`) whose session tokens may call it. `queue` None: nothing waits.
    `priority` None: a run's calls are batch, all others interactive.
    """

    name: str
    team: str
    owner: str
    models: tuple[str, ...]
    budget: Budget | None = None
    rate: Rate = Rate()
    parameters: Parameters = Parameters()
    max_output_tokens: int | None = None
    unpriced_allowed: bool = False
    workflow: str | None = None
    prompt: str | None = None
    origins: tuple[str, ...] = ()
    state: str = LIVE
    register: Register = Register()
    managed: str = FILE
    cache: CacheRules = NO_CACHE
    queue: QueuePolicy | None = None
    priority: str | None = None
    privacy: PrivacyRules = MASKED
    guardrails: GuardrailRules = NO_GUARDRAILS


@dataclass(frozen=True, slots=True)
class Team:
    """The tenant wall."""

    name: str
    budget: Budget | None = None
    rate: Rate = Rate()
    managed: str = FILE


@dataclass(frozen=True, slots=True)
class Key:
    """
    A caller's key. The secret is never here, only its SHA-256.

    `use_cases` empty: every use case of the team. `models` None: every model of the use case. Times in Unix
    milliseconds. `managed`: file | store. After a rotation the secret before it is good until `previous_until_ms`.
    """

    name: str
    team: str
    digest: bytes
    use_cases: tuple[str, ...] = ()
    models: tuple[str, ...] | None = None
    budget: Budget | None = None
    rate: Rate = Rate()
    expires_ms: int | None = None
    revoked_ms: int | None = None
    created_ms: int = 0
    created_by: str = ""
    last_used_ms: int | None = None
    previous_digest: bytes | None = None
    previous_until_ms: int | None = None
    prefix: str = ""
    managed: str = STORE


@dataclass(frozen=True, slots=True)
class Session:
    """
    What a session token says: a web page may call one use case for a few minutes, as `subject`, on its parent key's account.

    `parent_digest` is that of the parent key's secret at the time: with that secret the session dies.
    """

    id: str
    key: str
    parent_digest: bytes
    use_case: str
    origins: tuple[str, ...]
    issued_ms: int
    expires_ms: int
    subject: str | None = None
    rate: Rate = Rate()
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Governance:
    """
    All of it, frozen: what the file says with what the store says laid over it. `organisation_budget` caps everything.

    `revision` is the store's when this was made. `keys` and `tokens` are those that may still be good. `prices` are the
    store's lines by deployment; on the routes they stand already, except where a pattern takes any model's name.
    """

    organisation: str
    time_zone: str
    organisation_budget: Budget | None
    teams: Mapping[str, Team]
    use_cases: Mapping[str, UseCase]
    routes: Mapping[str, Route]
    keys: tuple[Key, ...] = ()
    tokens: tuple[AccessToken, ...] = ()
    organisation_managed: str = FILE
    revision: int = 0
    prices: Mapping[str, PriceLine] = field(default_factory=dict)


def budgets_of(governance: Governance) -> dict[BudgetScope, Budget]:
    """Return every budget in force but those of session tokens, which nobody lists."""
    found = {
        BudgetScope("organisation", ""): governance.organisation_budget,
        **{BudgetScope("team", name): team.budget for name, team in governance.teams.items()},
        **{BudgetScope("use_case", name): use_case.budget for name, use_case in governance.use_cases.items()},
        **{BudgetScope("key", key.name): key.budget for key in governance.keys if key.revoked_ms is None},
    }
    return {scope: budget for scope, budget in found.items() if budget is not None}
