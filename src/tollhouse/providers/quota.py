"""What a provider's answer says is left for us there: the `x-ratelimit-*` headers of a good answer. Pure."""

import re
from collections.abc import Mapping

from tollhouse.domain.rates import ProviderQuota, Remaining

from .retry_after import reset_ms

_WHOLE = re.compile(r"[0-9]{1,15}(?:\.0*)?")
_LEFT_REQUESTS = "x-ratelimit-remaining-requests"
_LEFT_TOKENS = "x-ratelimit-remaining-tokens"


def quota_in(headers: Mapping[str, str], now_s: float) -> ProviderQuota | None:
    """
    Return what is left, or None if nothing is told that can be believed.

    Negative numbers mean "unknown" at some providers, and so does a 0 that does not say when there will be more.

    Args:
        headers: looked up by lower-case name.
        now_s: wall clock, Unix seconds.
    """
    requests, tokens = headers.get(_LEFT_REQUESTS), headers.get(_LEFT_TOKENS)
    if requests is None and tokens is None:
        return None
    quota = ProviderQuota(
        _remaining(requests, "requests", headers, now_s), _remaining(tokens, "tokens", headers, now_s)
    )
    return None if quota.requests is None and quota.tokens is None else quota


def _remaining(text: str | None, what: str, headers: Mapping[str, str], now_s: float) -> Remaining | None:
    left = _whole(text)
    if left is None:
        return None
    limit = _whole(headers.get(f"x-ratelimit-limit-{what}"))
    whole_in_ms = reset_ms(headers.get(f"x-ratelimit-reset-{what}"), now_s)
    if left == 0 and not whole_in_ms:
        return None
    return Remaining(left, limit or None, whole_in_ms)


def _whole(text: str | None) -> int | None:
    return int(text.partition(".")[0]) if text is not None and _WHOLE.fullmatch(text.strip()) else None
