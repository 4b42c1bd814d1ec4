"""What a provider's errors mean to us: which status our caller gets, what may be tried next, and no key in any text. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tollhouse.domain.errors import Blame, UpstreamStatus
from tollhouse.domain.providers import Secret
from tollhouse.domain.wire import ProviderFault

from .retry_after import retry_after_ms

FAULT_MAX_BYTES = 65_536
"""How much of an error's body is read."""

MESSAGE_MAX_CHARS = 2_000
"""How much of a provider's message our caller gets."""

_WORD_MAX_CHARS = 128  # code, type and param are names
_KEPT = frozenset({400, 404, 409, 413, 422, 429})
_LENGTH_STATUSES = frozenset({400, 413, 422})
_QUOTA = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance", "quota_exceeded"}
)
_RATE = frozenset({"rate_limit_exceeded", "rate_limit_error", "too_many_requests"})
_CONTEXT = frozenset({"context_length_exceeded", "context_window_exceeded", "exceed_context_size_error"})
_CONTEXT_SAID = re.compile(
    r"maximum context length|exceeds? the (?:available )?context (?:size|window|length)", re.IGNORECASE
)
"""Imitators that have no code for it use OpenAI's words."""
_FILTER = frozenset(
    {"content_filter", "content_policy_violation", "responsibleaipolicyviolation", "moderation_blocked"}
)
_SECRETS = re.compile(
    r"\bsk-[\w*-]+"  # OpenAI's and many others' keys, also shown in part
    r"|(?<![\w-])[\w-]*\*{3,}[\w*-]*"  # any other key shown in part
    r"|\bbearer\s+[^\s\"',;]+"
    r"|\b(?:api[-_ ]?key|authorization)[\"']?\s*[:=]\s*[\"']?[^\s\"',;]+",
    re.IGNORECASE,
)
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What may follow, whatever the status says."""

    same_deployment: bool
    fallback: bool
    status: int
    """The status that an error without one stands for."""
    blame: Blame


_OUT_OF_QUOTA = _Verdict(same_deployment=False, fallback=True, status=429, blame=Blame.QUOTA)
_TOO_FAST = _Verdict(same_deployment=True, fallback=True, status=429, blame=Blame.RATE)
_TOO_LONG = _Verdict(same_deployment=False, fallback=True, status=400, blame=Blame.CONTEXT)
_FILTERED = _Verdict(same_deployment=False, fallback=False, status=400, blame=Blame.REQUEST)
_REFUSED_KEY = _Verdict(same_deployment=False, fallback=True, status=502, blame=Blame.KEY)
_UNPAID = _Verdict(same_deployment=False, fallback=True, status=502, blame=Blame.QUOTA)
_FAILED = _Verdict(same_deployment=True, fallback=True, status=502, blame=Blame.DEPLOYMENT)
_MOVED = _Verdict(same_deployment=False, fallback=True, status=502, blame=Blame.DEPLOYMENT)
_FINAL = _Verdict(same_deployment=False, fallback=False, status=502, blame=Blame.REQUEST)


def status_error(
    status: int, headers: Mapping[str, str], body: bytes, *, key: Secret | None, now_s: float
) -> UpstreamStatus:
    """Read an answer with an error status. `body` may be cut or empty; then the status alone decides."""
    fault = fault_in(body) or ProviderFault(_plain(body))
    return _error(
        fault,
        _verdict(fault, status),
        key,
        status=status,
        upstream_status=status,
        wait_ms=retry_after_ms(headers, now_s),
    )


def answer_error(fault: ProviderFault, http_status: int, *, key: Secret | None) -> UpstreamStatus:
    """Read an error object that came inside a good answer: it has no status but what its code or type stands for."""
    status = _numeric(fault.code)
    verdict = _verdict(fault, status or 500)
    return _error(fault, verdict, key, status=status or verdict.status, upstream_status=http_status)


def fault_in(body: bytes) -> ProviderFault | None:
    """Find the error object in a body: OpenAI's `error`, and the flat or plain forms of its imitators."""
    try:
        top = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(top, dict):
        return None
    error = top.get("error")
    if isinstance(error, dict):
        return _fault(error)
    if isinstance(error, str) and error:
        return _fault({**top, "message": error})
    return _fault(top) if isinstance(top.get("message"), str) else None


def scrub(text: str, key: Secret | None) -> str:
    """Return a provider's text without anything that looks like a key, and not longer than MESSAGE_MAX_CHARS."""
    if key:
        text = text.replace(key.reveal(), _HIDDEN)
    if len(text) > MESSAGE_MAX_CHARS:
        text = text[:MESSAGE_MAX_CHARS] + "…"
    return _SECRETS.sub(_HIDDEN, text)


def _fault(error: Mapping[str, object]) -> ProviderFault:
    code, inner = error.get("code"), error.get("innererror")
    if isinstance(inner, dict) and _known_filter(inner.get("code")) and not _known_filter(code):
        code = inner["code"]  # Azure says there that its content filter refused, under any outer code
    return ProviderFault(
        message=_text(error.get("message")) or "",
        type=_text(error.get("type")),
        code=_text(code),
        param=_text(error.get("param")),
    )


def _known_filter(code: object) -> bool:
    return isinstance(code, str) and code.lower() in _FILTER


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _plain(body: bytes) -> str:
    """An error that is not JSON is shown only if it is a line of text, not a page."""
    text = body.decode("utf-8", "replace").strip()
    return "" if text.startswith(("<", "{", "[")) else text


def _numeric(code: str | None) -> int | None:
    """Some imitators put the HTTP status into `code`."""
    return int(code) if code is not None and re.fullmatch(r"[45][0-9]{2}", code) else None


def _verdict(fault: ProviderFault, status: int) -> _Verdict:
    names = {name.lower() for name in (fault.code, fault.type) if name}
    for known, verdict in ((_QUOTA, _OUT_OF_QUOTA), (_CONTEXT, _TOO_LONG), (_FILTER, _FILTERED), (_RATE, _TOO_FAST)):
        if names & known:
            return verdict
    if status in _LENGTH_STATUSES and _CONTEXT_SAID.search(fault.message):
        return _TOO_LONG
    return _by_status(status)


def _by_status(status: int) -> _Verdict:
    if status == 429:
        return _TOO_FAST
    if status == 402:
        return _UNPAID
    if status in (401, 403):  # our key: another one, or another provider, may do
        return _REFUSED_KEY
    if 300 <= status < 400:  # our base_url leads elsewhere: the request is well, and another provider may do
        return _MOVED
    return _FAILED if status == 408 or status >= 500 else _FINAL


def _error(
    fault: ProviderFault,
    verdict: _Verdict,
    key: Secret | None,
    *,
    status: int,
    upstream_status: int,
    wait_ms: int | None = None,
) -> UpstreamStatus:
    kept = status in _KEPT
    return UpstreamStatus(
        _message(fault, status, upstream_status, key),
        upstream_status=upstream_status,
        status=status if kept else 502,
        code=_word(fault.code, key) or _default_code(status) if kept else None,
        error_type=_word(fault.type, key) or _default_type(status) if kept else None,
        param=_word(fault.param, key) if kept else None,
        retry_after_ms=wait_ms,
        same_deployment=verdict.same_deployment,
        fallback=verdict.fallback,
        blame=verdict.blame,
    )


def _message(fault: ProviderFault, status: int, upstream_status: int, key: Secret | None) -> str:
    if status in _KEPT:
        return scrub(fault.message, key) or f"The provider refused the request with status {upstream_status}."
    if 300 <= status < 400:
        return f"The provider answered with a redirect ({status}), which is never followed; check its base_url."
    if status in (401, 402, 403):
        return f"The provider did not accept our credentials or account (status {status})."
    if upstream_status < 300:
        return "The provider reported an error in its answer."
    return f"The provider answered with status {upstream_status}."


def _word(text: str | None, key: Secret | None) -> str | None:
    return scrub(text, key)[:_WORD_MAX_CHARS] if text else None


def _default_code(status: int) -> str:
    return "rate_limit_exceeded" if status == 429 else "upstream_error"


def _default_type(status: int) -> str:
    return "rate_limit_error" if status == 429 else "invalid_request_error"
