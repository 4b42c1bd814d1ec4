"""
Wrong secrets, and from where: whoever guesses is slowed down before anything is looked up. Pure; `now_ms` is handed in.

A failure fills two leaky buckets, that of its address with the secret's first characters, and that of its address
alone. While one is full, nothing from there is tried, so a guesser gets no more tries than the bucket leaks.
"""

from collections import OrderedDict
from typing import Generic, TypeVar

from tollhouse.domain.errors import TooManyFailures

PREFIX_CHARS = 8
"""What tells one secret from another for people too: `th-` and five random characters."""

PAIR_BURST = 10
"""Wrong secrets with the same beginning, from one address, before it has to wait: a service with an old key and its retries."""
PAIR_EVERY_MS = 6_000
"""One more of them every so often: ten a minute."""
ADDRESS_BURST = 60
"""Wrong secrets of any kind from one address: many callers may share it behind a proxy."""
ADDRESS_EVERY_MS = 1_000
"""One more of them every so often: sixty a minute. 256 random bits outlast that; so do 16 characters of any kind."""

MAX_PLACES = 10_000
"""Addresses, and addresses with prefixes, remembered at most; the one that failed longest ago goes."""

GOOD_FOR_MS = 3_600_000
"""How long a secret that was good from an address passes although that address is over its limit."""
NOTE_EVERY_MS = 60_000
"""How often a success is worth noting: it is on the way of every call."""
MAX_GOOD = 10_000
"""Secrets that were good, with their addresses, remembered at most; the one noted longest ago goes."""

IPV6_GROUPS = 4
"""Of an IPv6 address, how many groups say who it is: its /64, since whoever has one address of it usually has them all."""

K = TypeVar("K")


class Failures:
    """
    What one process knows of wrong secrets. Each process counts for itself: N of them let N times as many through.

    `is_quiet` until the first failure: nobody need be asked, which is cheaper.
    """

    def __init__(self) -> None:
        self.is_quiet = True
        self._by_pair: Buckets[tuple[str, bytes]] = Buckets(PAIR_BURST, PAIR_EVERY_MS)
        self._by_address: Buckets[str] = Buckets(ADDRESS_BURST, ADDRESS_EVERY_MS)
        self._good: OrderedDict[tuple[str, bytes], int] = OrderedDict()

    def admit(self, address: str, secret: bytes, digest: bytes, now_ms: int) -> None:
        """
        Let a secret be tried. Raises TooManyFailures, alike for right and wrong ones.

        A secret that was good from this address lately passes although the address is over its limit, but not its pair.
        """
        place = _place(address)
        wait_ms = self._by_pair.wait_ms((place, secret[:PREFIX_CHARS]), now_ms)
        if not wait_ms and not self._was_good(place, digest, now_ms):
            wait_ms = self._by_address.wait_ms(place, now_ms)
        if wait_ms:
            raise TooManyFailures(retry_after_ms=wait_ms)

    def failed(self, address: str, secret: bytes, now_ms: int) -> None:
        """The secret is nobody's."""
        self.is_quiet = False
        place = _place(address)
        self._by_pair.add((place, secret[:PREFIX_CHARS]), now_ms)
        self._by_address.add(place, now_ms)

    def passed(self, address: str, digest: bytes, now_ms: int) -> None:
        """The secret was good. Whoever calls often need not say so more than once in NOTE_EVERY_MS."""
        noted = (_place(address), digest)
        self._good[noted] = now_ms
        self._good.move_to_end(noted)
        if len(self._good) > MAX_GOOD:
            self._good.popitem(last=False)

    def _was_good(self, place: str, digest: bytes, now_ms: int) -> bool:
        noted_ms = self._good.get((place, digest))
        return noted_ms is not None and now_ms - noted_ms < GOOD_FOR_MS


class Buckets(Generic[K]):
    """Leaky buckets by name: each holds `burst` failures and loses one every `every_ms`."""

    def __init__(self, burst: int, every_ms: int) -> None:
        self._burst = burst
        self._every_ms = every_ms
        self._empty_at_ms: OrderedDict[K, int] = OrderedDict()

    def wait_ms(self, name: K, now_ms: int) -> int:
        """Return how long until one more fits: 0 if it does now."""
        empty_at_ms = self._empty_at_ms.get(name, 0)
        return max(0, empty_at_ms - now_ms - (self._burst - 1) * self._every_ms)

    def add(self, name: K, now_ms: int) -> None:
        self._empty_at_ms[name] = max(self._empty_at_ms.get(name, 0), now_ms) + self._every_ms
        self._empty_at_ms.move_to_end(name)
        self._forget(now_ms)

    def _forget(self, now_ms: int) -> None:
        """Drop what has failed longest ago: while it is empty again, or there are too many."""
        while True:
            oldest = next(iter(self._empty_at_ms))
            if self._empty_at_ms[oldest] > now_ms and len(self._empty_at_ms) <= MAX_PLACES:
                return
            del self._empty_at_ms[oldest]


def _place(address: str) -> str:
    """Return whom an address stands for: itself, or of an IPv6 address (but not of IPv4 in its clothes) the /64."""
    if ":" not in address or "." in address:
        return address
    return ":".join(address.partition("::")[0].split(":")[:IPV6_GROUPS])
