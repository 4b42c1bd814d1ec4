"""How long a provider asks us to wait, in every spelling that providers use. Pure."""

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from math import ceil

WAIT_MAX_MS = 120_000
"""No wait is longer: the official client, too, refuses to believe more than two minutes."""

_VALUE_MAX_LENGTH = 64
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,12})?")
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


def retry_after_ms(headers: Mapping[str, str], now_s: float) -> int | None:
    """
    Return the wait that the headers ask for, in 0..WAIT_MAX_MS, or None if they say nothing usable.

    `retry-after-ms` wins over `Retry-After` (seconds or a date), which wins over `x-ratelimit-reset-*`. Negative, not
    finite, past and unreadable values say nothing.

    Args:
        headers: looked up by lower-case name.
        now_s: wall clock, Unix seconds; dates are measured against it.
    """
    waits = (
        _milliseconds(headers.get("retry-after-ms")),
        _seconds_or_date(headers.get("retry-after"), now_s),
        max(_resets(headers), default=None),
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
        wait_ms = (parsedate_to_datetime(date).timestamp() - now_s) * 1_000
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return wait_ms if wait_ms >= 0 else None


def _resets(headers: Mapping[str, str]) -> Iterator[float]:
    """Yield the reset times of the buckets that may be empty; of all, if every bucket claims to have something left."""
    candidates = [bucket for bucket in _BUCKETS if not _has_rest(headers.get(f"x-ratelimit-remaining-{bucket}"))]
    for bucket in candidates or _BUCKETS:
        wait_ms = span_ms(headers.get(f"x-ratelimit-reset-{bucket}"))
        if wait_ms is not None:
            yield wait_ms


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
