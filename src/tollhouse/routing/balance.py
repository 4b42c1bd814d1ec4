"""
In which order a route's deployments are asked, and a provider's keys used. Pure.

Weights and stickiness are one rule: every candidate draws a number, scaled by its weight, and they go by their numbers.
Drawn at random, each comes first as often as its weight says. Drawn from the conversation's name, the same conversation
gets the same order every time, each deployment still has its part of all conversations, and one that is gone moves
only its own ("rendezvous hashing", Thaler and Ravishankar 1998; weights: Efraimidis and Spirakis 2006).
"""

import hashlib
from collections.abc import Callable, Sequence
from math import log1p

from tollhouse.domain.governance import Deployment, Route

_HASH_BYTES = 6  # as a float this is exact, and below 1
_HASHES = float(2 ** (8 * _HASH_BYTES))


def is_balanced(route: Route) -> bool:
    """Does any deployment have a weight of its own? If all have 1, the order of the file holds."""
    return any(deployment.weight != 1 for deployment in route.deployments)


def in_order(route: Route, jitter: Callable[[], float], conversation: bytes | None) -> Sequence[Deployment]:
    """
    Return the order in which one call asks a route's deployments.

    Args:
        jitter: draws from [0, 1).
        conversation: what a sticky route goes by; None: nothing.
    """
    deployments = route.deployments
    if len(deployments) == 1:
        return deployments
    if route.sticky and conversation is not None:
        return sorted(deployments, key=lambda each: _arrival(_drawn(conversation, each.name), each.weight))
    if is_balanced(route):
        return sorted(deployments, key=lambda each: _arrival(jitter(), each.weight))
    return deployments


def keys_in_order(count: int, turn: int, conversation: bytes | None) -> Sequence[int]:
    """Return the order in which a request may use its provider's keys: in turn, or by the conversation."""
    if conversation is not None:
        return sorted(range(count), key=lambda key: _drawn(conversation, f"key {key}"))
    return [(turn + step) % count for step in range(count)]


def conversation_of(name: str) -> bytes:
    """Return what stands for a conversation; the name itself is not kept."""
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=16).digest()


def _arrival(drawn: float, weight: int) -> float:
    """The moment at which a candidate of this weight arrives: the earliest is first as often as its weight says."""
    return -log1p(-drawn) / weight


def _drawn(conversation: bytes, name: str) -> float:
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), key=conversation, digest_size=_HASH_BYTES).digest()
    return int.from_bytes(digest, "big") / _HASHES
