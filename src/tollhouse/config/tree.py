"""
The settings tree: every key of `tollhouse.yaml`, its type and its default.

A key that is null is as if left out. Keys whose behaviour is not built yet are typed here too, so that the editor
knows them and a wrong one is told; `unbuilt.py` refuses them while they ask for something.
"""

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from .values import (
    Amount,
    AnySecret,
    BaseUrl,
    Bytes,
    CallerSecret,
    Count,
    DatabaseAddress,
    Expires,
    HeaderName,
    Host,
    Json,
    LimitMs,
    LinkHost,
    Listen,
    MasterKey,
    ModelName,
    Name,
    Network,
    Origin,
    Pattern,
    PatternName,
    PersonalType,
    Phrase,
    Text,
    Threshold,
    TimeZone,
    Title,
    TopicExamples,
    TopicWords,
    Usd,
    UsdPerMillion,
    WaitMs,
    wrong,
)

RETRIES_MAX = 10
"""More tries on one deployment only make an outage worse; fallbacks are the way on."""

THRESHOLDS_MAX = 16
"""More warnings before a budget's end than this are noise."""

ORIGINS_MAX = 100
"""Every call from a web page is held against each of them."""

HOSTS_MAX = 100
"""Names of one service, or networks of its proxies."""

AZURE_HOSTS = (".openai.azure.com", ".cognitiveservices.azure.com")

PATTERNS_MAX = 50
"""Each is a pass over every text of a use case."""

TOPICS_MAX = 100
"""Of each list; every text is held against each of them."""
PHRASES_MAX = 500
"""More are a list that nobody reads."""
LINK_HOSTS_MAX = 500

API_KEYS_MAX = 100
"""Each has a breaker and a count of its own at every deployment."""

Fraction = Annotated[float, Field(gt=0, le=1)]
WindowS = Annotated[int, Field(ge=1, le=3_600)]


class Part(BaseModel):
    """What every part of the tree shares: frozen, nothing unknown, no type guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, value: object) -> object:
        if value is None:
            return {}
        if isinstance(value, dict):
            return {key: member for key, member in value.items() if member is not None or key not in cls.model_fields}
        return value


def _off_is_null(value: object) -> object:
    return None if value in ("off", False) else value


class OffIsNull:
    """Marks a part that `off` or `false` leaves out, as null does; the schema says so too."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(_off_is_null, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        return {"anyOf": [handler(core), {"enum": ["off", False]}]}


# --- what several parts have ----------------------------------------------------------------------------------------


class Budget(Part):
    limit_usd: Usd
    period: Literal["day", "week", "month", "total"]
    warn_at: Annotated[tuple[Threshold, ...], Field(max_length=THRESHOLDS_MAX)] = ()
    on_exhausted: Literal["block", "fallback"] = "block"


class Rate(Part):
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    concurrency: Count | None = None


class Price(Part):
    """USD per million tokens. A missing cached price is the input price; an explicit 0 is a price."""

    input_per_million: UsdPerMillion
    cached_input_per_million: UsdPerMillion | None = None
    output_per_million: UsdPerMillion


class Timeouts(Part):
    connect_ms: LimitMs = 3_000
    first_token_ms: LimitMs | None = None
    idle_ms: LimitMs = 60_000
    total_ms: LimitMs = 600_000
    pool_ms: LimitMs = 1_000
    slow_reader_ms: LimitMs = 60_000


class Breaker(Part):
    """On a deployment, what is set wins over the route's, member by member; `off` switches it off."""

    failure_rate: Fraction = 0.5
    min_calls: Count = 20
    window_s: WindowS = 10
    cooldown_ms: LimitMs = 5_000


# --- the service ----------------------------------------------------------------------------------------------------


class Organisation(Part):
    name: Title = "organisation"
    time_zone: TimeZone = "UTC"
    budget: Budget | None = None


class Tls(Part):
    cert: Text
    key: Text
    client_ca: Text | None = None


class ConnectionLimits(Part):
    """As `web/limits.py` has them, with its reasons."""

    header_bytes: Annotated[int, Field(ge=1_024, le=1_048_576)] = 32_768
    headers: Annotated[int, Field(ge=10, le=10_000)] = 100
    header_ms: LimitMs = 10_000
    body_ms: LimitMs = 120_000
    body_bytes_per_second: Count = 1_024
    keep_alive_ms: LimitMs = 75_000
    unread_ms: LimitMs = 30_000
    connections: Annotated[int, Field(ge=1, le=1_000_000)] = 4_096


class Server(Part):
    listen: Listen = "127.0.0.1:8088"
    workers: Count = 1
    max_body_bytes: Bytes = 26_214_400
    admin_token: CallerSecret | None = None
    tls: Annotated[Tls | None, OffIsNull] = None
    drain_ms: WaitMs = 60_000
    hosts: Annotated[tuple[Host, ...], Field(max_length=HOSTS_MAX)] = ()
    behind_tls_proxy: bool = False
    trusted_proxies: Annotated[tuple[Network, ...], Field(max_length=HOSTS_MAX)] = ()
    limits: ConnectionLimits = ConnectionLimits()
    upstream_client: Literal["own", "aiohttp"] = "own"


class Storage(Part):
    path: Text = "./tollhouse-data"
    database: DatabaseAddress | None = None
    redis: AnySecret | None = None
    journal_fsync: Literal["off", "group"] = "off"


class Privacy(Part):
    master_key: MasterKey | None = None


class Retention(Part):
    calls_days: Count | None = None


# --- providers and routes -------------------------------------------------------------------------------------------


class Provider(Part):
    dialect: Literal["openai", "inhouse"]
    base_url: BaseUrl | None = None
    api_key: AnySecret | None = None
    api_keys: Annotated[tuple[AnySecret, ...], Field(max_length=API_KEYS_MAX)] = ()
    region: Text | None = None
    api_version: Text | None = None
    simulated: bool = False

    @model_validator(mode="after")
    def _has_an_address_unless_in_house(self) -> "Provider":
        if self.dialect == "inhouse" and (self.base_url or self.api_key or self.api_keys or self.api_version):
            raise wrong(
                "the in-house engine has no base_url, api_key or api_version", "remove them, or write dialect: openai"
            )
        if self.dialect != "inhouse" and self.base_url is None:
            raise wrong(
                "`base_url` is missing", 'add it, for example base_url: "https://api.openai.com/v1"', key="base_url"
            )
        if _is_classic_azure(self.base_url or "") and self.api_version is None:
            raise wrong("this address of Azure needs an api_version", "add it, or end base_url with /openai/v1")
        if self.api_key is not None and self.api_keys:
            raise wrong("`api_key` and `api_keys` together", "list every key under api_keys", key="api_keys")
        if len({key.reveal() for key in self.api_keys}) < len(self.api_keys):
            raise wrong("`api_keys` names one key twice", "remove one of them", key="api_keys")
        return self


def _is_classic_azure(base_url: str) -> bool:
    url = urlsplit(base_url)
    return (url.hostname or "").endswith(AZURE_HOSTS) and not url.path.endswith("/v1")


class Limits(Part):
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    concurrency: Count | None = None


class Deployment(Part):
    provider: Name
    model: ModelName
    weight: Count = 1
    limits: Limits | None = None
    price: Price | None = None
    timeouts: Timeouts | None = None
    breaker: Annotated[Breaker | None, OffIsNull] = None
    context_tokens: Count | None = None
    output_tokens_max: Count | None = None
    refuses: tuple[Name, ...] = ()
    limit_parameter: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    capabilities: tuple[Name, ...] = ()
    bounds: Mapping[Literal["image", "audio", "file"], Count] = {}


class Model(Part):
    """A route: a public model name and the deployments behind it, in order."""

    deployments: Annotated[tuple[Deployment, ...], Field(min_length=1)]
    fallbacks: tuple[ModelName, ...] = ()
    retries: Annotated[int, Field(ge=0, le=RETRIES_MAX)] = 2
    retry_wait_max_ms: WaitMs = 5_000
    timeouts: Timeouts = Timeouts()
    release: Literal["first_chunk", "complete"] = "first_chunk"
    max_answer_bytes: Bytes = 33_554_432
    early_ping: bool = False
    sticky: Annotated[HeaderName | Literal[True] | None, OffIsNull] = None
    breaker: Annotated[Breaker | None, OffIsNull] = Breaker()
    limits: Limits | None = None
    price: Price | None = None


# --- teams, use cases, keys -----------------------------------------------------------------------------------------


class Team(Part):
    budget: Budget | None = None
    rate: Rate = Rate()


QUEUE_WAIT_MS_MAX = 60_000
"""Whoever waits for a minute has been left waiting."""
QUEUE_LENGTH_MAX = 10_000
"""Each holds its request in memory."""

QueueWaitMs = Annotated[int, Field(ge=0, le=QUEUE_WAIT_MS_MAX)]


class Queue(Part):
    """A 0 is no queue."""

    max_wait_ms: QueueWaitMs = 0
    max_length: Annotated[int, Field(ge=0, le=QUEUE_LENGTH_MAX)] = 0


class Parameters(Part):
    """`default` fills in, `max` clamps numbers, `locked` refuses. Names are OpenAI's."""

    default: Mapping[Name, Json] = {}
    max: Mapping[Name, Amount] = {}
    locked: tuple[Name, ...] = ()


class UseCasePrivacy(Part):
    mode: Literal["off", "observe", "mask", "block"] = "mask"
    unreadable: Literal["allow", "refuse"] = "refuse"
    patterns: Annotated[Mapping[PatternName, Pattern], Field(max_length=PATTERNS_MAX)] = {}
    also: tuple[PersonalType, ...] = ()


Action = Literal["off", "observe", "block"]


class Guardrails(Part):
    """`observe` records what is found, `block` refuses the call as well."""

    injection: Action = "off"
    secrets: Action = "off"
    topics: Action = "off"
    output_schema: Action = "off"
    phrases: Action = "off"
    links: Action = "off"
    leaked: Action = "off"


class Topics(Part):
    """By a topic's name the words that tell it; `examples` are whole sentences, compared by meaning."""

    allow: Annotated[Mapping[Name, TopicWords], Field(max_length=TOPICS_MAX)] = {}
    deny: Annotated[Mapping[Name, TopicWords], Field(max_length=TOPICS_MAX)] = {}
    examples: Mapping[Name, TopicExamples] = {}

    @model_validator(mode="after")
    def _every_topic_is_known_by_something(self) -> "Topics":
        listed = {**self.allow, **self.deny}
        for name in self.examples:
            if name not in listed:
                raise wrong(
                    f"`examples` of {name!r}, which is neither under `allow` nor under `deny`", "list it there: []"
                )
        for name, words in listed.items():
            if not words and not self.examples.get(name):
                raise wrong(f"the topic {name!r} has neither words nor examples", "list words that tell it")
        return self


class Cache(Part):
    exact: bool = False
    ttl_s: Count | None = None
    stale_if_error: bool = False


class Keep(Part):
    masked_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    original_days: Annotated[int, Field(ge=0, le=36_500)] = 0


class Kpi(Part):
    unit: Text
    baseline_minutes: Amount
    hourly_cost: Usd
    owner: Text
    since: Expires


class UseCase(Part):
    team: Title
    owner: Text
    models: Annotated[tuple[ModelName, ...], Field(min_length=1)]
    budget: Budget | None = None
    rate: Rate = Rate()
    queue: Annotated[Queue | None, OffIsNull] = None
    prompt: Name | None = None
    parameters: Parameters = Parameters()
    max_output_tokens: Count | None = None
    privacy: UseCasePrivacy = UseCasePrivacy()
    guardrails: Annotated[Guardrails | None, OffIsNull] = None
    topics: Annotated[Topics | None, OffIsNull] = None
    banned_phrases: Annotated[tuple[Phrase, ...], Field(max_length=PHRASES_MAX)] = ()
    tone: tuple[Literal["shouting", "emoji", "informal", "insult"], ...] = ()
    link_hosts: Annotated[tuple[LinkHost, ...], Field(max_length=LINK_HOSTS_MAX)] = ()
    cache: Annotated[Cache | None, OffIsNull] = None
    keep: Annotated[Keep | None, OffIsNull] = None
    workflow: Name | None = None
    kpi: Kpi | None = None
    unpriced: Literal["refuse", "allow"] = "refuse"
    purpose: Text | None = None
    legal_basis: Text | None = None
    data_classes: tuple[Text, ...] = ()
    risk: Text | None = None
    review_date: Expires | None = None
    state: Literal["proposed", "approved", "live", "retired"] = "live"
    origins: Annotated[tuple[Origin, ...], Field(max_length=ORIGINS_MAX)] = ()
    priority: Literal["interactive", "batch"] | None = None
    regions: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _guardrails_that_are_on_have_rules_and_rules_a_guardrail(self) -> "UseCase":
        on = self.guardrails or Guardrails()
        topics = self.topics is not None and bool(self.topics.allow or self.topics.deny)
        if topics != (on.topics != "off"):
            raise _unmatched("topics", "topics", is_listed=topics)
        phrases = bool(self.banned_phrases or self.tone)
        if phrases != (on.phrases != "off"):
            raise _unmatched(
                "phrases", "banned_phrases" if self.banned_phrases or not phrases else "tone", is_listed=phrases
            )
        if self.link_hosts and on.links == "off":
            raise _unmatched("links", "link_hosts", is_listed=True)
        return self


def _unmatched(guardrail: str, key: str, *, is_listed: bool) -> PydanticCustomError:
    if is_listed:
        return wrong(
            f"`{key}` is listed, but nothing is done about it",
            f"add guardrails: {{{guardrail}: observe}}, or block",
            key=key,
        )
    return wrong(f"`guardrails.{guardrail}` has nothing to look for", f"add `{key}`, or leave it out", key="guardrails")


class Key(Part):
    """A file-managed key. No `use_cases`: every one of the team. No `models`: every one of the use case."""

    name: Title
    team: Title
    secret: CallerSecret
    use_cases: tuple[Name, ...] = ()
    models: tuple[ModelName, ...] | None = None
    budget: Budget | None = None
    rate: Rate = Rate()
    expires: Expires | None = None


class Settings(Part):
    organisation: Organisation = Organisation()
    server: Server = Server()
    storage: Storage = Storage()
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    providers: Mapping[Name, Provider] = {}
    models: Mapping[ModelName, Model] = {}
    teams: Mapping[Title, Team] = {}
    use_cases: Mapping[Name, UseCase] = {}
    keys: tuple[Key, ...] = ()
