"""Session tokens: what they say, who reads them, and what ends them."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from tollhouse.adapters.sealer import open_sealer
from tollhouse.admission.admission import MAX_ADMITTED_OF_SESSION, MAX_PRINCIPALS, Admission
from tollhouse.admission.sessions import (
    MAX_TOKEN_BYTES,
    PLAIN_MARK,
    SEALED_MARK,
    WINDOW_AFTER_MS,
    WINDOW_BEFORE_MS,
    SessionSigner,
    SessionWish,
    open_session_secret,
)
from tollhouse.domain.errors import InvalidApiKey, InvalidRequest, OriginNotAllowed, UseCaseNotAllowed, WrongMasterKey
from tollhouse.domain.governance import (
    APPROVED,
    PROPOSED,
    RETIRED,
    Budget,
    Deployment,
    Governance,
    Key,
    Rate,
    Route,
    Team,
    UseCase,
)
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.stores import Stores
from tollhouse.stores.memory.store_mark import MemoryMarks
from tollhouse.testing.clock import MONDAY_NOON_MS as NOON
from tollhouse.testing.clock import FakeClock

SECRET = b"s" * 32
SHOP, DESK = "https://shop.example", "https://desk.example"
WISH = SessionWish("chat", (SHOP,))
KEY = b"Bearer th-the-back-ends-key"
OLD_KEY = b"Bearer th-the-back-ends-old-key"

NOTHING_SAID = InvalidApiKey().message


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


A_KEY = Key("web", "claims", digest("th-the-back-ends-key"), use_cases=("chat", "desk"))


def a_house(key: Key | None = A_KEY, *, origins: tuple[str, ...] = (SHOP, DESK), state: str = "live") -> Governance:
    chat = UseCase("chat", "claims", "o@x.example", models=("gpt-*", "fast"), origins=origins, state=state)
    return Governance(
        organisation="Example AG",
        time_zone="UTC",
        organisation_budget=None,
        teams={"claims": Team("claims")},
        use_cases={"chat": chat, "desk": UseCase("desk", "claims", "o@x.example", models=("fast",))},
        routes={name: Route(name, (Deployment("p", "*", "openai"),)) for name in ("gpt-*", "fast")},
        keys=() if key is None else (key,),
    )


def a_door(governance: Governance | None = None) -> tuple[Admission, FakeClock]:
    clock = FakeClock()
    return Admission(governance or a_house(), clock, SECRET), clock


def a_token(admission: Admission, wish: SessionWish = WISH, key: bytes = KEY) -> bytes:
    _, token = admission.open_session(admission.identify(key), wish)
    return b"Bearer " + token.encode()


# --- what a session is ----------------------------------------------------------------------------------------------


def test_a_session_calls_for_one_use_case_on_its_parents_account() -> None:
    admission, _ = a_door()

    page = admission.identify(a_token(admission, replace(WISH, subject="ana")), origin=SHOP.encode())

    assert page.session is not None
    assert (page.key.name, page.use_cases, page.session.subject) == ("web", ("chat",), "ana")
    with pytest.raises(UseCaseNotAllowed):
        admission.admit(page, "desk", "fast")


def test_a_token_says_on_every_replica_what_it_was_made_with() -> None:
    here, _ = a_door()
    wish = SessionWish("chat", (SHOP, DESK), 60, "ana", Rate(10, 2_000, 1), budget_nanousd=100_000_000)
    session, token = here.open_session(here.identify(KEY), wish)

    there, _ = a_door()
    page = there.identify(b"Bearer " + token.encode())

    window = Period(PeriodKind.TOTAL, NOON - WINDOW_BEFORE_MS, NOON + 60_000 + WINDOW_AFTER_MS)
    assert page.session == session
    assert session.budget == Budget(100_000_000, PeriodKind.TOTAL, window=window)
    assert (session.issued_ms, session.expires_ms, session.rate) == (NOON, NOON + 60_000, wish.rate)


def test_a_sessions_budget_is_the_last_on_its_path() -> None:
    admission, _ = a_door(a_house(replace(A_KEY, budget=Budget(10**9, PeriodKind.DAY))))
    page = admission.identify(a_token(admission, replace(WISH, budget_nanousd=5)))

    budgets = admission.admit(page, None, "fast").budgets

    assert page.session is not None
    assert [(scope.kind, scope.name) for scope, _ in budgets] == [("key", "web"), ("session", page.session.id)]


def test_a_token_does_not_give_away_its_parents_digest() -> None:
    admission, _ = a_door()
    token = a_token(admission).removeprefix(b"Bearer ").decode()

    said = SessionSigner(SECRET).read(token.encode())

    assert said is not None
    assert said.parent not in A_KEY.digest
    assert len(token) < 250


@pytest.mark.parametrize(
    ("wish", "param"),
    [(SessionWish("chat", ("https://evil.example",)), "origins"), (SessionWish("desk", (SHOP,)), "origins")],
)
def test_origins_that_the_use_case_does_not_name_get_no_session(wish: SessionWish, param: str) -> None:
    admission, _ = a_door()

    with pytest.raises(InvalidRequest) as refused:
        admission.open_session(admission.identify(KEY), wish)

    assert refused.value.param == param


@pytest.mark.parametrize("state", [PROPOSED, APPROVED, RETIRED])
def test_only_a_live_use_case_gets_sessions_and_pages(state: str) -> None:
    admission, _ = a_door(a_house(state=state))

    with pytest.raises(InvalidRequest):
        admission.open_session(admission.identify(KEY), WISH)
    assert not admission.names(SHOP.encode())


def test_another_teams_use_case_gets_no_session() -> None:
    admission, _ = a_door()

    with pytest.raises(UseCaseNotAllowed):
        admission.open_session(admission.identify(KEY), SessionWish("nowhere", (SHOP,)))


# --- what ends it ---------------------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[], Governance]] = {
    "revoked": lambda: a_house(replace(A_KEY, revoked_ms=NOON)),
    "gone": lambda: a_house(None),
    "expired": lambda: a_house(replace(A_KEY, expires_ms=NOON)),
    "another secret": lambda: a_house(replace(A_KEY, digest=digest("th-another"))),
    "rotated, overlap over": lambda: a_house(
        replace(A_KEY, digest=digest("th-another"), previous_digest=A_KEY.digest, previous_until_ms=NOON)
    ),
    "not for the use case any more": lambda: a_house(replace(A_KEY, use_cases=("desk",))),
    "retired": lambda: a_house(state=RETIRED),
    "origins changed": lambda: a_house(origins=(DESK,)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_session_ends_with_what_it_stands_on(change: str) -> None:
    admission, _ = a_door()
    token = a_token(admission)
    admission.identify(token)

    admission.put_in_force(CHANGES[change]())

    with pytest.raises(InvalidApiKey) as refused:
        admission.identify(token)
    assert refused.value.message == NOTHING_SAID


def test_a_session_ends_at_its_last_millisecond_and_says_so() -> None:
    admission, clock = a_door()
    token = a_token(admission)

    clock.advance(299_999)
    admission.identify(token)
    clock.advance(1)

    with pytest.raises(InvalidApiKey, match="session token has expired"):
        admission.identify(token)


def test_a_session_of_the_old_secret_lives_until_the_overlap_ends() -> None:
    rotated = replace(
        A_KEY,
        digest=digest("th-the-back-ends-key"),
        previous_digest=digest("th-the-back-ends-old-key"),
        previous_until_ms=NOON + 100_000,
    )
    admission, clock = a_door(a_house(rotated))
    old, new = a_token(admission, key=OLD_KEY), a_token(admission)

    clock.advance(99_999)
    admission.identify(old)
    clock.advance(1)

    admission.identify(new)
    with pytest.raises(InvalidApiKey):
        admission.identify(old)


# --- tokens that are not ours ---------------------------------------------------------------------------------------


def test_no_changed_character_of_a_token_goes_unnoticed() -> None:
    admission, _ = a_door()
    token = a_token(admission).removeprefix(b"Bearer ")

    for at in range(len(b"ths-"), len(token)):
        changed = bytearray(token)
        changed[at] = ord("A") if token[at] != ord("A") else ord("B")
        assert SessionSigner(SECRET).read(bytes(changed)) is None


@pytest.mark.parametrize(
    "token",
    [b"ths-", b"ths-AAAA", b"ths-!!!!", b"ths-\xff\xfe", b"ths-" + b"A" * 43, b"ths-" + b"A" * 2 * MAX_TOKEN_BYTES],
)
def test_what_looks_like_a_token_and_is_none_is_refused(token: bytes) -> None:
    admission, _ = a_door()

    with pytest.raises(InvalidApiKey):
        admission.identify(b"Bearer " + token)


@pytest.mark.parametrize("more", [b"=", b"A", b"!", b"AAAA", b"\n"])
def test_a_token_has_one_spelling(more: bytes) -> None:
    admission, _ = a_door()
    _, token = admission.open_session(admission.identify(KEY), WISH)

    assert SessionSigner(SECRET).read(token.encode() + more) is None


def test_another_stores_token_means_nothing_here() -> None:
    foreign = Admission(a_house(), FakeClock(), b"f" * 32)
    admission, _ = a_door()

    with pytest.raises(InvalidApiKey) as refused:
        admission.identify(a_token(foreign))

    assert refused.value.message == NOTHING_SAID


# --- origins --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", [b"null", b"https://desk.example", b"https://shop.example.evil.example", b"", b"\xff"]
)
def test_a_session_is_for_its_own_origins_only(origin: bytes) -> None:
    admission, _ = a_door()
    token = a_token(admission)

    with pytest.raises(OriginNotAllowed):
        admission.identify(token, origin=origin)


def test_a_key_in_a_page_is_refused_alike_whether_it_is_good_or_not() -> None:
    admission, _ = a_door()

    messages = set()
    for secret in (KEY, b"Bearer th-nobodys"):
        with pytest.raises(OriginNotAllowed, match="session-tokens") as refused:
            admission.identify(secret, origin=SHOP.encode())
        messages.add(refused.value.message)

    assert len(messages) == 1
    assert admission.failures.is_quiet
    assert admission.drain_used() == {}


def test_live_use_cases_say_which_pages_may_ask() -> None:
    admission, _ = a_door()

    assert [admission.names(origin) for origin in (SHOP.encode(), b"https://evil.example", b"null", b"")] == [
        True,
        False,
        False,
        False,
    ]


# --- what is remembered ---------------------------------------------------------------------------------------------


def test_no_more_sessions_are_remembered_than_the_limit() -> None:
    admission, _ = a_door()
    admission.identify(KEY)
    signer, parent = SessionSigner(SECRET), admission.open_session(admission.identify(KEY), WISH)[0]

    for number in range(MAX_PRINCIPALS + 10):
        admission.identify(b"Bearer " + signer.sign(replace(parent, id=f"ses_{number}")).encode())

    assert len(admission._principals) == MAX_PRINCIPALS
    assert admission.identify(KEY).key.name == "web"


def test_a_page_that_asks_for_many_models_fills_no_memory() -> None:
    admission, _ = a_door()
    page = admission.identify(a_token(admission))

    for number in range(100):
        admission.admit(page, None, f"gpt-{number}")

    assert len(page.admitted) == MAX_ADMITTED_OF_SESSION


def test_use_is_noted_for_keys_of_the_store_and_for_the_parents_of_sessions() -> None:
    admission, clock = a_door()
    token = a_token(admission)
    admission.drain_used()

    clock.advance(1_000)
    admission.identify(token)

    assert admission.drain_used() == {"web": NOON + 1_000}
    assert admission.drain_used() == {}


def test_use_of_the_files_keys_is_not_noted() -> None:
    admission, _ = a_door(a_house(replace(A_KEY, managed="file")))

    admission.identify(KEY)

    assert admission.drain_used() == {}


# --- the secret -----------------------------------------------------------------------------------------------------


async def test_all_replicas_on_a_store_share_its_secret(stores: Stores) -> None:
    first, second = [await open_session_secret(stores.marks, None) for _ in range(2)]

    assert first == second
    assert len(first) == 32
    assert first != await open_session_secret(MemoryMarks(), None)


async def test_under_a_master_key_the_secret_is_sealed_and_another_one() -> None:
    marks, sealer = MemoryMarks(), open_sealer("A" * 43 + "=")

    plain = await open_session_secret(marks, None)
    sealed = await open_session_secret(marks, sealer)

    assert sealed == await open_session_secret(marks, sealer)
    assert sealed != plain == await marks.get(PLAIN_MARK)
    assert sealed not in (await marks.get(SEALED_MARK) or b"")
    with pytest.raises(WrongMasterKey):
        await open_session_secret(marks, open_sealer("B" * 42 + "A="))
