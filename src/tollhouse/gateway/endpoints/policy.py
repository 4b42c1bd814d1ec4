"""A use case's say over a request: parameters filled in, clamped and refused; the output limit written in."""

from collections.abc import Iterable, Mapping

import msgspec

from tollhouse.domain.errors import BoundUnknown, InvalidRequest, ParameterNotAllowed
from tollhouse.domain.governance import Deployment, Parameters
from tollhouse.domain.wire import Asked

from .members import Members, raw

DEFAULT_OUTPUT_TOKENS = 4096
"""The output bound where neither caller, use case nor model says one."""

LIMIT_NAMES = ("max_completion_tokens", "max_tokens", "max_output_tokens")
"""OpenAI's names for one thing, the most output tokens of a choice: a use case's rule for one holds for all."""

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
    """
    Change `members` in place as the use case and the deployment say. Return the names that were clamped.

    What is said of an output limit is for `output_limit` and `write_limit`.
    """
    for name in _locked(parameters) if parameters.locked else ():
        if name in members:
            raise ParameterNotAllowed(f"The use case locks the parameter `{name}`; leave it out.", param=name)
    for name, value in parameters.default.items():
        if name not in members and name not in LIMIT_NAMES:
            members[name] = raw(value)
    ceilings = [(name, most) for name, most in parameters.maximum.items() if name not in LIMIT_NAMES]
    clamped = [name for name, most in ceilings if _clamp(members, name, most)]
    for name in deployment.refuses:
        members.pop(name, None)
    return clamped


def _locked(parameters: Parameters) -> Iterable[str]:
    return parameters.locked if parameters.locked.isdisjoint(LIMIT_NAMES) else parameters.locked.union(LIMIT_NAMES)


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


def output_limit(asked: Asked, deployment: Deployment, parameters: Parameters, *, use_case_max: int | None) -> int:
    """
    Return the most output tokens of one choice: the caller's limit, else the use case's default, cut to its ceilings;
    else the lowest ceiling; else the model's.
    """
    wanted = asked.limit or next((_whole(parameters.default[n]) for n in LIMIT_NAMES if n in parameters.default), None)
    ceilings = [int(parameters.maximum[name]) for name in LIMIT_NAMES if name in parameters.maximum]
    if use_case_max is not None:
        ceilings.append(use_case_max)
    if wanted is None and not ceilings:
        return deployment.output_tokens_max or DEFAULT_OUTPUT_TOKENS
    return min(ceilings if wanted is None else [wanted, *ceilings])


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


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
