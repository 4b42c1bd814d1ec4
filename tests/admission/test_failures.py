"""Whoever guesses is slowed down, and nobody else."""

import hashlib
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tollhouse.admission.admission import Admission
from tollhouse.admission.failures import (
    ADDRESS_BURST,
    ADDRESS_EVERY_MS,
    GOOD_FOR_MS,
    MAX_GOOD,
    MAX_PLACES,
    PAIR_BURST,
    PAIR_EVERY_MS,
    Failures,
)
from tollhouse.admission.sessions import SessionWish
from tollhouse.domain.errors import InvalidApiKey, TooManyFailures
from tollhouse.domain.governance import Governance, Key, Team, UseCase
from tollhouse.testing.clock import FakeClock

HERE, THERE = "192.0.2.1", "192.0.2.2"
SECRET = b"th-right-0123456789"
DIGEST = hashlib.sha256(SECRET).digest()
RIGHT, WRONG = b"Bearer " + SECRET, b"Bearer th-right-but-not-quite"
SHOP = "https://shop.example"


def a_door() -> tuple[Admission, FakeClock]:
    key = Key("web", "claims", DIGEST)
    chat = UseCase("chat", "claims", "o@x.example", models=("fast",), origins=(SHOP,))
    governance = Governance("x", "UTC", None, {"claims": Team("claims")}, {"chat": chat}, {}, keys=(key,))
    clock = FakeClock()
    return Admission(governance, clock), clock


def fails(admission: Admission, authorization: bytes, address: str = HERE) -> type[Exception]:
    with pytest.raises((InvalidApiKey, TooManyFailures)) as refused:
        admission.identify(authorization, address=address)
    return refused.type


def crowd(admission: Admission, address: str = HERE) -> None:
    """Guess until the address is over its limit, each time with another beginning."""
    for number in range(ADDRESS_BURST):
        assert fails(admission, b"Bearer th-%05d-guess" % number, address) is InvalidApiKey
    assert fails(admission, b"Bearer th-other-guess", address) is TooManyFailures


# --- a key and an address -------------------------------------------------------------------------------------------


def test_the_same_beginning_is_tried_only_so_often_from_one_address() -> None:
    admission, _ = a_door()

    found = [fails(admission, WRONG) for _ in range(PAIR_BURST + 5)]

    assert found == [InvalidApiKey] * PAIR_BURST + [TooManyFailures] * 5
    assert fails(admission, WRONG, THERE) is InvalidApiKey


def test_the_right_key_waits_too_while_its_beginning_is_guessed_from_its_address() -> None:
    admission, clock = a_door()
    admission.identify(RIGHT, address=HERE)
    for _ in range(PAIR_BURST):
        fails(admission, WRONG)

    with pytest.raises(TooManyFailures) as held:
        admission.identify(RIGHT, address=HERE)

    assert held.value.retry_after_ms == PAIR_EVERY_MS
    admission.identify(RIGHT, address=THERE)
    clock.advance(PAIR_EVERY_MS - 1)
    assert fails(admission, RIGHT) is TooManyFailures
    clock.advance(1)
    admission.identify(RIGHT, address=HERE)


def test_what_is_refused_untried_does_not_prolong_the_wait() -> None:
    admission, clock = a_door()
    for _ in range(PAIR_BURST + 1_000):
        fails(admission, WRONG)

    clock.advance(PAIR_EVERY_MS)

    assert fails(admission, WRONG) is InvalidApiKey


# --- an address -----------------------------------------------------------------------------------------------------


def test_behind_a_crowded_address_keys_that_were_good_lately_still_pass() -> None:
    admission, clock = a_door()
    admission.identify(RIGHT, address=HERE)

    crowd(admission)

    admission.identify(RIGHT, address=HERE)
    clock.advance(ADDRESS_EVERY_MS)
    assert fails(admission, b"Bearer th-next-guess") is InvalidApiKey


def test_behind_a_crowded_address_a_key_never_seen_there_waits() -> None:
    admission, _ = a_door()

    crowd(admission)

    assert fails(admission, RIGHT) is TooManyFailures
    admission.identify(RIGHT, address=THERE)


def test_what_was_good_counts_for_an_hour() -> None:
    failures, now = Failures(), 10**12
    failures.passed(HERE, DIGEST, now)
    for number in range(2 * ADDRESS_BURST + GOOD_FOR_MS // ADDRESS_EVERY_MS):
        failures.failed(HERE, b"%08d" % number, now)

    failures.admit(HERE, SECRET, DIGEST, now + GOOD_FOR_MS - 1)

    with pytest.raises(TooManyFailures):
        failures.admit(HERE, SECRET, DIGEST, now + GOOD_FOR_MS)


def test_a_new_session_token_passes_behind_a_crowded_address_because_nobody_guesses_a_signature() -> None:
    admission, _ = a_door()
    _, token = admission.open_session(admission.identify(RIGHT, address=THERE), SessionWish("chat", (SHOP,)))

    crowd(admission)

    assert admission.identify(b"Bearer " + token.encode(), address=HERE).session is not None
    assert fails(admission, b"Bearer ths-" + b"A" * 100) is TooManyFailures


def test_a_session_that_expired_is_no_guess() -> None:
    admission, clock = a_door()
    _, token = admission.open_session(admission.identify(RIGHT), SessionWish("chat", (SHOP,), life_s=1))
    clock.advance(1_000)

    found = {fails(admission, b"Bearer " + token.encode()) for _ in range(PAIR_BURST + 1)}

    assert found == {InvalidApiKey}
    assert admission.failures.is_quiet


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.10", False),
        ("", "", True),
    ],
)
def test_an_ipv6_network_counts_as_one_address(one: str, other: str, same: bool) -> None:
    admission, _ = a_door()

    crowd(admission, one)

    assert (fails(admission, b"Bearer th-a-guess", other) is TooManyFailures) is same


# --- memory ---------------------------------------------------------------------------------------------------------


def test_no_more_places_are_remembered_than_the_limit_and_the_oldest_go() -> None:
    failures, now = Failures(), 10**12
    for _ in range(ADDRESS_BURST):
        failures.failed(HERE, SECRET, now)

    for number in range(MAX_PLACES):
        failures.failed(f"host-{number}", SECRET, now)
        failures.passed(f"host-{number}", DIGEST, now)
    failures.passed(HERE, DIGEST, now)

    assert len(failures._by_address._empty_at_ms) == len(failures._by_pair._empty_at_ms) == MAX_PLACES
    assert len(failures._good) == MAX_GOOD
    failures.admit(HERE, SECRET, b"", now)  # forgotten


def test_what_has_run_empty_is_forgotten() -> None:
    failures, now = Failures(), 10**12
    for number in range(100):
        failures.failed(f"host-{number}", SECRET, now)

    failures.failed(HERE, SECRET, now + PAIR_EVERY_MS)

    assert len(failures._by_address._empty_at_ms) == len(failures._by_pair._empty_at_ms) == 1


# --- the same work --------------------------------------------------------------------------------------------------


def lines_of(work: Callable[[], object]) -> list[tuple[str, int]]:
    """Every line of Python that runs, in order."""
    ran: list[tuple[str, int]] = []

    def trace(frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        if event == "line":
            ran.append((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return ran


@pytest.mark.parametrize(
    ("wrong", "unknown"),
    [
        (WRONG, b"Bearer xy-nothing-of-the-kind"),
        (b"Bearer ths-" + b"A" * 200, b"Bearer ths-" + b"Q" * 200),
    ],
)
def test_unknown_and_wrong_secrets_take_the_same_steps(wrong: bytes, unknown: bytes) -> None:
    admission, _ = a_door()
    fails(admission, b"Bearer th-first-of-all")

    steps = [lines_of(lambda secret=secret: _refused(admission, secret)) for secret in (wrong, unknown)]  # type: ignore[misc]

    assert steps[0] == steps[1]
    assert len(steps[0]) > 10


def _refused(admission: Admission, secret: bytes) -> None:
    try:
        admission.identify(secret, address=HERE)
    except InvalidApiKey:
        return
    raise AssertionError("it was let in")
