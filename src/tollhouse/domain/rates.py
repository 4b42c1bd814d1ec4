"""What is told of a rate, and what one of several processes may let in of it."""

from dataclasses import dataclass
from typing import NamedTuple


class RateState(NamedTuple):
    """What `x-ratelimit-*` tells: of a limit, how much is left, and when it is whole again."""

    limit: int
    remaining: int
    reset_ms: int


@dataclass(frozen=True, slots=True)
class Remaining:
    """
    What a provider's answer tells of one of our limits there: requests or tokens.

    Args:
        left: how much of it is left.
        limit: the whole, if it was told.
        whole_in_ms: when it is whole again, if it was told.
    """

    left: int
    limit: int | None = None
    whole_in_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ProviderQuota:
    """What a provider's answer tells of what is left for us there; None: not told, or not believable."""

    requests: Remaining | None = None
    tokens: Remaining | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One process among those that serve: `count` of them, this one at `rank` (from 0) in an order that all agree on."""

    rank: int = 0
    count: int = 1

    def share(self, whole: int) -> int:
        """
        Return this process's part of a whole that nobody hands out: the parts add up to it.

        At least 1, so that nobody is shut out; only a whole smaller than `count` is exceeded by that.
        """
        return max(1, whole // self.count + (self.rank < whole % self.count))
