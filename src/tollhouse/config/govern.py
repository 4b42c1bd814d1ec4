"""From checked settings to what the house runs on: the domain's Governance and its providers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from tollhouse.domain import governance as domain
from tollhouse.domain.guardrails import GuardrailRules, Topic
from tollhouse.domain.money import PriceLine, Rates, femto_per_token, nano_from_usd
from tollhouse.domain.periods import PeriodKind
from tollhouse.domain.privacy import PrivacyRules
from tollhouse.domain.providers import ProviderSpec

from . import tree
from .values import moment_ms, threshold_ppm

INHOUSE = "inhouse"
FREE = PriceLine(INHOUSE, Rates(input=0, cached_input=0, output=0))
"""The in-house engine costs nothing unless it is priced."""
PREFIX_CHARACTERS = 8
"""As much of a secret as lists show, so that a person recognises a key."""


@dataclass(frozen=True, slots=True)
class FromStore:
    """Which of the settings come from the store, by kind and name, and the store's prices by deployment."""

    places: frozenset[tuple[str, str]] = frozenset()
    prices: Mapping[str, PriceLine] = field(default_factory=dict)

    def managed(self, kind: str, name: str) -> str:
        return domain.STORE if (kind, name) in self.places else domain.FILE


NOTHING_STORED = FromStore()


def govern(settings: tree.Settings, stored: FromStore = NOTHING_STORED) -> domain.Governance:
    """Return who may do what under these settings. Keys carry the SHA-256 of their secret, never the secret."""
    zone = ZoneInfo(settings.organisation.time_zone)
    return domain.Governance(
        organisation=settings.organisation.name,
        time_zone=settings.organisation.time_zone,
        organisation_budget=_budget(settings.organisation.budget),
        teams={name: _team(name, team, stored.managed("team", name)) for name, team in settings.teams.items()},
        use_cases={
            name: _use_case(name, use_case, stored.managed("use_case", name))
            for name, use_case in settings.use_cases.items()
        },
        routes={name: _route(name, model, settings, stored) for name, model in settings.models.items()},
        keys=tuple(_key(key, zone) for key in settings.keys),
        organisation_managed=stored.managed("organisation", ""),
        prices=stored.prices,
    )


def provider_specs(settings: tree.Settings) -> list[ProviderSpec]:
    """Return how each provider is reached, in the order of the file."""
    return [
        ProviderSpec(
            name=name,
            dialect=provider.dialect,
            base_url=provider.base_url,
            api_key=provider.api_keys[0] if provider.api_keys else provider.api_key,
            more_keys=provider.api_keys[1:],
            region=provider.region,
            api_version=provider.api_version,
        )
        for name, provider in settings.providers.items()
    ]


def price_line(line_id: str, price: tree.Price) -> PriceLine:
    rate_in = femto_per_token(price.input_per_million)
    cached = price.cached_input_per_million
    rates = Rates(
        input=rate_in,
        cached_input=rate_in if cached is None else femto_per_token(cached),
        output=femto_per_token(price.output_per_million),
    )
    return PriceLine(line_id, rates)


def _route(name: str, model: tree.Model, settings: tree.Settings, stored: FromStore) -> domain.Route:
    managed = stored.managed("route", name)
    line_id = f"{'config' if managed == domain.FILE else 'store'}:models.{name}"
    return domain.Route(
        name=name,
        deployments=tuple(
            _deployment(
                model,
                each,
                settings.providers[each.provider],
                _price(line_id, model, each) or stored.prices.get(f"{each.provider}/{each.model}"),
            )
            for each in model.deployments
        ),
        fallbacks=model.fallbacks,
        retries=model.retries,
        retry_wait_max_ms=model.retry_wait_max_ms,
        release_complete=model.release == "complete",
        max_answer_bytes=model.max_answer_bytes,
        managed=managed,
        sticky=model.sticky is not None,
        sticky_header=model.sticky if isinstance(model.sticky, str) else None,
    )


def _deployment(
    model: tree.Model, deployment: tree.Deployment, provider: tree.Provider, price: PriceLine | None
) -> domain.Deployment:
    return domain.Deployment(
        provider=deployment.provider,
        model=deployment.model,
        dialect=provider.dialect,
        region=provider.region,
        price=price if price or provider.dialect != INHOUSE else FREE,
        timeouts=_timeouts(model.timeouts, deployment.timeouts),
        context_tokens=deployment.context_tokens,
        output_tokens_max=deployment.output_tokens_max,
        refuses=frozenset(deployment.refuses),
        limit_parameter=deployment.limit_parameter,
        bounds={str(part): tokens for part, tokens in deployment.bounds.items()},
        simulated=provider.simulated,
        weight=deployment.weight,
        limits=_limits(model.limits, deployment.limits),
        breaker=None if provider.dialect == INHOUSE else _breaker(model.breaker, deployment),
    )


def _price(line_id: str, model: tree.Model, deployment: tree.Deployment) -> PriceLine | None:
    """Return the operator's line, the deployment's before the route's."""
    if deployment.price is not None:
        return price_line(f"{line_id}.{deployment.provider}/{deployment.model}", deployment.price)
    return None if model.price is None else price_line(line_id, model.price)


def _limits(route: tree.Limits | None, deployment: tree.Limits | None) -> domain.Rate:
    """Merge limit by limit, as time-outs."""
    if deployment is None or route is None:
        found = deployment or route or tree.Limits()
    else:
        found = route.model_copy(update=deployment.model_dump(exclude_unset=True))
    return domain.Rate(found.requests_per_minute, found.tokens_per_minute, found.concurrency)


def _breaker(route: tree.Breaker | None, deployment: tree.Deployment) -> domain.BreakerPolicy | None:
    """Merge member by member, as time-outs. `off` is said by a null that was set."""
    own = deployment.breaker
    if own is None:
        found = None if "breaker" in deployment.model_fields_set else route
    else:
        found = (route or tree.Breaker()).model_copy(update=own.model_dump(exclude_unset=True))
    if found is None:
        return None
    return domain.BreakerPolicy(found.failure_rate, found.min_calls, found.window_s, found.cooldown_ms)


def _timeouts(route: tree.Timeouts, deployment: tree.Timeouts | None) -> domain.Timeouts:
    """Merge limit by limit: what the deployment sets wins, then what the route sets."""
    merged = route if deployment is None else route.model_copy(update=deployment.model_dump(exclude_unset=True))
    return domain.Timeouts(
        connect_ms=merged.connect_ms,
        first_token_ms=merged.first_token_ms,
        idle_ms=merged.idle_ms,
        total_ms=merged.total_ms,
        pool_ms=merged.pool_ms,
        slow_reader_ms=merged.slow_reader_ms,
    )


def _team(name: str, team: tree.Team, managed: str) -> domain.Team:
    return domain.Team(name, _budget(team.budget), _rate(team.rate), managed)


def _use_case(name: str, use_case: tree.UseCase, managed: str) -> domain.UseCase:
    parameters = use_case.parameters
    return domain.UseCase(
        name=name,
        team=use_case.team,
        owner=use_case.owner,
        models=use_case.models,
        budget=_budget(use_case.budget),
        rate=_rate(use_case.rate),
        parameters=domain.Parameters(dict(parameters.default), dict(parameters.max), frozenset(parameters.locked)),
        max_output_tokens=use_case.max_output_tokens,
        unpriced_allowed=use_case.unpriced == "allow",
        workflow=use_case.workflow,
        prompt=use_case.prompt,
        origins=use_case.origins,
        state=use_case.state,
        register=domain.Register(
            purpose=use_case.purpose,
            legal_basis=use_case.legal_basis,
            data_classes=use_case.data_classes,
            risk=use_case.risk,
            review_date=use_case.review_date,
        ),
        managed=managed,
        cache=_cache(use_case.cache),
        queue=_queue(use_case.queue),
        priority=use_case.priority,
        guardrails=_guardrails(use_case),
        privacy=_privacy(use_case.privacy),
    )


def _privacy(privacy: tree.UseCasePrivacy) -> PrivacyRules:
    return PrivacyRules(
        mode=privacy.mode,
        unreadable=privacy.unreadable == "allow",
        also=tuple(sorted(set(privacy.also))),
        patterns=tuple(sorted(privacy.patterns.items())),
    )


def _guardrails(use_case: tree.UseCase) -> GuardrailRules:
    topics = use_case.topics or tree.Topics()
    actions = (use_case.guardrails or tree.Guardrails()).model_dump()
    return GuardrailRules(
        blocks=tuple((name, action == "block") for name, action in actions.items() if action != "off"),
        allow=_topics(topics.allow, topics),
        deny=_topics(topics.deny, topics),
        banned_phrases=use_case.banned_phrases,
        tone=use_case.tone,
        link_hosts=use_case.link_hosts,
    )


def _topics(listed: Mapping[str, tuple[str, ...]], topics: tree.Topics) -> tuple[Topic, ...]:
    return tuple(Topic(name, words, topics.examples.get(name, ())) for name, words in listed.items())


def _cache(cache: tree.Cache | None) -> domain.CacheRules:
    if cache is None:
        return domain.NO_CACHE
    ttl_s = domain.NO_CACHE.ttl_s if cache.ttl_s is None else cache.ttl_s
    return domain.CacheRules(exact=cache.exact, ttl_s=ttl_s, stale_if_error=cache.stale_if_error)


def _queue(queue: tree.Queue | None) -> domain.QueuePolicy | None:
    if queue is None or not (queue.max_wait_ms and queue.max_length):
        return None
    return domain.QueuePolicy(queue.max_wait_ms, queue.max_length)


def _budget(budget: tree.Budget | None) -> domain.Budget | None:
    if budget is None:
        return None
    return domain.Budget(
        limit_nanousd=nano_from_usd(budget.limit_usd),
        period=PeriodKind(budget.period),
        warn_at_ppm=tuple(sorted({threshold_ppm(part) for part in budget.warn_at})),
        falls_back=budget.on_exhausted == "fallback",
    )


def _rate(rate: tree.Rate) -> domain.Rate:
    return domain.Rate(rate.requests_per_minute, rate.tokens_per_minute, rate.concurrency)


def _key(key: tree.Key, zone: ZoneInfo) -> domain.Key:
    secret = key.secret.reveal()
    return domain.Key(
        name=key.name,
        team=key.team,
        digest=hashlib.sha256(secret.encode()).digest(),
        use_cases=key.use_cases,
        models=key.models,
        budget=_budget(key.budget),
        rate=_rate(key.rate),
        expires_ms=None if key.expires is None else moment_ms(key.expires, zone),
        prefix=secret[:PREFIX_CHARACTERS],
        managed="file",
    )
