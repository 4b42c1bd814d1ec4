"""Group clock: our wall clock against the providers', and the time zone in which budget periods begin."""

from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from statistics import median
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .check import Check, Group
from .providers import Answer, Asked

GROUP = Group("clock")

SKEW_WISE_S = 5.0
"""A Date header is exact to a second and as old as its way; more than this is our clock or theirs."""
SKEW_MAX_S = 60.0
"""Beyond it calls fall into the wrong minute of a rate and the wrong day of a budget, and keys expire at the wrong time."""

FIX = "Let this machine keep time by NTP: `timedatectl set-ntp true`."


def examine(asked: Asked, time_zone: str) -> list[Check]:
    return [judge(skews(asked)), zone(time_zone)]


def skews(asked: Asked) -> dict[str, float]:
    """Return by how many seconds our clock is ahead of each provider's that said its time."""
    found = {}
    for spec, answer in asked:
        if isinstance(answer, Answer) and answer.date is not None:
            theirs = _seconds(answer.date)
            if theirs is not None:
                found[spec.name] = answer.at_s - theirs
    return found


def judge(ahead_s: Mapping[str, float]) -> Check:
    """The median decides, so that one provider with a wrong clock does not."""
    if not ahead_s:
        return GROUP.skip("wall clock", "no provider answered with its time")
    skew = median(ahead_s.values())
    detail = f"{abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} {_names(ahead_s)}"
    if abs(skew) > SKEW_MAX_S:
        return GROUP.fail("wall clock", f"{detail}, more than {SKEW_MAX_S:g} s", FIX)
    if abs(skew) > SKEW_WISE_S:
        return GROUP.warn("wall clock", f"{detail}, more than {SKEW_WISE_S:g} s", FIX)
    return GROUP.ok("wall clock", f"within {SKEW_WISE_S:g} s of {_names(ahead_s)}")


def zone(name: str) -> Check:
    try:
        ZoneInfo.no_cache(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return GROUP.fail("time zone", f"there is no data for {name}", "pip install tzdata")
    return GROUP.ok("time zone", f"{name}: budget periods begin and end by it")


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
