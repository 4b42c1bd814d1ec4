"""From checked settings to what the house runs on: the domain's Governance and its providers."""

import hashlib
from zoneinfo import ZoneInfo

from tollhouse.domain import governance as domain
from tollhouse.domain.money import PriceLine, Rates, femto_per_token, nano_from_usd
from tollhouse.domain.periods import PeriodKind
from tollhouse.domain.providers import ProviderSpec

from . import tree
from .values import moment_ms

INHOUSE = "inhouse"
PREFIX_CHARACTERS = 8
"""As much of a secret as lists show, so that a person recognises a key."""


def govern(settings: tree.Settings) -> domain.Governance:
    """Return who may do what under these settings. Keys carry the SHA-256 of their secret, never the secret."""
    zone = ZoneInfo(settings.organisation.time_zone)
    return domain.Governance(
        organisation=settings.organisation.name,
        time_zone=settings.organisation.time_zone,
        organisation_budget=_budget(settings.organisation.budget),
        teams={name: domain.Team(name, _budget(team.budget)) for name, team in settings.teams.items()},
        use_cases={name: _use_case(name, use_case) for name, use_case in settings.use_cases.items()},
        routes={name: _route(name, model, settings) for name, model in settings.models.items()},
        keys=tuple(_key(key, zone) for key in settings.keys),
    )


def provider_specs(settings: tree.Settings) -> list[ProviderSpec]:
    """Return how each provider is reached, in the order of the file."""
    return [
        ProviderSpec(
            name=name,
            dialect=provider.dialect,
            base_url=provider.base_url,
            api_key=provider.api_key,
            region=provider.region,
            api_version=provider.api_version,
        )
        for name, provider in settings.providers.items()
    ]


def _route(name: str, model: tree.Model, settings: tree.Settings) -> domain.Route:
    return domain.Route(
        name=name,
        deployments=tuple(_deployment(name, model, deployment, settings) for deployment in model.deployments),
        fallbacks=model.fallbacks,
        retries=model.retries,
        retry_wait_max_ms=model.retry_wait_max_ms,
        release_complete=model.release == "complete",
        max_answer_bytes=model.max_answer_bytes,
    )


def _deployment(
    route: str, model: tree.Model, deployment: tree.Deployment, settings: tree.Settings
) -> domain.Deployment:
    provider = settings.providers[deployment.provider]
    return domain.Deployment(
        provider=deployment.provider,
        model=deployment.model,
        dialect=provider.dialect,
        region=provider.region,
        price=_price(route, model, deployment, provider.dialect),
        timeouts=_timeouts(model.timeouts, deployment.timeouts),
        context_tokens=deployment.context_tokens,
        output_tokens_max=deployment.output_tokens_max,
        refuses=frozenset(deployment.refuses),
        limit_parameter=deployment.limit_parameter,
        bounds={str(part): tokens for part, tokens in deployment.bounds.items()},
    )


def _price(route: str, model: tree.Model, deployment: tree.Deployment, dialect: str) -> PriceLine | None:
    """Return the operator's line, the deployment's before the route's. In-house costs nothing unless it is priced."""
    if deployment.price is not None:
        return _line(f"config:models.{route}.{deployment.provider}/{deployment.model}", deployment.price)
    if model.price is not None:
        return _line(f"config:models.{route}", model.price)
    return PriceLine(INHOUSE, Rates(input=0, cached_input=0, output=0)) if dialect == INHOUSE else None


def _line(line_id: str, price: tree.Price) -> PriceLine:
    rate_in = femto_per_token(price.input_per_million)
    cached = price.cached_input_per_million
    rates = Rates(
        input=rate_in,
        cached_input=rate_in if cached is None else femto_per_token(cached),
        output=femto_per_token(price.output_per_million),
    )
    return PriceLine(line_id, rates)


def _timeouts(route: tree.Timeouts, deployment: tree.Timeouts | None) -> domain.Timeouts:
    """Merge limit by limit: what the deployment sets wins, then what the route sets."""
    merged = route if deployment is None else route.model_copy(update=deployment.model_dump(exclude_unset=True))
    return domain.Timeouts(
        connect_ms=merged.connect_ms,
        first_token_ms=merged.first_token_ms,
        idle_ms=merged.idle_ms,
        total_ms=merged.total_ms,
        pool_ms=merged.pool_ms,
    )


def _use_case(name: str, use_case: tree.UseCase) -> domain.UseCase:
    rate, parameters = use_case.rate, use_case.parameters
    return domain.UseCase(
        name=name,
        team=use_case.team,
        owner=use_case.owner,
        models=use_case.models,
        budget=_budget(use_case.budget),
        rate=domain.Rate(rate.requests_per_minute, rate.tokens_per_minute, rate.concurrency),
        parameters=domain.Parameters(dict(parameters.default), dict(parameters.max), frozenset(parameters.locked)),
        max_output_tokens=use_case.max_output_tokens,
        unpriced_allowed=use_case.unpriced == "allow",
        workflow=use_case.workflow,
        prompt=use_case.prompt,
    )


def _budget(budget: tree.Budget | None) -> domain.Budget | None:
    return None if budget is None else domain.Budget(nano_from_usd(budget.limit_usd), PeriodKind(budget.period))


def _key(key: tree.Key, zone: ZoneInfo) -> domain.Key:
    secret = key.secret.reveal()
    return domain.Key(
        name=key.name,
        team=key.team,
        digest=hashlib.sha256(secret.encode()).digest(),
        use_cases=key.use_cases,
        models=key.models,
        budget=_budget(key.budget),
        expires_ms=None if key.expires is None else moment_ms(key.expires, zone),
        prefix=secret[:PREFIX_CHARACTERS],
        managed="file",
    )
