"""Kept answers are forgotten through `/api/v1`: by whom, of which team, and with what record."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api_house import Asker, api_house
from tollhouse.domain.roles import Role
from tollhouse.ports.cache import CacheEntry

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/use-cases/claims-triage/cache"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    async with api_house(Path(tmp_path_factory.mktemp("cache"))) as asker:
        yield asker


async def test_what_is_kept_for_a_use_case_of_the_file_is_forgotten_at_once(ask: Asker) -> None:
    shelf, now_ms = ask.house.answers.shelf, ask.house.clock.now_ms()
    places = [("claims-triage", b"1" * 32), ("claims-triage", b"2" * 32), ("support-chat", b"3" * 32)]
    await ask.house.stores.cache.put([CacheEntry(place, b"sealed", now_ms, now_ms + 3_600_000) for place in places])
    before = shelf.epoch("claims-triage")

    purged = await ask("DELETE", f"{PATH}?reason=wrong%20answers")

    assert purged.members == {"use_case": "claims-triage", "deleted": 2}
    assert shelf.epoch("claims-triage") != before
    assert set(await ask.house.stores.cache.find(places)) == {places[2]}


async def test_who_did_it_and_why_is_recorded_for_its_team(ask: Asker) -> None:
    owner = await ask.token(Role.TEAM_OWNER, "claims", "ana")
    other = await ask.token(Role.TEAM_OWNER, "support", "bo")

    await ask("DELETE", f"{PATH}?reason=opening%20hours", token=owner)

    change = (await ask("GET", "/api/v1/changes?kind=cache&limit=1", token=owner)).items[0]
    assert {name: change[name] for name in ("kind", "name", "author", "reason", "team")} == {
        "kind": "cache",
        "name": "claims-triage",
        "author": "ana",
        "reason": "opening hours",
        "team": "claims",
    }
    assert (await ask("GET", "/api/v1/changes?kind=cache", token=other)).items == []


async def test_another_teams_answers_look_like_none(ask: Asker) -> None:
    other = await ask.token(Role.TEAM_OWNER, "support", "other")

    theirs = await ask("DELETE", f"{PATH}?reason=x", token=other)
    missing = await ask("DELETE", "/api/v1/use-cases/nothing/cache?reason=x", token=other)

    assert {(theirs.status, theirs.code), (missing.status, missing.code)} == {(404, "not_found")}


@pytest.mark.parametrize(
    ("role", "target", "status"),
    [
        (Role.DEVELOPER, f"{PATH}?reason=x", 200),
        (Role.VIEWER, f"{PATH}?reason=x", 403),
        (Role.DEVELOPER, PATH, 400),
    ],
)
async def test_it_takes_a_role_and_a_reason(ask: Asker, role: Role, target: str, status: int) -> None:
    token = await ask.token(role, "claims", f"{role}-{status}")

    assert (await ask("DELETE", target, token=token)).status == status
