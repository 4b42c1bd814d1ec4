"""Identifiers: `call_…`, `att_…`, `run_…`; time-ordered, so that newest first is one index scan."""

import random
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]


def new_id(prefix: str) -> str:
    """
    Return `prefix_` and 26 characters: 48 bits of milliseconds, 82 random bits, in Crockford's base 32.

    Ids made in one millisecond are in no order among themselves. They are names, not secrets: a random generator that
    the interpreter seeds afresh in every process will do, at a tenth of the price. Source: the ULID layout.
    """
    return f"{prefix}_{_base32((time.time_ns() // 1_000_000) << 82 | random.getrandbits(82))}"


def _base32(value: int) -> str:
    pairs = _PAIRS
    return "".join([pairs[(value >> shift) & 1023] for shift in range(120, -1, -10)])


def first_id_at(prefix: str, at_ms: int) -> str:
    """Return the smallest id of that millisecond: ids sort against it as their times do."""
    return f"{prefix}_{_base32(at_ms << 82)}"
