"""Identify, resolve the use case, authorise the model, take a place under the rate."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from tollhouse.domain.errors import InvalidApiKey, ModelNotFound, UseCaseNotAllowed, UseCaseRequired
from tollhouse.domain.governance import Budget, BudgetScope, Governance, Key, Route, UseCase
from tollhouse.ports.clock import Clock

from .directory import Directory
from .rates import Limiter, RateState, Ticket

MODEL_NAME = re.compile(r"[A-Za-z0-9._:/@+%-]{1,200}")
"""What a model may be called: it is repeated in headers, logs and metrics."""

ANY_MODEL = "*"
"""A deployment's model in a pattern's route: whatever name was asked for."""

MAX_ADMITTED = 1_000
"""Decisions remembered for one principal; patterns let callers choose model names."""

BudgetPath = tuple[tuple[BudgetScope, Budget], ...]


@dataclass(frozen=True, slots=True)
class Principal:
    """
    The authenticated caller and the use cases it may act for.

    `admitted` remembers what was decided for it, by use case and model as asked for.
    """

    key: Key
    use_cases: tuple[str, ...]
    admitted: "dict[tuple[str | None, str], Admitted]" = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Admitted:
    """
    A call that may go on: whose, for what, along which routes, under which budgets.

    Args:
        model: the model name as asked for; a pattern's route serves it under this name.
        routes: the route asked for and its fallbacks that the use case and the key may use, in order.
        last_resort: where calls go whose budget is used up and says `on_exhausted: fallback`: the use case's last model.
    """

    principal: Principal
    use_case: UseCase
    model: str
    routes: tuple[Route, ...]
    budgets: BudgetPath
    last_resort: Route | None = None


class Admission:
    """Everything that can be decided from memory. It raises AdmissionErrors and RequestErrors, and never waits."""

    def __init__(self, governance: Governance, clock: Clock) -> None:
        self._clock = clock
        self.put_in_force(governance)

    def put_in_force(self, governance: Governance) -> None:
        """From now on this holds. Calls that were admitted before go on as they were."""
        now = self._clock.monotonic()
        self._governance = governance
        self._directory = Directory(governance)
        self._principals: dict[bytes, Principal] = {}
        self._limiters = {name: Limiter(use_case.rate, now) for name, use_case in governance.use_cases.items()}

    def identify(self, authorization: bytes | None) -> Principal:
        """Read an `Authorization: Bearer` value. Raises InvalidApiKey."""
        scheme, _, secret = (authorization or b"").partition(b" ")
        if scheme.lower() != b"bearer" or not secret.strip():
            raise InvalidApiKey("No API key: send the header `Authorization: Bearer <key>`.")
        key = self._directory.find(secret.strip(), self._clock.now_ms())
        known = self._principals.get(key.digest)
        if known is None:
            known = self._principals[key.digest] = Principal(key, self._use_cases_of(key))
        return known

    def inside(self, use_case: str, name: str) -> Principal:
        """Return the principal under which this machine's own commands act for a use case."""
        found = self._governance.use_cases.get(use_case)
        if found is None:
            known = ", ".join(sorted(self._governance.use_cases)) or "none"
            raise UseCaseNotAllowed(f"There is no use case {use_case!r}; the configuration has: {known}.")
        return Principal(Key(name=name, team=found.team, digest=b"", managed="file"), (use_case,))

    def admit(self, principal: Principal, use_case_name: str | None, model: str) -> Admitted:
        """
        Resolve use case, route, fallbacks and budgets. Raises UseCaseRequired, UseCaseNotAllowed or ModelNotFound.

        The answer depends on nothing but the governance in force and the principal, so it is kept with the principal.
        """
        known = principal.admitted.get((use_case_name, model))
        if known is None:
            known = self._admit(principal, use_case_name, model)
            if len(principal.admitted) < MAX_ADMITTED:
                principal.admitted[use_case_name, model] = known
        return known

    def _admit(self, principal: Principal, use_case_name: str | None, model: str) -> Admitted:
        use_case = self.use_case(principal, use_case_name)
        model = model or use_case.models[0]
        first = self._route(principal, use_case, model)
        if first is None:
            usable = ", ".join(self.models(principal, use_case)) or "none"
            raise ModelNotFound(
                f"The model {model!r} does not exist for this key and use case {use_case.name}; it may use: {usable}.",
                param="model",
            )
        routes = tuple(route_for(model, route) for route in (first, *self._fallbacks(principal, use_case, first)))
        budgets = self._budgets(principal.key, use_case)
        return Admitted(principal, use_case, model, routes, budgets, self._last_resort(principal, use_case))

    def enter(self, admitted: Admitted, tokens: int) -> Ticket:
        """Take a place under the use case's rate. Raises RateLimited."""
        return self._limiters[admitted.use_case.name].enter(tokens, self._clock.monotonic())

    def rate_states(self, use_case: str) -> dict[str, RateState]:
        return self._limiters[use_case].states(self._clock.monotonic())

    def use_case(self, principal: Principal, name: str | None) -> UseCase:
        """Resolve the one use case of a call. Raises UseCaseRequired or UseCaseNotAllowed."""
        if name is None:
            if len(principal.use_cases) > 1:
                listed = ", ".join(principal.use_cases)
                raise UseCaseRequired(
                    f"This key may act for several use cases; name one in the header `x-tollhouse-use-case`: {listed}."
                )
            if not principal.use_cases:
                raise UseCaseNotAllowed("This key may not act for any use case.")
            name = principal.use_cases[0]
        if name not in principal.use_cases:
            raise UseCaseNotAllowed(f"This key may not act for a use case {name!r}.")
        return self._governance.use_cases[name]

    def models(self, principal: Principal, use_case: UseCase) -> list[str]:
        """Return the plain model names that this key may ask for under the use case; a pattern is not a name."""
        return [name for name in use_case.models if "*" not in name and _allowed(principal.key, name)]

    def knows(self, principal: Principal, model: str) -> bool:
        """May this key ask for the model under any of its use cases?"""
        use_cases = (self._governance.use_cases[name] for name in principal.use_cases)
        return any(self._route(principal, use_case, model) is not None for use_case in use_cases)

    def _use_cases_of(self, key: Key) -> tuple[str, ...]:
        of_team = [name for name, use_case in self._governance.use_cases.items() if use_case.team == key.team]
        return tuple(name for name in of_team if not key.use_cases or name in key.use_cases)

    def _route(self, principal: Principal, use_case: UseCase, model: str) -> Route | None:
        """Find the route for a model: by its name, else by the first of the use case's patterns that fits."""
        if not MODEL_NAME.fullmatch(model) or not _allowed(principal.key, model):
            return None
        name = model if model in use_case.models else _first_match(use_case.models, model)
        return None if name is None else self._governance.routes[name]

    def _fallbacks(self, principal: Principal, use_case: UseCase, first: Route) -> list[Route]:
        """Follow fallbacks depth first, each route once; one that use case or key may not use is skipped."""
        found: list[Route] = []
        waiting = list(first.fallbacks)
        while waiting:
            name = waiting.pop(0)
            route = self._governance.routes[name]
            if route is first or route in found:
                continue
            if name in use_case.models and _allowed(principal.key, name):
                found.append(route)
            waiting = [*route.fallbacks, *waiting]
        return found

    def _last_resort(self, principal: Principal, use_case: UseCase) -> Route | None:
        """A pattern is no model that a call could be sent to."""
        last = use_case.models[-1]
        return None if "*" in last else self._route(principal, use_case, last)

    def _budgets(self, key: Key, use_case: UseCase) -> BudgetPath:
        """The budgets on a call's path in their one order: organisation, team, use case, key."""
        capped = (
            (BudgetScope("organisation", ""), self._governance.organisation_budget),
            (BudgetScope("team", use_case.team), self._governance.teams[use_case.team].budget),
            (BudgetScope("use_case", use_case.name), use_case.budget),
            (BudgetScope("key", key.name), key.budget),
        )
        return tuple((scope, budget) for scope, budget in capped if budget is not None)


def route_for(model: str, route: Route) -> Route:
    """Return the route with the model's name in place of every deployment's `*`."""
    if all(deployment.model != ANY_MODEL for deployment in route.deployments):
        return route
    named = (replace(each, model=model) if each.model == ANY_MODEL else each for each in route.deployments)
    return replace(route, deployments=tuple(named))


def _allowed(key: Key, model: str) -> bool:
    return key.models is None or model in key.models or _first_match(key.models, model) is not None


def _first_match(patterns: Iterable[str], model: str) -> str | None:
    return next((name for name in patterns if "*" in name and "*" not in model and fnmatchcase(model, name)), None)
