"""What every key store does."""

from dataclasses import replace

import pytest

from tollhouse.domain.governance import Budget, Key, Rate
from tollhouse.domain.periods import PeriodKind
from tollhouse.ports.changes import Change
from tollhouse.stores import Stores

CI = Key(name="ci", team="claims", digest=b"\x00\xff" * 16, created_ms=5, prefix="th_ab")


def by(key: Key, reason: str = "a test") -> Change:
    return Change("key", key.name, "tester", reason, 7, key.team)


async def revoke(stores: Stores, key: Key, at_ms: int) -> bool:
    return await stores.keys.update(replace(key, revoked_ms=at_ms), by(key))


async def test_a_key_comes_back_as_it_was_added(stores: Stores) -> None:
    full = replace(
        CI,
        name="full",
        use_cases=("a", "b"),
        models=("fast", "gpt-*"),
        budget=Budget(5_000_000_000, PeriodKind.WEEK, warn_at_ppm=(500_000, 800_000), falls_back=True),
        rate=Rate(requests_per_minute=60, concurrency=2),
        expires_ms=99,
        created_ms=6,
        created_by="ana",
        previous_digest=b"before",
        previous_until_ms=70,
    )
    shut = replace(CI, name="shut", models=(), created_ms=7)

    for key in (shut, full, CI):
        await stores.keys.add(key, by(key))

    assert await stores.keys.all() == [CI, full, shut]


async def test_a_name_is_taken_until_its_key_is_revoked(stores: Stores) -> None:
    await stores.keys.add(CI, by(CI))

    with pytest.raises(ValueError, match="'ci'"):
        await stores.keys.add(replace(CI, created_ms=6), by(CI))
    await revoke(stores, CI, 50)
    await stores.keys.add(replace(CI, created_ms=7), by(CI))

    assert [key.revoked_ms for key in await stores.keys.all()] == [50, None]


async def test_only_an_unrevoked_key_can_be_changed(stores: Stores) -> None:
    await stores.keys.add(CI, by(CI))

    assert await stores.keys.update(replace(CI, digest=b"new", previous_digest=CI.digest), by(CI))
    assert await revoke(stores, replace(CI, digest=b"new"), 50)
    assert not await revoke(stores, CI, 60)
    assert not await revoke(stores, replace(CI, name="nobody"), 60)
    assert [(key.digest, key.revoked_ms) for key in await stores.keys.all()] == [(b"new", 50)]


async def test_a_key_that_is_not_as_it_was_read_stays_as_it_is(stores: Stores) -> None:
    read = replace(CI, models=("fast",), rate=Rate(concurrency=2), budget=Budget(5, PeriodKind.WEEK, (500_000,)))
    await stores.keys.add(read, by(CI))
    await stores.keys.used({"ci": 20})

    assert await stores.keys.update(replace(read, models=None), by(CI), was=read)
    for late in (replace(read, digest=b"rotated"), replace(read, revoked_ms=50)):
        assert not await stores.keys.update(late, by(CI), was=read)
    await revoke(stores, replace(read, models=None), 60)
    await stores.keys.add(replace(CI, digest=b"another", created_ms=7), by(CI))
    assert not await stores.keys.update(replace(read, models=()), by(CI), was=replace(read, models=None))

    assert [(key.digest, key.models, key.revoked_ms) for key in await stores.keys.all()] == [
        (CI.digest, None, 60),
        (b"another", None, None),
    ]
    assert len(await stores.changes.list()) == 4


async def test_the_last_use_only_moves_forward_and_survives_a_change(stores: Stores) -> None:
    await stores.keys.add(CI, by(CI))

    await stores.keys.used({"ci": 20, "nobody": 9})
    await stores.keys.used({"ci": 10})
    await stores.keys.update(replace(CI, models=("fast",)), by(CI))

    assert [(key.last_used_ms, key.models) for key in await stores.keys.all()] == [(20, ("fast",))]


async def test_the_revision_rises_with_every_change_and_only_then(stores: Stores) -> None:
    seen = [await stores.changes.revision()]
    await stores.keys.add(CI, by(CI))
    seen.append(await stores.changes.revision())
    await revoke(stores, CI, 50)
    seen.append(await stores.changes.revision())
    await stores.keys.add(CI, by(CI))
    seen.append(await stores.changes.revision())
    await revoke(stores, replace(CI, name="nobody"), 60)
    await stores.keys.used({"ci": 20})

    assert sorted(set(seen)) == seen
    assert await stores.changes.revision() == seen[-1]


async def test_a_change_is_recorded_with_author_and_reason(stores: Stores) -> None:
    await stores.keys.add(CI, by(CI, "for the nightly run"))
    await revoke(stores, CI, 50)

    newest, first = await stores.changes.list(kind="key", name="ci")

    assert (first.author, first.reason, first.team, first.at_ms) == ("tester", "for the nightly run", "claims", 7)
    assert newest.id > first.id
    assert await stores.changes.list(team="other") == []
    assert await stores.changes.list(before_id=newest.id) == [first]
