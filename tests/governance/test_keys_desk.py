"""Callers' keys: made, changed, rotated, revoked; and a secret that nobody sees twice."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from governance_desks import ADMIN, AUDITOR, DEVELOPER, OTHER_OWNER, OWNER, VIEWER, House, a_house, a_use_case, said
from tollhouse.domain.errors import Conflict, InvalidRequest, ManagedByFile, NotFound, NotPermitted
from tollhouse.domain.governance import Budget, Rate
from tollhouse.domain.periods import PeriodKind
from tollhouse.domain.roles import Actor
from tollhouse.governance.keys import OVERLAP_MS_MAX, KeyWish
from tollhouse.stores import Stores

pytest_plugins = ("desk_fixtures",)

APP = KeyWish(name="app", team="claims")
DAY_MS = 86_400_000


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


async def test_a_key_is_made_and_its_secret_is_nowhere_but_in_the_answer(every_house: House) -> None:
    wish = KeyWish(
        name="app",
        team="claims",
        use_cases=("triage",),
        models=("fast",),
        budget=Budget(5 * 10**9, PeriodKind.DAY, (500_000,), falls_back=True),
        rate=Rate(concurrency=2),
        expires_ms=every_house.clock.now_ms() + DAY_MS,
    )

    key, secret = await every_house.keys.create(OWNER, wish, reason="the new app")
    [change] = await every_house.last()

    assert secret.startswith("th-")
    assert len(secret) >= 3 + 43  # 256 bits in base64
    assert (key.digest, key.prefix, key.created_by) == (digest(secret), secret[:8], "olga")
    assert key in every_house.register.governance.keys
    assert (change.kind, change.name, change.author, change.reason, change.team) == (
        "key",
        "app",
        "olga",
        "the new app",
        "claims",
    )
    assert (change.before, said(change.after)) == (
        None,
        {
            "team": "claims",
            "use_cases": ["triage"],
            "models": ["fast"],
            "budget": {"limit_usd": "5", "period": "day", "warn_at": [0.5], "on_exhausted": "fallback"},
            "rate": {"concurrency": 2},
            "expires": "2026-11-03T12:00:00.000Z",
        },
    )


async def test_no_part_of_a_secret_is_in_the_record_of_changes(every_house: House) -> None:
    key, first = await every_house.keys.create(ADMIN, APP, reason="r")
    _, second = await every_house.keys.rotate(ADMIN, "app", overlap_ms=DAY_MS, reason="r")
    await every_house.keys.revoke(ADMIN, "app", reason="r")

    record = b"".join((change.before or b"") + (change.after or b"") for change in await every_house.last(9))

    for part in (first[:8], second[:8], key.digest.hex()):
        assert part.encode() not in record


async def test_a_rotated_key_has_two_secrets_for_a_while(every_house: House) -> None:
    old, _ = await every_house.keys.create(ADMIN, APP, reason="r")

    new, secret = await every_house.keys.rotate(OWNER, "app", overlap_ms=DAY_MS, reason="yearly")

    assert (new.digest, new.prefix) == (digest(secret), secret[:8])
    assert (new.previous_digest, new.previous_until_ms) == (old.digest, every_house.clock.now_ms() + DAY_MS)
    assert new in every_house.register.governance.keys


async def test_without_an_overlap_the_old_secret_ends_now(house: House) -> None:
    await house.keys.create(ADMIN, APP, reason="r")

    key, _ = await house.keys.rotate(ADMIN, "app", overlap_ms=0, reason="it leaked")

    assert (key.previous_digest, key.previous_until_ms) == (None, None)


@pytest.mark.parametrize("overlap_ms", [-1, OVERLAP_MS_MAX + 1])
async def test_an_overlap_has_bounds(house: House, overlap_ms: int) -> None:
    await house.keys.create(ADMIN, APP, reason="r")

    with pytest.raises(InvalidRequest) as caught:
        await house.keys.rotate(ADMIN, "app", overlap_ms=overlap_ms, reason="r")

    assert caught.value.param == "overlap_ms"


async def test_a_key_changes_only_where_it_is_told_to(every_house: House) -> None:
    budget = Budget(10**9, PeriodKind.MONTH)
    before, _ = await every_house.keys.create(
        ADMIN, KeyWish(name="app", team="claims", models=("fast",), budget=budget), reason="r"
    )

    await every_house.keys.change(OWNER, "app", use_cases=("triage",), rate=Rate(concurrency=1), reason="less")
    after = await every_house.keys.change(OWNER, "app", models=None, budget=None, reason="more")

    assert (after.use_cases, after.models, after.budget, after.rate) == (("triage",), None, None, Rate(concurrency=1))
    assert after.digest == before.digest
    assert after in every_house.register.governance.keys


async def test_a_revoked_key_is_out_at_once_and_stays_in_the_list(every_house: House) -> None:
    await every_house.keys.create(ADMIN, APP, reason="r")

    revoked = await every_house.keys.revoke(OWNER, "app", reason="it leaked")

    assert revoked.revoked_ms == every_house.clock.now_ms()
    assert [key.name for key in every_house.register.governance.keys] == ["ci"]
    assert [(key.name, key.managed, key.revoked_ms is None) for key in await every_house.keys.list(OWNER)] == [
        ("ci", "file", True),
        ("app", "store", False),
    ]
    with pytest.raises(NotFound):
        await every_house.keys.revoke(OWNER, "app", reason="again")


async def test_another_teams_key_answers_like_one_that_does_not_exist(house: House) -> None:
    await house.keys.create(ADMIN, APP, reason="r")

    for name in ("app", "ci", "nothing"):
        for call in (
            house.keys.revoke(OTHER_OWNER, name, reason="r"),
            house.keys.change(OTHER_OWNER, name, budget=None, reason="r"),
            house.keys.rotate(OTHER_OWNER, name, overlap_ms=0, reason="r"),
        ):
            with pytest.raises(NotFound, match=f"There is no key '{name}'"):
                await call
    assert await house.keys.list(OTHER_OWNER) == []


@pytest.mark.parametrize("actor", [DEVELOPER, VIEWER, AUDITOR], ids=lambda actor: actor.name)
async def test_only_admins_and_owners_write_keys(house: House, actor: Actor) -> None:
    await house.keys.create(ADMIN, APP, reason="r")

    for call in (
        house.keys.create(actor, KeyWish(name="mine", team="claims"), reason="r"),
        house.keys.change(actor, "app", budget=None, reason="r"),
        house.keys.rotate(actor, "app", overlap_ms=0, reason="r"),
        house.keys.revoke(actor, "app", reason="r"),
    ):
        with pytest.raises(NotPermitted):
            await call
    assert len(await house.last(9)) == 1


async def test_an_owner_makes_keys_of_the_own_team_only(house: House) -> None:
    with pytest.raises(NotPermitted):
        await house.keys.create(OWNER, KeyWish(name="mine", team="sales"), reason="r")
    with pytest.raises(NotPermitted):
        await house.keys.create(OWNER, KeyWish(name="mine", team="nobody"), reason="r")


async def test_a_viewer_lists_no_keys(house: House) -> None:
    with pytest.raises(NotPermitted):
        await house.keys.list(VIEWER)


async def test_the_files_keys_are_changed_in_the_file(house: House) -> None:
    for call in (
        house.keys.revoke(OWNER, "ci", reason="r"),
        house.keys.change(ADMIN, "ci", budget=None, reason="r"),
        house.keys.rotate(ADMIN, "ci", overlap_ms=0, reason="r"),
    ):
        with pytest.raises(ManagedByFile, match=str(house.file)):
            await call


WRONG = [
    (KeyWish(name="", team="claims"), "name"),
    (KeyWish(name=" a", team="claims"), "name"),
    (KeyWish(name="a\n", team="claims"), "name"),
    (KeyWish(name="x" * 65, team="claims"), "name"),
    (KeyWish(name="a", team="nobody"), "team"),
    (KeyWish(name="a", team="claims", use_cases=("nope",)), "use_cases"),
    (KeyWish(name="a", team="claims", use_cases=("offers",)), "use_cases"),
    (KeyWish(name="a", team="claims", models=("nope",)), "models"),
    (KeyWish(name="a", team="claims", expires_ms=5), "expires"),
]


@pytest.mark.parametrize(("wish", "param"), WRONG)
async def test_what_a_key_cannot_be_is_told_by_its_member(house: House, wish: KeyWish, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await house.keys.create(ADMIN, wish, reason="r")

    assert caught.value.param == param


async def test_a_name_is_taken_while_its_key_lives_and_stays_its_teams(every_house: House) -> None:
    await every_house.keys.create(ADMIN, APP, reason="r")
    for wish in (APP, KeyWish(name="ci", team="claims"), KeyWish(name="app", team="sales")):
        with pytest.raises(Conflict, match="already"):
            await every_house.keys.create(ADMIN, wish, reason="r")

    await every_house.keys.revoke(ADMIN, "app", reason="r")
    with pytest.raises(Conflict, match="already"):
        await every_house.keys.create(ADMIN, KeyWish(name="app", team="sales"), reason="r")
    again, _ = await every_house.keys.create(ADMIN, APP, reason="r")

    assert again in every_house.register.governance.keys


async def test_an_expired_key_can_be_restricted_further(house: House) -> None:
    wish = KeyWish(name="app", team="claims", expires_ms=house.clock.now_ms() + 1)
    await house.keys.create(ADMIN, wish, reason="r")
    house.clock.advance(2)

    key = await house.keys.change(ADMIN, "app", models=("fast",), reason="r")

    assert key.models == ("fast",)
    with pytest.raises(InvalidRequest):
        await house.keys.change(ADMIN, "app", expires_ms=house.clock.now_ms(), reason="r")


async def test_keys_see_the_stores_use_cases(house: House) -> None:
    await house.desk.put(ADMIN, "use_case", "drafts", a_use_case(), reason="r", version=0)

    key, _ = await house.keys.create(OWNER, KeyWish(name="app", team="claims", use_cases=("drafts",)), reason="r")

    assert key.use_cases == ("drafts",)


async def test_two_servers_that_change_a_key_at_once_do_not_undo_each_other(stores: Stores, tmp_path: Path) -> None:
    here, there = await a_house(stores, tmp_path), await a_house(stores, tmp_path)
    key, _ = await here.keys.create(ADMIN, APP, reason="r")
    read = next(each for each in await stores.keys.all() if each.name == "app")
    await there.keys.revoke(ADMIN, "app", reason="it leaked")
    again, _ = await there.keys.create(ADMIN, APP, reason="a new one")

    late = await stores.keys.update(replace(read, models=("fast",)), (await here.last())[0], was=read)

    assert not late
    assert [each.digest for each in await stores.keys.all() if each.revoked_ms is None] == [again.digest]
    assert key.digest != again.digest
