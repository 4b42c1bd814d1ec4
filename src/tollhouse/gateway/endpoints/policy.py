"""A use case's say over a request: parameters filled in, clamped and refused; the output limit written in."""

from collections.abc import Mapping

import msgspec

from tollhouse.domain.errors import BoundUnknown, InvalidRequest, ParameterNotAllowed
from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.wire import Asked

from .members import Members, raw

DEFAULT_OUTPUT_TOKENS = 4096
"""The output bound where neither caller, use case nor model says one."""

PROVIDER_DEFAULTS: Mapping[str, float | int] = {"temperature": 1, "top_p": 1, "n": 1, "best_of": 1}
"""What OpenAI's API assumes for a number left out: a ceiling below it has to be written, not just left out."""


STANDARD_TIERS = frozenset({"auto", "default"})
"""Service tiers at the price book's prices. Others (priority, flex, scale) have prices that it does not know."""


def refuse_other_tiers(tier: str | None) -> None:
    if tier is not None and tier not in STANDARD_TIERS:
        raise InvalidRequest(
            f"`service_tier` {tier!r} has a price of its own that the price book does not know; leave it out.",
            param="service_tier",
        )


def apply_parameters(members: Members, parameters: Parameters, deployment: Deployment) -> list[str]:
    """Change `members` in place as the use case and the deployment say. Return the names that were clamped."""
    for name in parameters.locked:
        if name in members:
            raise ParameterNotAllowed(f"The use case locks the parameter `{name}`; leave it out.", param=name)
    for name, value in parameters.default.items():
        if name not in members:
            members[name] = raw(value)
    clamped = [name for name, most in parameters.maximum.items() if _clamp(members, name, most)]
    for name in deployment.refuses:
        members.pop(name, None)
    return clamped


def _clamp(members: Members, name: str, most: float | int) -> bool:
    value = _number(members.get(name))
    if value is None:
        assumed = PROVIDER_DEFAULTS.get(name)
        if assumed is not None and assumed > most:
            members[name] = raw(most)
        return False
    if value <= most:
        return False
    members[name] = raw(most)
    return True


def _number(value: bytes | None) -> float | int | None:
    if value is None or value == b"null":
        return None
    try:
        return msgspec.json.decode(value, type=float | int)
    except msgspec.DecodeError:
        return None


def output_limit(asked: Asked, deployment: Deployment, *, use_case_max: int | None) -> int:
    """Return the most output tokens of one choice: the caller's limit cut to the use case's; else its; else the model's."""
    if asked.limit is not None:
        return asked.limit if use_case_max is None else min(asked.limit, use_case_max)
    return use_case_max or deployment.output_tokens_max or DEFAULT_OUTPUT_TOKENS


def write_limit(members: Members, names: tuple[str, ...], parameter: str, limit: int, deployment: Deployment) -> int:
    """
    Write the limit under the deployment's name for it, and under no other. Return the bound that now holds.

    A deployment that refuses the parameter is bounded by what its model can write, if that is declared.
    """
    for name in names:
        members.pop(name, None)
    if parameter not in deployment.refuses:
        members[parameter] = raw(limit)
        return limit
    if deployment.output_tokens_max is None:
        raise BoundUnknown(
            f"Deployment {deployment.name} refuses `{parameter}`, so its answer has no bound; "
            "declare its `output_tokens_max` in the configuration."
        )
    return deployment.output_tokens_max
