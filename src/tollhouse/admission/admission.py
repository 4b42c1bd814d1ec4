"""Identify, resolve the use case, authorise the model, take a place under the rate."""

import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from types import MappingProxyType

from tollhouse.domain.errors import (
    InvalidApiKey,
    ModelNotFound,
    OriginNotAllowed,
    UseCaseNotAllowed,
    UseCaseRequired,
)
from tollhouse.domain.governance import (
    STORE,
    Budget,
    BudgetScope,
    Deployment,
    Governance,
    Key,
    Rate,
    Route,
    Session,
    UseCase,
)
from tollhouse.domain.money import PriceLine
from tollhouse.domain.periods import FOREVER_MS
from tollhouse.domain.rates import RateState
from tollhouse.ports.clock import Clock

from .directory import Directory
from .failures import NOTE_EVERY_MS, Failures
from .rates import RatePath, Rates, Ticket, tightest
from .sessions import MAX_TOKEN_BYTES, PREFIX, SECRET_BYTES, SessionSigner, SessionWish, grant
from .sharing import Sharing
from .states import reachable

MODEL_NAME = re.compile(r"[A-Za-z0-9._:/@+%-]{1,200}")
"""What a model may be called: it is repeated in headers, logs and metrics."""

ANY_MODEL = "*"
"""A deployment's model in a pattern's route: whatever name was asked for."""

MAX_ADMITTED = 1_000
"""Decisions remembered for one principal; patterns let callers choose model names."""

MAX_ADMITTED_OF_SESSION = 4
"""The same for a session, of which there are many: a page asks for one or two models."""

MAX_PRINCIPALS = 5_000
"""Callers remembered between calls; the session that called longest ago goes, and is worked out again if it comes back."""

MAX_SEEN = 16
"""Addresses remembered with one caller, so that a success is noted only now and then; with more it is noted more often."""

NO_KEY = "No API key: send the header `Authorization: Bearer <key>`."
KEY_IN_PAGE = (
    "A web page must not hold an API key: everybody who opens the page could take it. Let your back end exchange its key "
    "for a session token (POST /api/v1/session-tokens) and call with that. docs/how-to/browser.md shows how."
)

NO_PRICES: Mapping[str, PriceLine] = MappingProxyType({})

BudgetPath = tuple[tuple[BudgetScope, Budget], ...]


@dataclass(frozen=True, slots=True)
class Principal:
    """
    The authenticated caller and the use cases it may act for.

    Args:
        key: a session's is its parent.
        session: set if a session token called.
        digest: of the secret that the caller has; a session's is that of its parent.
        until_ms: from then on the secret is not good any more.
        admitted: remembers what was decided for it, by use case and model as asked for.
        seen: from which addresses it called lately, and when that was noted.
    """

    key: Key
    use_cases: tuple[str, ...]
    session: Session | None = None
    digest: bytes = b""
    until_ms: int = FOREVER_MS
    admitted: "dict[tuple[str | None, str], Admitted]" = field(default_factory=dict, compare=False, repr=False)
    seen: dict[str, int] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Admitted:
    """
    A call that may go on: whose, for what, along which routes, under which budgets and rates.

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
    rates: RatePath = ()
    last_resort: Route | None = None


class Admission:
    """Everything that can be decided from memory. It raises AdmissionErrors and RequestErrors, and waits for nothing but a rate."""

    def __init__(
        self, governance: Governance, clock: Clock, session_secret: bytes | None = None, sharing: Sharing | None = None
    ) -> None:
        """
        Args:
            session_secret: None: one of its own, so that nobody else reads its session tokens.
            sharing: None: this process has every rate by itself.
        """
        self.failures = Failures()
        self.sharing = sharing or Sharing(Rates(), clock)
        self._clock = clock
        self._signer = SessionSigner(session_secret or os.urandom(SECRET_BYTES))
        self._used: dict[str, int] = {}
        self.put_in_force(governance)

    def put_in_force(self, governance: Governance) -> None:
        """From now on this holds. Calls that were admitted before go on as they were."""
        self._governance = governance
        self._directory = Directory(governance, self._signer)
        self._principals: OrderedDict[bytes, Principal] = OrderedDict()
        self.sharing.rates.put_in_force(_governed(governance), self._clock.monotonic())

    def identify(self, authorization: bytes | None, *, origin: bytes | None = None, address: str = "") -> Principal:
        """
        Read an `Authorization: Bearer` value: a key, or a session token.

        Args:
            origin: the header a browser sends for the page that calls; a page may call with a session token only.
            address: where the request comes from, for slowing down whoever guesses.

        Raises InvalidApiKey, OriginNotAllowed or TooManyFailures.
        """
        secret = bearer(authorization)
        is_session = secret.startswith(PREFIX)
        if origin is not None and not is_session:
            raise OriginNotAllowed(KEY_IN_PAGE)  # before any look-up: it says nothing about the key
        now_ms, digest = self._clock.now_ms(), hashlib.sha256(secret).digest()
        if not (is_session or self.failures.is_quiet):
            self.failures.admit(address, secret, digest, now_ms)
        principal = self._principals.get(digest)
        if principal is None or principal.until_ms <= now_ms:
            principal = self._meet(secret, digest, address, now_ms)
        if origin is not None and (
            principal.session is None or origin.decode("latin-1") not in principal.session.origins
        ):
            raise OriginNotAllowed("This session token is for other origins.")
        self._note(principal, digest, address, now_ms)
        return principal

    def _meet(self, secret: bytes, digest: bytes, address: str, now_ms: int) -> Principal:
        """Work out who holds a secret. A session token's signature cannot be guessed, so only a wrong one is held up."""
        holder = self._directory.find(secret, digest, now_ms)
        if holder is None:
            if secret.startswith(PREFIX):
                self.failures.admit(address, secret, digest, now_ms)
            self.failures.failed(address, secret, now_ms)
            raise InvalidApiKey
        principal = Principal(holder.key, holder.use_cases, holder.session, holder.digest, holder.until_ms)
        self._principals[digest] = principal
        if len(self._principals) > MAX_PRINCIPALS:
            self._principals.popitem(last=False)
        return principal

    def _note(self, principal: Principal, digest: bytes, address: str, now_ms: int) -> None:
        """Remember what was good from where, and when a key was used."""
        key = principal.key
        if principal.session is not None:
            self._principals.move_to_end(digest)
        elif now_ms - principal.seen.get(address, 0) >= NOTE_EVERY_MS:
            self.failures.passed(address, digest, now_ms)
            if len(principal.seen) >= MAX_SEEN:
                principal.seen.clear()
            principal.seen[address] = now_ms
        if key.managed == STORE:
            self._used[key.name] = now_ms

    def drain_used(self) -> dict[str, int]:
        """Return when the store's keys were last used, by name, as far as not returned before."""
        used, self._used = self._used, {}
        return used

    def names(self, origin: bytes) -> bool:
        """Does any live use case let this origin's pages in?"""
        return origin in self._directory.origins

    def open_session(self, principal: Principal, wish: SessionWish) -> tuple[Session, str]:
        """Return a session of the caller's key and its token. Raises UseCaseNotAllowed or InvalidRequest."""
        use_case = self.use_case(principal, wish.use_case)
        session = grant(wish, principal.key, principal.digest, use_case, self._clock.now_ms())
        return session, self._signer.sign(session)

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
            if len(principal.admitted) < (MAX_ADMITTED if principal.session is None else MAX_ADMITTED_OF_SESSION):
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
        routes = reachable(use_case, (first, *self._fallbacks(principal, use_case, first)))
        routes = tuple(route_for(model, route, self._governance.prices) for route in routes)
        budgets = self._budgets(principal, use_case)
        rates = self._rates(principal, use_case)
        return Admitted(principal, use_case, model, routes, budgets, rates, self._last_resort(principal, use_case))

    async def enter(self, admitted: Admitted, tokens: int) -> Ticket:
        """Take a place under every rate on the path, all or nothing; nearly always at once. Raises RateLimited."""
        return await self.sharing.enter(admitted.rates, tokens)

    def rate_states(self, principal: Principal, use_case: str) -> dict[str, RateState]:
        """Return what is left of the tightest rates on this caller's path, by `requests` and `tokens`."""
        path = self._rates(principal, self._governance.use_cases[use_case])
        return tightest(path, self._clock.monotonic())

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
        route = None if "*" in last else self._route(principal, use_case, last)
        try:
            return None if route is None else reachable(use_case, (route,))[0]
        except UseCaseNotAllowed:
            return None  # not live yet, and its last model is a real one

    def _budgets(self, principal: Principal, use_case: UseCase) -> BudgetPath:
        """The budgets on a call's path in their one order: organisation, team, use case, key, session."""
        key, session = principal.key, principal.session
        capped = [
            (BudgetScope("organisation", ""), self._governance.organisation_budget),
            (BudgetScope("team", use_case.team), self._governance.teams[use_case.team].budget),
            (BudgetScope("use_case", use_case.name), use_case.budget),
            (BudgetScope("key", key.name), key.budget),
        ]
        if session is not None:
            capped.append((BudgetScope("session", session.id), session.budget))
        return tuple((scope, budget) for scope, budget in capped if budget is not None)

    def _rates(self, principal: Principal, use_case: UseCase) -> RatePath:
        """The limiters on a call's path in their one order: team, use case, key, session."""
        key, session = principal.key, principal.session
        rated = [
            (BudgetScope("team", use_case.team), self._governance.teams[use_case.team].rate),
            (BudgetScope("use_case", use_case.name), use_case.rate),
            (BudgetScope("key", key.name), key.rate),
        ]
        if session is not None:
            rated.append((BudgetScope("session", session.id), session.rate))
        now, rates = self._clock.monotonic(), self.sharing.rates
        return tuple(rates.limiter(scope, rate, now) for scope, rate in rated if rate.is_set)


def _governed(governance: Governance) -> dict[BudgetScope, Rate]:
    """Every rate in force but those of sessions, which come and go."""
    rated = [
        *((BudgetScope("team", team.name), team.rate) for team in governance.teams.values()),
        *((BudgetScope("use_case", use_case.name), use_case.rate) for use_case in governance.use_cases.values()),
        *((BudgetScope("key", key.name), key.rate) for key in governance.keys),
    ]
    return {scope: rate for scope, rate in rated if rate.is_set}


def bearer(authorization: bytes | None) -> bytes:
    """Return the secret of an `Authorization: Bearer` value, at most a little too long. Raises InvalidApiKey if there is none."""
    if authorization is None or authorization[:7].lower() != b"bearer ":
        raise InvalidApiKey(NO_KEY)
    secret = authorization[7 : MAX_TOKEN_BYTES + 8].strip()
    if not secret:
        raise InvalidApiKey(NO_KEY)
    return secret


def route_for(model: str, route: Route, prices: Mapping[str, PriceLine] = NO_PRICES) -> Route:
    """Return the route with the model's name in place of every deployment's `*`, at the store's price if nothing else says one."""
    if all(deployment.model != ANY_MODEL for deployment in route.deployments):
        return route
    return replace(route, deployments=tuple(_named(each, model, prices) for each in route.deployments))


def _named(deployment: Deployment, model: str, prices: Mapping[str, PriceLine]) -> Deployment:
    if deployment.model != ANY_MODEL:
        return deployment
    named = replace(deployment, model=model)
    return named if named.price is not None else replace(named, price=prices.get(named.name))


def _allowed(key: Key, model: str) -> bool:
    return key.models is None or model in key.models or _first_match(key.models, model) is not None


def _first_match(patterns: Iterable[str], model: str) -> str | None:
    return next((name for name in patterns if "*" in name and "*" not in model and fnmatchcase(model, name)), None)
