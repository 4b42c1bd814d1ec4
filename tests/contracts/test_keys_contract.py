"""What every key store does."""

from dataclasses import replace

import pytest

from tollhouse.domain.governance import Budget, Key
from tollhouse.domain.periods import PeriodKind
from tollhouse.stores import Stores

CI = Key(name="ci", team="claims", digest=b"\x00\xff" * 16, created_ms=5, prefix="th_ab")


async def test_a_key_comes_back_as_it_was_added(stores: Stores) -> None:
    full = replace(
        CI,
        name="full",
        use_cases=("a", "b"),
        models=("fast", "gpt-*"),
        budget=Budget(5_000_000_000, PeriodKind.WEEK),
        expires_ms=99,
        created_ms=6,
    )
    shut = replace(CI, name="shut", models=(), created_ms=7)

    for key in (shut, full, CI):
        await stores.keys.add(key)

    assert await stores.keys.all() == [CI, full, shut]


async def test_a_name_is_taken_until_its_key_is_revoked(stores: Stores) -> None:
    await stores.keys.add(CI)

    with pytest.raises(ValueError, match="'ci'"):
        await stores.keys.add(replace(CI, created_ms=6))
    await stores.keys.revoke("ci", 50)
    await stores.keys.add(replace(CI, created_ms=7))

    assert [key.revoked_ms for key in await stores.keys.all()] == [50, None]


async def test_only_an_unrevoked_key_can_be_revoked(stores: Stores) -> None:
    await stores.keys.add(CI)

    assert await stores.keys.revoke("ci", 50)
    assert not await stores.keys.revoke("ci", 60)
    assert not await stores.keys.revoke("nobody", 60)
    assert [key.revoked_ms for key in await stores.keys.all()] == [50]


async def test_the_version_changes_with_every_change_and_only_then(stores: Stores) -> None:
    seen = [await stores.keys.version()]
    await stores.keys.add(CI)
    seen.append(await stores.keys.version())
    await stores.keys.revoke("ci", 50)
    seen.append(await stores.keys.version())
    await stores.keys.add(CI)
    seen.append(await stores.keys.version())
    await stores.keys.revoke("nobody", 60)

    assert len(set(seen)) == 4
    assert await stores.keys.version() == seen[-1]
