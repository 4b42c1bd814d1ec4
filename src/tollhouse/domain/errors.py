"""
The error tree. Each class knows four facts, set here once, and its docstring is its default message.

    TollhouseError
    ├── RequestError              the caller's request cannot be taken as it is
    │   ├── InvalidJson, InvalidRequest, BodyTooLarge, HeadersTooLarge, RequestTooSlow, HostNotAllowed, UseCaseRequired, ModelNotFound, NotFound, MethodNotAllowed
    │   ├── ParameterNotAllowed, ModelNotPriced, BoundUnknown
    │   ├── IdempotencyMismatch, IdempotencyInFlight
    │   └── Conflict, ManagedByFile
    ├── AdmissionError            who asks, for what, and how much is left
    │   ├── InvalidApiKey, UseCaseNotAllowed, BudgetExceeded, RateLimited
    │   └── PrivacyBlocked, GuardrailBlocked, NotPermitted, OriginNotAllowed, TooManyFailures
    ├── Unavailable               we cannot serve just now
    │   └── Draining, JournalFailed, StoreUnavailable, NoRoom, DetectorFailed
    ├── UpstreamError             one attempt failed
    │   └── NotSent, UpstreamStatus, UpstreamTimeout, UpstreamReset, UpstreamCut, UpstreamUnusable, InhouseCannot
    └── OperatorError             for the person at the command line, never for a caller
        └── ConfigError, StartError, SchemaMismatch, WrongMasterKey
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from .rates import RateState


class Source(StrEnum):
    """Who has to act so that this does not happen again."""

    CALLER = "caller"
    GATEWAY = "gateway"
    UPSTREAM = "upstream"


class Blame(StrEnum):
    """What a failed attempt says something about; routing draws its conclusions from it."""

    DEPLOYMENT = "deployment"
    """It is down, slow or talks nonsense: this counts in its breaker."""
    RATE = "rate"
    """It has no room for us just now."""
    QUOTA = "quota"
    """Our account with the provider is used up: with the same key nothing will do."""
    KEY = "key"
    """The provider does not take our key."""
    CONTEXT = "context"
    """The request is too long for this model; a larger one may take it."""
    REQUEST = "request"
    """The request itself, or what we configured; the deployment is well."""


class TollhouseError(Exception):
    """Something went wrong in tollhouse."""

    status: int = 500
    code: str = "internal_error"
    type: str = "api_error"
    source: ClassVar[Source] = Source.GATEWAY
    retryable: bool = False
    """May the caller send the same request again? `web/errors.py` turns False on a 429 or 5xx into `x-should-retry: false`."""

    def __init__(
        self, message: str | None = None, *, param: str | None = None, retry_after_ms: int | None = None
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.param = param
        self.retry_after_ms = retry_after_ms
        super().__init__(self.message)


# --- the caller's request -------------------------------------------------------------------------------------------


class RequestError(TollhouseError):
    """The request cannot be served as it is."""

    status, code, type, source = 400, "invalid_request", "invalid_request_error", Source.CALLER


class InvalidJson(RequestError):
    """The body is not valid JSON."""

    code = "invalid_json"


class InvalidRequest(RequestError):
    """A member of the request is missing, of the wrong type or out of bounds."""


class BodyTooLarge(RequestError):
    """The body is larger than `server.max_body_bytes`."""

    status, code = 413, "body_too_large"


class HeadersTooLarge(RequestError):
    """The headers are more or larger than `server.limits` allows."""

    status, code = 431, "headers_too_large"


class RequestTooSlow(RequestError):
    """The request did not arrive as fast as `server.limits` asks for."""

    status, code, retryable = 408, "request_too_slow", True


class HostNotAllowed(RequestError):
    """This service does not answer to that host."""

    status, code = 421, "host_not_allowed"


class UseCaseRequired(RequestError):
    """This key may act for several use cases; name one in the header `x-tollhouse-use-case`."""

    code = "use_case_required"


class ModelNotFound(RequestError):
    """No such model for this key and use case."""

    status, code = 404, "model_not_found"


class NotFound(RequestError):
    """There is nothing here."""

    status, code = 404, "not_found"


class MethodNotAllowed(RequestError):
    """This address does not take that method."""

    status, code = 405, "method_not_allowed"

    def __init__(self, message: str | None = None, *, allow: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.allow = allow


class ParameterNotAllowed(RequestError):
    """The use case locks this parameter."""

    code = "parameter_not_allowed"


class ModelNotPriced(RequestError):
    """The price book has no line for this model, so its cost cannot be bounded."""

    code = "model_not_priced"


class BoundUnknown(RequestError):
    """The size of this input cannot be bounded, and a budget is set."""

    code = "bound_unknown"


class IdempotencyMismatch(RequestError):
    """This idempotency key was used with another body."""

    status, code = 422, "idempotency_key_reused"


class IdempotencyInFlight(RequestError):
    """The first request with this idempotency key is still running."""

    status, code, retryable = 409, "idempotency_in_flight", True


class Conflict(RequestError):
    """What this changes is not as the request expects it."""

    status, code = 409, "conflict"


class ManagedByFile(RequestError):
    """The configuration file defines this, so it is changed there and nowhere else."""

    status, code = 409, "managed_by_file"


# --- admission ------------------------------------------------------------------------------------------------------


class AdmissionError(TollhouseError):
    """The call was not let in."""

    status, code, source = 403, "not_allowed", Source.CALLER


class InvalidApiKey(AdmissionError):
    """The API key is missing, unknown, expired or revoked."""

    status, code, type = 401, "invalid_api_key", "authentication_error"


class UseCaseNotAllowed(AdmissionError):
    """This key may not act for that use case."""

    code, type = "use_case_not_allowed", "permission_error"


class BudgetExceeded(AdmissionError):
    """A budget on this call's path has too little left for its worst case."""

    status, code, type = 429, "budget_exceeded", "insufficient_quota"

    def __init__(self, message: str | None = None, *, budget: str = "") -> None:
        super().__init__(message)
        self.budget = budget


class RateLimited(AdmissionError):
    """
    A rate on this call's path is used up for the moment.

    `states`: what is left of the tightest limits on the path, by `requests` and `tokens`. `lacks`: what there was too
    little of: `requests`, `tokens` or `concurrency`.
    """

    status, code, type, retryable = 429, "rate_limit_exceeded", "rate_limit_error", True

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_ms: int | None = None,
        states: Mapping[str, RateState] | None = None,
        lacks: str = "requests",
    ) -> None:
        super().__init__(message, retry_after_ms=retry_after_ms)
        self.states = states or {}
        self.lacks = lacks


class PrivacyBlocked(AdmissionError):
    """The use case does not let this leave: personal data, or a part in which nobody can look for any."""

    code, type = "privacy_blocked", "permission_error"


class NotPermitted(AdmissionError):
    """This role may not do that."""

    code, type = "not_permitted", "permission_error"


class OriginNotAllowed(AdmissionError):
    """Web pages may call only with a session token, from an origin that the use case names."""

    code, type = "origin_not_allowed", "permission_error"


class GuardrailBlocked(AdmissionError):
    """
    A guardrail of the use case refuses this request, or its answer.

    The message names rules and places, never the text.
    """

    code, type = "guardrail_blocked", "permission_error"


class TooManyFailures(AdmissionError):
    """Too many wrong keys came from this address; wait before the next one."""

    status, code, type, retryable = 429, "too_many_failures", "rate_limit_error", True


# --- we cannot serve just now ---------------------------------------------------------------------------------------


class Unavailable(TollhouseError):
    """tollhouse cannot take this call now."""

    status, code, retryable = 503, "overloaded", True


class Draining(Unavailable):
    """This process is stopping; another one will answer."""


class JournalFailed(Unavailable):
    """The journal cannot be written, so no new call is taken."""


class StoreUnavailable(Unavailable):
    """The database does not answer, and this call needs it."""


class NoRoom(Unavailable):
    """Every deployment that could take this call is full or left alone after failures; try again in a moment."""


class DetectorFailed(Unavailable):
    """
    The text could not be examined for personal data, so nothing is sent.

    The same text fails again most likely, so a client is not invited to repeat it.
    """

    code, retryable = "privacy_unavailable", False


# --- one attempt failed ---------------------------------------------------------------------------------------------


class UpstreamError(TollhouseError):
    """The provider did not give a usable answer."""

    status, code, source, retryable = 502, "upstream_error", Source.UPSTREAM, True

    billed: bool | None = None
    """False: the provider cannot have charged. None: it may have, so without usage or output the attempt is `unknown`."""
    same_deployment: bool = True
    """May `retries` be spent on the same deployment?"""
    fallback: bool = True
    """May another deployment be asked instead?"""
    blame: Blame = Blame.DEPLOYMENT


class NotSent(UpstreamError):
    """The provider could not be reached; nothing was sent."""

    billed = False


class UpstreamStatus(UpstreamError):
    """
    The provider answered with an error.

    `status`, `code`, `type` and `param` are what our caller gets: the provider's own for 400, 404, 409, 413, 422 and
    429, else 502 `upstream_error`. `upstream_status` is what the provider sent: an error inside a good answer may come
    after work that is charged.
    """

    def __init__(
        self,
        message: str,
        *,
        upstream_status: int,
        status: int = 502,
        code: str | None = None,
        error_type: str | None = None,
        param: str | None = None,
        retry_after_ms: int | None = None,
        same_deployment: bool = True,
        fallback: bool = True,
        blame: Blame = Blame.DEPLOYMENT,
    ) -> None:
        super().__init__(message, param=param, retry_after_ms=retry_after_ms)
        self.blame = blame
        self.upstream_status = upstream_status
        self.billed = None if 200 <= upstream_status < 300 else False
        self.status = status
        self.code = code or type(self).code
        self.type = error_type or type(self).type
        self.same_deployment = same_deployment
        self.fallback = fallback
        self.retryable = (status == 429 and same_deployment) or status >= 500


class UpstreamTimeout(UpstreamError):
    """The provider took too long."""

    status, code, same_deployment = 504, "upstream_timeout", False

    def __init__(self, phase: str, limit_ms: int) -> None:
        super().__init__(f"The provider took too long: no progress in phase {phase} within {limit_ms} ms.")
        self.phase = phase


class ConnectTimeout(UpstreamTimeout):
    """No connection to the provider in time; nothing was sent."""

    billed = False


class PoolTimeout(UpstreamTimeout):
    """All connections to the provider stayed in use; nothing was sent. That says how busy we are, not how it is."""

    billed, blame = False, Blame.RATE

    def __init__(self, limit_ms: int) -> None:
        super().__init__("pool", limit_ms)


class UpstreamReset(UpstreamError):
    """The provider closed the connection before it answered."""


class UpstreamCut(UpstreamError):
    """The provider's answer stopped before its end."""


class UpstreamUnusable(UpstreamError):
    """The provider's answer cannot be used: not JSON, of the wrong type, too large or empty."""


class InhouseCannot(UpstreamError):
    """The in-house engine cannot do this; it never guesses."""

    status, code, billed, same_deployment, retryable = 503, "inhouse_cannot", False, False, False
    blame = Blame.REQUEST


# --- the operator ---------------------------------------------------------------------------------------------------


class OperatorError(TollhouseError):
    """Something at the command line or at start needs the operator. The message says what, why, where and what next."""


class ConfigError(OperatorError):
    """The configuration cannot be used. The message lists every problem as `file:line: what; what next`."""


class StartError(OperatorError):
    """The service cannot start: the port is taken, a folder is read-only…"""


class SchemaMismatch(OperatorError):
    """The database is older, newer or half migrated; the message names the command to run."""


class WrongMasterKey(OperatorError):
    """`privacy.master_key` does not open this store."""
