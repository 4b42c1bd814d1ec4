"""What is in force: renewed when something changed, and honest about what does not fit any more."""

from dataclasses import replace
from pathlib import Path

import pytest

from governance_desks import ADMIN, FILE, House, a_house, a_use_case
from tollhouse.admission.admission import Admission
from tollhouse.domain.errors import InvalidApiKey, UseCaseNotAllowed
from tollhouse.domain.governance import Governance
from tollhouse.governance.keys import KeyWish
from tollhouse.stores import Stores

pytest_plugins = ("desk_fixtures",)


async def test_a_change_elsewhere_is_seen_at_the_next_refresh(stores: Stores, tmp_path: Path) -> None:
    here, there = await a_house(stores, tmp_path), await a_house(stores, tmp_path)
    told: list[Governance] = []
    here.register.on_change = told.append

    await there.desk.put(ADMIN, "team", "legal", {}, reason="r", version=0)
    key, _ = await there.keys.create(ADMIN, KeyWish(name="app", team="legal"), reason="r")
    await here.register.refresh()
    await here.register.refresh()

    assert "legal" in here.register.governance.teams
    assert key in here.register.governance.keys
    assert [governance.revision for governance in told] == [there.register.governance.revision]


async def test_a_key_of_a_team_that_is_gone_is_refused_and_told(stores: Stores, tmp_path: Path) -> None:
    first = await a_house(stores, tmp_path)
    await first.desk.put(ADMIN, "team", "legal", {}, reason="r", version=0)
    _, secret = await first.keys.create(ADMIN, KeyWish(name="app", team="legal"), reason="r")
    await stores.objects.delete(
        replace((await first.last(2))[1], after=None), expected_version=1
    )  # behind the desk's back

    house = await a_house(stores, tmp_path)

    assert house.register.left_out == ("The stored key 'app' is refused: its team 'legal' does not exist any more.",)
    with pytest.raises(InvalidApiKey, match="legal"):
        Admission(house.register.governance, house.clock).identify(f"Bearer {secret}".encode())


async def test_a_key_whose_use_cases_are_gone_reaches_none_not_all(stores: Stores, tmp_path: Path) -> None:
    first = await a_house(stores, tmp_path)
    _, secret = await first.keys.create(ADMIN, KeyWish(name="app", team="claims", use_cases=("triage",)), reason="r")

    house = await a_house(stores, tmp_path, FILE.replace("triage", "sorting"))
    admission = Admission(house.register.governance, house.clock)
    principal = admission.identify(f"Bearer {secret}".encode())

    assert house.register.left_out == ("The stored key 'app' names use cases that do not exist any more: triage.",)
    with pytest.raises(UseCaseNotAllowed, match="may not act for any use case"):
        admission.admit(principal, None, "fast")


async def test_an_expired_key_is_refused(house: House) -> None:
    wish = KeyWish(name="app", team="claims", expires_ms=house.clock.now_ms() + 5)
    _, secret = await house.keys.create(ADMIN, wish, reason="r")
    admission = Admission(house.register.governance, house.clock)

    admission.identify(f"Bearer {secret}".encode())
    house.clock.advance(5)

    with pytest.raises(InvalidApiKey):
        admission.identify(f"Bearer {secret}".encode())


async def test_a_stored_key_gives_way_to_the_files_of_its_name(stores: Stores, tmp_path: Path) -> None:
    first = await a_house(stores, tmp_path)
    _, secret = await first.keys.create(ADMIN, KeyWish(name="app", team="claims"), reason="r")

    house = await a_house(stores, tmp_path, FILE + "  - {name: app, team: sales, secret: 0123456789abcdef-app}\n")
    admission = Admission(house.register.governance, house.clock)

    assert "app" in house.register.left_out[0]
    assert admission.identify(b"Bearer 0123456789abcdef-app").key.team == "sales"
    with pytest.raises(InvalidApiKey):
        admission.identify(f"Bearer {secret}".encode())


async def test_what_does_not_fit_any_more_is_told_and_stops_nothing(stores: Stores, tmp_path: Path) -> None:
    first = await a_house(stores, tmp_path)
    await first.desk.put(ADMIN, "use_case", "drafts", a_use_case(), reason="r", version=0)

    house = await a_house(stores, tmp_path, FILE.replace("fast", "quick"))

    assert len(house.register.left_out) == 1
    assert set(house.register.governance.use_cases) == {"triage", "offers"}
