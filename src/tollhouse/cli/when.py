"""Times on the command line: a duration back from now (or ahead, for what expires), or a moment as RFC 3339."""

import re

from tollhouse.web.moments import read_rfc3339

from .exit import WrongUsage

DURATION_DAYS_MAX = 36_500
"""A hundred years; what is longer is a typing error."""

_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])", re.ASCII)


def duration_ms(text: str) -> int | None:
    """Read `30d`, `24h`, `15m`, `90s` or `2w` as milliseconds; None if it is not a duration."""
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNIT_MS[found[2]] if found else None


def past_ms(option: str, text: str | None, now_ms: int) -> int | None:
    """Read a moment that is over, in Unix milliseconds. Raises WrongUsage that names the option."""
    return None if text is None else _moment(option, text, now_ms, -1)


def future_ms(option: str, text: str | None, now_ms: int) -> int | None:
    """Read a moment that is to come. Raises WrongUsage also if it is over."""
    if text is None:
        return None
    moment = _moment(option, text, now_ms, +1)
    if moment <= now_ms:
        raise WrongUsage(f"{option} {text}: that time is over")
    return moment


def _moment(option: str, text: str, now_ms: int, direction: int) -> int:
    length = duration_ms(text)
    if length is not None and length <= DURATION_DAYS_MAX * _UNIT_MS["d"]:
        return now_ms + direction * length
    try:
        return read_rfc3339(text)
    except ValueError:
        raise WrongUsage(
            f"{option} {text!r} is neither a duration such as 30d, 24h or 15m nor a time such as 2026-10-01T08:30:00Z"
        ) from None
