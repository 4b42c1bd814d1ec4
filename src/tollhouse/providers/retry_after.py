"""How long a provider asks us to wait, in every spelling that providers use. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import ceil

WAIT_MAX_MS = 120_000
"""No wait is longer: the official client, too, refuses to believe more than two minutes."""

_VALUE_MAX_LENGTH = 64
_NUMBER = re.compile(r"[0-9]{1,13}(?:\.[0-9]{0,12})?")
_SPAN = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{1,12})?(?:ms|us|µs|ns|d|h|m|s))+")
_SPAN_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|us|µs|ns|d|h|m|s)")
_UNIT_MS = {
    "d": 86_400_000.0,
    "h": 3_600_000.0,
    "m": 60_000.0,
    "s": 1_000.0,
    "ms": 1.0,
    "us": 1e-3,
    "µs": 1e-3,
    "ns": 1e-6,
}
_BUCKETS = ("requests", "tokens")
_PLAIN_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
"""Of gateways and imitators that have one bucket, and of the IETF's draft."""
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{5,20}(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")
_EPOCH_S, _EPOCH_MS = 1e9, 1e12
"""No wait is 30 years: so large a number is the moment itself, in seconds or milliseconds since 1970."""


def retry_after_ms(headers: Mapping[str, str], now_s: float) -> int | None:
    """
    Return the wait that the headers ask for, in 0..WAIT_MAX_MS, or None if they say nothing usable.

    `retry-after-ms` wins over `Retry-After` (seconds or a date), which wins over `x-ratelimit-reset-*` (a span, seconds,
    a date or a moment since 1970). Negative, not finite, past and unreadable values say nothing.

    Args:
        headers: looked up by lower-case name.
        now_s: wall clock, Unix seconds; dates are measured against it.
    """
    waits = (
        _milliseconds(headers.get("retry-after-ms")),
        _seconds_or_date(headers.get("retry-after"), now_s),
        max(_resets(headers, now_s), default=None),
    )
    found = next((wait for wait in waits if wait is not None), None)
    return None if found is None else min(ceil(found), WAIT_MAX_MS)


def _milliseconds(text: str | None) -> float | None:
    value = _bounded(text)
    return float(value) if _NUMBER.fullmatch(value) else None


def _seconds_or_date(text: str | None, now_s: float) -> float | None:
    value = _bounded(text)
    if _NUMBER.fullmatch(value):
        return float(value) * 1_000
    return span_ms(value) if _SPAN.fullmatch(value) else _until(value, now_s)


def _until(date: str, now_s: float) -> float | None:
    try:
        moment = datetime.fromisoformat(date) if _ISO.fullmatch(date) else parsedate_to_datetime(date)
        wait_ms = (moment.timestamp() - now_s) * 1_000
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return wait_ms if wait_ms >= 0 else None


def _resets(headers: Mapping[str, str], now_s: float) -> Iterator[float]:
    """Yield the reset times of the buckets that may be empty; of all, if every bucket claims to have something left."""
    candidates = [bucket for bucket in _BUCKETS if not _has_rest(headers.get(f"x-ratelimit-remaining-{bucket}"))]
    names = (*(f"x-ratelimit-reset-{bucket}" for bucket in candidates or _BUCKETS), *_PLAIN_RESETS)
    for name in names:
        wait_ms = reset_ms(headers.get(name), now_s)
        if wait_ms is not None:
            yield wait_ms


def reset_ms(text: str | None, now_s: float) -> float | None:
    """Return when a bucket is whole again, in milliseconds from now, in any of the ways that providers write it."""
    value = _bounded(text)
    if not _NUMBER.fullmatch(value):
        return span_ms(value) if _SPAN.fullmatch(value) else _until(value, now_s)
    number = float(value)
    if number < _EPOCH_S:
        return number * 1_000
    wait_ms = (number if number >= _EPOCH_MS else number * 1_000) - now_s * 1_000
    return wait_ms if wait_ms >= 0 else None


def _has_rest(remaining: str | None) -> bool:
    """-1 and 0 mean "unknown" at some providers, so only a positive number is believed."""
    value = _bounded(remaining)
    return bool(_NUMBER.fullmatch(value)) and float(value) > 0


def span_ms(text: str | None) -> float | None:
    """Return `1s`, `6m0s`, `12ms`, `1h2m` or plain seconds as milliseconds, or None."""
    value = _bounded(text)
    if _NUMBER.fullmatch(value):
        return float(value) * 1_000
    if not _SPAN.fullmatch(value):
        return None
    return sum(float(number) * _UNIT_MS[unit] for number, unit in _SPAN_PART.findall(value))


def _bounded(text: str | None) -> str:
    return "" if text is None or len(text) > _VALUE_MAX_LENGTH else text.strip()
