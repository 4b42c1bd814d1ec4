"""Who may ask for what: teams, use cases, keys, budgets, and the routes and deployments they may reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .money import PriceLine
from .periods import PeriodKind


@dataclass(frozen=True, slots=True)
class Budget:
    """A hard cap on one scope and period."""

    limit_nanousd: int
    period: PeriodKind


@dataclass(frozen=True, slots=True)
class BudgetScope:
    """What a budget caps: `kind` is organisation | team | use_case | key; the organisation's name is empty."""

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
    stream, between bytes of a body that is not streamed.
    """

    connect_ms: int = 3_000
    first_token_ms: int | None = None
    idle_ms: int = 60_000
    total_ms: int = 600_000
    pool_ms: int = 1_000

    def first_ms(self, *, streamed: bool) -> int:
        if self.first_token_ms is not None:
            return self.first_token_ms
        return min(120_000, self.total_ms) if streamed else self.total_ms


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

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class Route:
    """A public model name (or pattern with `*`) and the deployments behind it, in order."""

    name: str
    deployments: tuple[Deployment, ...]
    fallbacks: tuple[str, ...] = ()
    retries: int = 2
    retry_wait_max_ms: int = 5_000
    release_complete: bool = False
    max_answer_bytes: int = 33_554_432


@dataclass(frozen=True, slots=True)
class UseCase:
    """The unit of governance. `models` are route names, the first is the default; `prompt` names a folder."""

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


@dataclass(frozen=True, slots=True)
class Team:
    """The tenant wall."""

    name: str
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """
    A caller's key. The secret is never here, only its SHA-256.

    `use_cases` empty: every use case of the team. `models` None: every model of the use case. Times in Unix
    milliseconds. `managed`: file | store.
    """

    name: str
    team: str
    digest: bytes
    use_cases: tuple[str, ...] = ()
    models: tuple[str, ...] | None = None
    budget: Budget | None = None
    expires_ms: int | None = None
    revoked_ms: int | None = None
    created_ms: int = 0
    prefix: str = ""
    managed: str = "store"


@dataclass(frozen=True, slots=True)
class Governance:
    """All of it, frozen: what one configuration says. `organisation_budget` caps everything."""

    organisation: str
    time_zone: str
    organisation_budget: Budget | None
    teams: Mapping[str, Team]
    use_cases: Mapping[str, UseCase]
    routes: Mapping[str, Route]
    keys: tuple[Key, ...] = ()
