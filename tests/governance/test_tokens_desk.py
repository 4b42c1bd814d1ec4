"""Access tokens: who makes them, and whom the house knows by them."""

import pytest

from governance_desks import ADMIN, AUDITOR, OWNER, TEAM_ADMIN, House, said
from tollhouse.domain.errors import Conflict, InvalidApiKey, InvalidRequest, NotFound, NotPermitted
from tollhouse.domain.providers import Secret
from tollhouse.domain.roles import Actor, Role
from tollhouse.governance.tokens import Badges

pytest_plugins = ("desk_fixtures",)

ADMIN_TOKEN = "admin-0123456789abcdef"
DAY_MS = 86_400_000


async def made(house: House, role: Role = Role.TEAM_OWNER, team: str | None = "claims", **more: int) -> str:
    _, secret = await house.tokens.create(
        ADMIN, name="ana", role=role, team=team, expires_ms=more.get("expires_ms"), reason="she asked"
    )
    return secret


def badges(house: House, admin_token: str | None = ADMIN_TOKEN) -> Badges:
    return Badges(house.register, None if admin_token is None else Secret(admin_token))


async def test_a_token_opens_the_door_for_its_role_until_it_is_revoked(every_house: House) -> None:
    door = badges(every_house)
    secret = await made(every_house)

    assert secret.startswith("tht-")
    assert len(secret) >= 4 + 43
    assert door.identify(f"Bearer {secret}", 5) == Actor("ana", Role.TEAM_OWNER, "claims")
    await every_house.tokens.revoke(ADMIN, "ana", reason="she left")
    with pytest.raises(InvalidApiKey):
        door.identify(f"Bearer {secret}", 5)


async def test_making_and_ending_a_token_is_recorded_without_its_secret(every_house: House) -> None:
    secret = await made(every_house, expires_ms=every_house.clock.now_ms() + DAY_MS)
    await every_house.tokens.revoke(ADMIN, "ana", reason="she left")

    ended, begun = await every_house.last(2)

    assert (begun.kind, begun.name, begun.author, begun.reason, begun.team) == (
        "token",
        "ana",
        "admin",
        "she asked",
        "claims",
    )
    assert (begun.before, said(begun.after)) == (
        None,
        {"role": "team-owner", "team": "claims", "expires": "2026-11-03T12:00:00.000Z"},
    )
    assert (ended.reason, said(ended.before)) == ("she left", said(begun.after))
    assert secret[4:12].encode() not in b"".join((each.before or b"") + (each.after or b"") for each in (begun, ended))


async def test_a_token_ends_when_it_expires(house: House) -> None:
    end = house.clock.now_ms() + DAY_MS
    secret = await made(house, expires_ms=end)

    assert badges(house).identify(f"Bearer {secret}", end - 1).name == "ana"
    with pytest.raises(InvalidApiKey):
        badges(house).identify(f"Bearer {secret}", end)


async def test_the_admin_token_is_the_admin(house: House) -> None:
    assert badges(house).identify(f"bearer  {ADMIN_TOKEN}", 5) == ADMIN


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", f"Basic {ADMIN_TOKEN}", "Bearer wrong", f"Bearer {ADMIN_TOKEN}x", "Bearer " + "x" * 100_000, "Bearer é"])  # fmt: skip
async def test_whatever_is_neither_is_refused(house: House, header: str | None) -> None:
    with pytest.raises(InvalidApiKey, match="missing, unknown, expired or revoked"):
        badges(house).identify(header, 5)


async def test_without_any_token_the_door_says_how_to_make_one(house: House) -> None:
    with pytest.raises(InvalidApiKey, match="tokens create"):
        badges(house, None).identify("Bearer x", 5)
    secret = await made(house)

    assert badges(house, None).identify(f"Bearer {secret}", 5).name == "ana"
    with pytest.raises(InvalidApiKey):
        badges(house, None).identify("Bearer ", 5)


async def test_the_last_use_is_remembered_until_it_is_drained(house: House) -> None:
    door, secret = badges(house), await made(house)
    for at_ms in (7, 9, 8):
        door.identify(f"Bearer {secret}", at_ms)
    door.identify(f"Bearer {ADMIN_TOKEN}", 10)

    assert door.drain_used() == {"ana": 9}
    assert door.drain_used() == {}


async def test_only_an_admin_makes_and_ends_tokens_and_an_auditor_reads_them(house: House) -> None:
    for actor in (OWNER, AUDITOR, Actor("v", Role.VIEWER, "claims"), Actor("d", Role.DEVELOPER, "claims")):
        with pytest.raises(NotPermitted):
            await house.tokens.create(actor, name="x", role=Role.VIEWER, team="claims", expires_ms=None, reason="r")
        with pytest.raises(NotPermitted):
            await house.tokens.revoke(actor, "x", reason="r")
    await made(house)

    assert [token.name for token in await house.tokens.list(AUDITOR)] == ["ana"]
    assert await house.tokens.list(Actor("aud", Role.AUDITOR, "sales")) == []
    with pytest.raises(NotPermitted):
        await house.tokens.list(OWNER)


async def test_an_admin_of_one_team_cannot_reach_beyond_it(house: House) -> None:
    for team in ("sales", None):
        with pytest.raises(NotPermitted):
            await house.tokens.create(TEAM_ADMIN, name="x", role=Role.ADMIN, team=team, expires_ms=None, reason="r")
    await made(house, Role.AUDITOR, None)

    with pytest.raises(NotFound):
        await house.tokens.revoke(TEAM_ADMIN, "ana", reason="r")


@pytest.mark.parametrize(
    ("name", "role", "team", "expires_ms", "param"),
    [
        ("admin", Role.ADMIN, None, None, "name"),
        ("cli", Role.AUDITOR, None, None, "name"),
        (" x", Role.ADMIN, None, None, "name"),
        ("x", Role.TEAM_OWNER, None, None, "team"),
        ("x", Role.DEVELOPER, None, None, "team"),
        ("x", Role.VIEWER, None, None, "team"),
        ("x", Role.VIEWER, "nobody", None, "team"),
        ("x", Role.ADMIN, None, 5, "expires"),
    ],
)
async def test_what_a_token_cannot_be_is_told_by_its_member(
    house: House, name: str, role: Role, team: str | None, expires_ms: int | None, param: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await house.tokens.create(ADMIN, name=name, role=role, team=team, expires_ms=expires_ms, reason="r")

    assert caught.value.param == param


async def test_two_tokens_of_one_name_are_a_conflict(every_house: House) -> None:
    await made(every_house)

    with pytest.raises(Conflict, match="already"):
        await made(every_house)


async def test_ending_what_is_not_there_says_so(house: House) -> None:
    with pytest.raises(NotFound):
        await house.tokens.revoke(ADMIN, "nobody", reason="r")
