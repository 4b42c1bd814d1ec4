"""`x-ratelimit-*`: what is left of a call's rates, on answers and on refusals."""

from collections.abc import Mapping

from tollhouse.domain.rates import RateState

from .asgi import Headers

NAMES = {
    what: tuple(f"x-ratelimit-{figure}-{what}".encode() for figure in ("limit", "remaining", "reset"))
    for what in ("requests", "tokens")
}


def rate_headers(states: Mapping[str, RateState]) -> Headers:
    """Return three headers for each of `requests` and `tokens` that is limited."""
    headers: Headers = []
    for what, state in states.items():
        limit, remaining, reset = NAMES[what]
        headers += [
            (limit, b"%d" % state.limit),
            (remaining, b"%d" % state.remaining),
            (reset, b"%dms" % state.reset_ms),
        ]
    return headers
