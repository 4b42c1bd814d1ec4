"""The desk: who changes what, what stands in the way, and what is recorded."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from governance_desks import (
    ADMIN,
    AUDITOR,
    DEVELOPER,
    FILE,
    OTHER_OWNER,
    OWNER,
    SECOND,
    TEAM_ADMIN,
    VIEWER,
    House,
    a_house,
    a_use_case,
    said,
)
from tollhouse.domain.errors import (
    Conflict,
    InvalidRequest,
    ManagedByFile,
    NotFound,
    NotPermitted,
    TollhouseError,
)
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.roles import Actor
from tollhouse.governance.desk import REASON_CHARACTERS_MAX, Desk
from tollhouse.governance.documents import DOCUMENT_BYTES_MAX, merged
from tollhouse.governance.keys import KeyWish
from tollhouse.governance.register import Misfit
from tollhouse.ports.objects import StoredObject
from tollhouse.stores.memory import memory_stores

pytest_plugins = ("desk_fixtures",)

BUDGET = {"limit_usd": "5", "period": "day"}
ROUTE = {"deployments": [{"provider": "openai", "model": "gpt-9"}]}
PRICE = {"input_per_million": "1", "output_per_million": "2"}


# --- one object's life on every store -------------------------------------------------------------------------------


async def test_an_object_is_made_changed_and_deleted_and_each_is_recorded(every_house: House) -> None:
    desk = every_house.desk

    made = await desk.put(ADMIN, "team", "legal", {}, reason="they asked", version=0)
    patched = await desk.patch(SECOND, "team", "legal", {"budget": BUDGET}, reason="a cap", version=1)
    replaced = await desk.put(ADMIN, "team", "legal", {"rate": {"concurrency": 2}}, reason="no cap", version=None)
    await desk.delete(ADMIN, "team", "legal", reason="they left", version=3)

    assert [(each.document, each.version, each.managed) for each in (made, patched, replaced)] == [
        ({}, 1, "store"),
        ({"budget": BUDGET}, 2, "store"),
        ({"rate": {"concurrency": 2}}, 3, "store"),
    ]
    changes = [(c.author, c.reason, c.team, said(c.before), said(c.after)) for c in await every_house.last(4)]
    assert changes == [
        ("admin", "they left", "legal", {"rate": {"concurrency": 2}}, None),
        ("admin", "no cap", "legal", {"budget": BUDGET}, {"rate": {"concurrency": 2}}),
        ("bea", "a cap", "legal", {}, {"budget": BUDGET}),
        ("admin", "they asked", "legal", None, {}),
    ]


async def test_a_write_is_in_force_when_it_returns(every_house: House) -> None:
    await every_house.desk.put(ADMIN, "team", "legal", {}, reason="new", version=0)
    await every_house.desk.set_budget(ADMIN, BudgetScope("organisation", ""), BUDGET, reason="a cap")

    governance = every_house.register.governance
    assert "legal" in governance.teams
    assert governance.organisation_budget is not None


@pytest.mark.parametrize("version", [0, 2])
async def test_a_version_that_does_not_stand_there_is_a_conflict(every_house: House, version: int) -> None:
    desk = every_house.desk
    await desk.put(ADMIN, "team", "legal", {}, reason="new", version=0)

    for attempt in (
        desk.put(ADMIN, "team", "legal", {"rate": {}}, reason="again", version=version),
        desk.patch(ADMIN, "team", "legal", {"rate": {}}, reason="again", version=version),
        desk.delete(ADMIN, "team", "legal", reason="again", version=version),
    ):
        with pytest.raises(Conflict, match="version 1"):
            await attempt

    assert len(await every_house.last(9)) == 1


async def test_two_servers_that_write_at_once_do_not_overwrite_each_other(every_house: House, tmp_path: Path) -> None:
    other = await a_house(every_house.stores, tmp_path)
    await every_house.desk.put(ADMIN, "team", "legal", {}, reason="new", version=0)
    await other.desk.put(SECOND, "team", "legal", {"rate": {"concurrency": 1}}, reason="mine", version=1)

    with pytest.raises(Conflict):
        await every_house.desk.put(ADMIN, "team", "legal", {}, reason="mine", version=1)
    shown = await every_house.desk.show(ADMIN, "team", "legal")

    assert (shown.version, shown.document) == (2, {"rate": {"concurrency": 1}})


# --- approval -------------------------------------------------------------------------------------------------------


async def proposed(house: House, by: Actor = DEVELOPER) -> None:
    await house.desk.put(by, "use_case", "drafts", a_use_case(), reason="an idea", version=0)


async def test_a_use_case_goes_from_an_idea_to_its_end(every_house: House) -> None:
    desk, states = every_house.desk, []
    await proposed(every_house)
    states.append(every_house.register.governance.use_cases["drafts"].state)

    for state in ("approved", "live", "retired"):
        moved = await desk.move(OWNER, "drafts", state, reason="next")
        states.append(every_house.register.governance.use_cases["drafts"].state)
        assert moved.document["state"] == state

    assert states == ["proposed", "approved", "live", "retired"]
    assert {change.author for change in await every_house.last(3)} == {"olga"}


async def test_nobody_approves_what_they_wrote_last(every_house: House) -> None:
    await proposed(every_house, by=OWNER)

    with pytest.raises(NotPermitted, match="second person"):
        await every_house.desk.move(OWNER, "drafts", "approved", reason="mine is good")
    await every_house.desk.move(SECOND, "drafts", "approved", reason="it is")

    assert every_house.register.governance.use_cases["drafts"].state == "approved"


async def test_not_even_the_admin_token_approves_its_own(house: House) -> None:
    await proposed(house, by=ADMIN)

    with pytest.raises(NotPermitted, match="second person"):
        await house.desk.move(ADMIN, "drafts", "approved", reason="mine is good")


async def test_what_is_changed_after_its_approval_is_proposed_again(house: House) -> None:
    await proposed(house)
    await house.desk.move(OWNER, "drafts", "approved", reason="good")

    changed = await house.desk.patch(OWNER, "use_case", "drafts", {"purpose": "else"}, reason="more", version=None)

    assert changed.document["state"] == "proposed"
    with pytest.raises(NotPermitted, match="second person"):
        await house.desk.move(OWNER, "drafts", "approved", reason="mine")


async def test_what_is_live_stays_live_when_it_is_changed(house: House) -> None:
    await proposed(house)
    await house.desk.move(OWNER, "drafts", "approved", reason="good")
    await house.desk.move(OWNER, "drafts", "live", reason="go")

    await house.desk.patch(OWNER, "use_case", "drafts", {"max_output_tokens": 9}, reason="less", version=None)

    use_case = house.register.governance.use_cases["drafts"]
    assert (use_case.state, use_case.max_output_tokens) == ("live", 9)


@pytest.mark.parametrize(("steps", "state"), [((), "live"), ((), "proposed"), (("approved",), "approved"), (("retired",), "live"), (("retired",), "retired"), (("approved", "live"), "proposed")])  # fmt: skip
async def test_a_step_that_does_not_exist_is_a_conflict(house: House, steps: tuple[str, ...], state: str) -> None:
    await proposed(house)
    for step in steps:
        await house.desk.move(ADMIN, "drafts", step, reason="go")

    with pytest.raises(Conflict, match="cannot become"):
        await house.desk.move(ADMIN, "drafts", state, reason="go")


@pytest.mark.parametrize("actor", [ADMIN, OWNER, DEVELOPER])
async def test_no_document_moves_a_use_case(house: House, actor: Actor) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await house.desk.put(actor, "use_case", "new", a_use_case(state="live"), reason="quick", version=0)
    await proposed(house, by=actor)
    with pytest.raises(InvalidRequest):
        await house.desk.patch(actor, "use_case", "drafts", {"state": "live"}, reason="quick", version=None)

    assert caught.value.param == "state"


async def test_an_unknown_state_is_told(house: House) -> None:
    await proposed(house)

    with pytest.raises(InvalidRequest) as caught:
        await house.desk.move(ADMIN, "drafts", "paused", reason="go")

    assert caught.value.param == "state"


# --- who writes what ------------------------------------------------------------------------------------------------

CHANGES: dict[str, object] = {
    "owner": "new@example.com",
    "models": ["inhouse"],
    "budget": BUDGET,
    "rate": {"concurrency": 1},
    "prompt": "letters",
    "parameters": {"max": {"n": 1}},
    "max_output_tokens": 5,
    "purpose": "letters",
    "legal_basis": "contract",
    "data_classes": ["contract"],
    "risk": "low",
    "review_date": "2027-01-31",
    "origins": ["https://shop.example"],
}
FORBIDDEN: dict[str, object] = {
    "unpriced": "allow",
    "privacy": {"mode": "off", "unreadable": "refuse"},
    "workflow": "claims",
    "base_url": "http://evil.example",
}
LIVE_AND_PROPOSED = [("proposed", DEVELOPER, True), ("proposed", OWNER, True), ("live", OWNER, True), ("approved", DEVELOPER, False), ("live", DEVELOPER, False)]  # fmt: skip


@pytest.mark.parametrize(("state", "actor", "may"), LIVE_AND_PROPOSED)
async def test_members_of_an_own_use_case(house: House, state: str, actor: Actor, may: bool) -> None:
    await proposed(house, by=SECOND)
    for step in {"proposed": (), "approved": ("approved",), "live": ("approved", "live")}[state]:
        await house.desk.move(ADMIN, "drafts", step, reason="go")

    for field, value in CHANGES.items():
        done = await outcome(house.desk.patch(actor, "use_case", "drafts", {field: value}, reason="r", version=None))
        assert done == (None if may else NotPermitted), field


@pytest.mark.parametrize("actor", [OTHER_OWNER, VIEWER, AUDITOR, OWNER, DEVELOPER], ids=lambda actor: actor.name)
async def test_members_that_are_not_theirs(house: House, actor: Actor) -> None:
    await proposed(house, by=SECOND)
    fields = FORBIDDEN if actor in (OWNER, DEVELOPER) else {**CHANGES, **FORBIDDEN}

    for field, value in fields.items():
        done = await outcome(house.desk.patch(actor, "use_case", "drafts", {field: value}, reason="r", version=None))
        assert done == (NotFound if actor == OTHER_OWNER else NotPermitted), field
    assert len(await house.last(9)) == 1


@pytest.mark.parametrize("actor", [ADMIN, OWNER, DEVELOPER])
async def test_a_use_case_stays_with_its_team(house: House, actor: Actor) -> None:
    await proposed(house, by=SECOND)

    done = await outcome(house.desk.patch(actor, "use_case", "drafts", {"team": "sales"}, reason="r", version=None))

    assert done == (InvalidRequest if actor == ADMIN else NotPermitted)


Write = Callable[[House, Actor], Awaitable[object]]
ORGANISATIONS: dict[str, Write] = {
    "a team": lambda house, actor: house.desk.put(actor, "team", "new", {}, reason="r", version=None),
    "the own team's budget": lambda house, actor: house.desk.set_budget(actor, BudgetScope("team", "legal"), BUDGET, reason="r"),
    "the own team's rate": lambda house, actor: house.desk.patch(actor, "team", "legal", {"rate": {"concurrency": 9}}, reason="r", version=None),
    "the end of the own team": lambda house, actor: house.desk.delete(actor, "team", "legal", reason="r", version=None),
    "a route": lambda house, actor: house.desk.put(actor, "route", "slow", ROUTE, reason="r", version=None),
    "the end of a route": lambda house, actor: house.desk.delete(actor, "route", "spare", reason="r", version=None),
    "a price": lambda house, actor: house.desk.put(actor, "price", "openai/m", PRICE, reason="r", version=None),
    "the organisation's budget": lambda house, actor: house.desk.set_budget(actor, BudgetScope("organisation", ""), BUDGET, reason="r"),
    "the organisation": lambda house, actor: house.desk.put(actor, "organisation", "", {"budget": BUDGET}, reason="r", version=None),
}  # fmt: skip


@pytest.mark.parametrize("what", list(ORGANISATIONS))
@pytest.mark.parametrize("actor", [ADMIN, TEAM_ADMIN, OWNER, DEVELOPER, VIEWER, AUDITOR], ids=lambda actor: actor.name)
async def test_what_is_the_organisations_only_its_admins_write(house: House, what: str, actor: Actor) -> None:
    await house.desk.put(ADMIN, "team", "legal", {}, reason="r", version=0)
    await house.desk.put(ADMIN, "route", "spare", ROUTE, reason="r", version=0)
    at_home = Actor(actor.name, actor.role, "legal" if actor.team else None)

    done = await outcome(ORGANISATIONS[what](house, at_home))

    assert done == (None if actor == ADMIN else NotPermitted)


async def test_an_owner_caps_the_use_cases_of_the_own_team(house: House) -> None:
    await proposed(house)

    await house.desk.set_budget(OWNER, BudgetScope("use_case", "drafts"), BUDGET, reason="a cap")
    capped = (await house.desk.show(OWNER, "use_case", "drafts")).document["budget"]
    await house.desk.set_budget(OWNER, BudgetScope("use_case", "drafts"), None, reason="no cap")

    assert capped == BUDGET
    assert "budget" not in (await house.desk.show(OWNER, "use_case", "drafts")).document


async def test_a_new_budget_replaces_the_old_one_whole(house: House) -> None:
    await house.desk.put(ADMIN, "team", "legal", {"budget": {**BUDGET, "warn_at": [0.5]}}, reason="r", version=0)

    await house.desk.set_budget(ADMIN, BudgetScope("team", "legal"), BUDGET, reason="r")

    assert (await house.desk.show(ADMIN, "team", "legal")).document == {"budget": BUDGET}


@pytest.mark.parametrize("kind", ["key", "session", "planet"])
async def test_other_budgets_are_not_set_here(house: House, kind: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await house.desk.set_budget(ADMIN, BudgetScope(kind, "ci"), BUDGET, reason="r")

    assert caught.value.param == "scope"


async def test_a_developer_deletes_an_idea_and_nothing_more(house: House) -> None:
    await proposed(house)
    await house.desk.delete(DEVELOPER, "use_case", "drafts", reason="no", version=None)
    await proposed(house)
    await house.desk.move(OWNER, "drafts", "approved", reason="go")

    with pytest.raises(NotPermitted):
        await house.desk.delete(DEVELOPER, "use_case", "drafts", reason="no", version=None)


# --- the wall between teams -----------------------------------------------------------------------------------------


async def test_another_teams_objects_answer_like_objects_that_do_not_exist(house: House) -> None:
    await house.desk.put(OTHER_OWNER, "use_case", "secret", a_use_case(team="sales"), reason="r", version=0)

    for name in ("secret", "offers"):
        for call in (
            lambda name: house.desk.show(OWNER, "use_case", name),
            lambda name: house.desk.patch(OWNER, "use_case", name, {"owner": "me"}, reason="r", version=None),
            lambda name: house.desk.delete(OWNER, "use_case", name, reason="r", version=None),
            lambda name: house.desk.move(OWNER, name, "retired", reason="r"),
            lambda name: house.desk.set_budget(OWNER, BudgetScope("use_case", name), None, reason="r"),
            lambda name: house.desk.put(OWNER, "use_case", name, a_use_case(team="sales"), reason="r", version=None),
        ):
            assert await words(call(name), name) == await words(call("nothing"), "nothing")


async def test_lists_hold_what_the_actor_sees_by_name(house: House) -> None:
    await proposed(house)

    def names(found: list[object]) -> list[str]:
        return [each.name for each in found]  # type: ignore[attr-defined]

    assert names([*await house.desk.list(ADMIN, "use_case")]) == ["drafts", "offers", "triage"]
    assert names([*await house.desk.list(VIEWER, "use_case")]) == ["drafts", "triage"]
    assert names([*await house.desk.list(OTHER_OWNER, "use_case")]) == ["offers"]
    assert names([*await house.desk.list(OWNER, "team")]) == ["claims"]
    assert names([*await house.desk.list(OWNER, "route")]) == ["fast", "inhouse"]
    assert names([*await house.desk.list(OWNER, "organisation")]) == []
    assert [(each.name, each.managed, each.version) for each in await house.desk.list(AUDITOR, "organisation")] == [
        ("", "store", 0)
    ]


async def test_a_name_that_another_team_has_is_taken(house: House) -> None:
    with pytest.raises(Conflict, match="taken"):
        await house.desk.put(OWNER, "use_case", "offers", a_use_case(), reason="r", version=None)


# --- the file -------------------------------------------------------------------------------------------------------

FILE_MANAGED: dict[str, Write] = {
    "put": lambda house, actor: house.desk.put(actor, "team", "claims", {"budget": BUDGET}, reason="r", version=None),
    "patch": lambda house, actor: house.desk.patch(
        actor, "use_case", "triage", {"owner": "b"}, reason="r", version=None
    ),
    "delete": lambda house, actor: house.desk.delete(actor, "route", "fast", reason="r", version=None),
    "move": lambda house, actor: house.desk.move(actor, "triage", "retired", reason="r"),
    "set_budget": lambda house, actor: house.desk.set_budget(actor, BudgetScope("team", "claims"), BUDGET, reason="r"),
}


@pytest.mark.parametrize("how", list(FILE_MANAGED))
async def test_what_the_file_defines_is_changed_there(house: House, how: str) -> None:
    with pytest.raises(ManagedByFile, match=str(house.file)):
        await FILE_MANAGED[how](house, ADMIN)

    assert await house.last() == []


async def test_the_files_objects_are_shown_at_version_0(house: House) -> None:
    shown = await house.desk.show(OWNER, "use_case", "triage")

    assert (shown.managed, shown.version, shown.document) == ("file", 0, a_use_case())


async def test_the_files_budget_of_the_organisation_is_the_files(tmp_path: Path) -> None:
    house = await a_house(memory_stores(), tmp_path, FILE + "organisation: {budget: {limit_usd: 9, period: day}}\n")

    with pytest.raises(ManagedByFile, match="budget of the organisation"):
        await house.desk.set_budget(ADMIN, BudgetScope("organisation", ""), BUDGET, reason="r")


async def test_what_the_file_took_over_can_be_swept_out_of_the_store(tmp_path: Path) -> None:
    stores = memory_stores()
    first = await a_house(stores, tmp_path)
    await first.desk.put(ADMIN, "team", "legal", {}, reason="r", version=0)
    house = await a_house(stores, tmp_path, FILE.replace("sales: {}", "sales: {}, legal: {}"))
    left_out = house.register.left_out

    await house.desk.delete(ADMIN, "team", "legal", reason="the file has it", version=None)

    assert len(left_out) == 1
    assert house.register.left_out == ()
    assert "legal" in house.register.governance.teams


# --- documents that cannot be ---------------------------------------------------------------------------------------


async def test_a_wrong_member_is_named_by_its_path_and_nothing_is_written(house: House) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await house.desk.put(ADMIN, "use_case", "x", a_use_case(models=["fast", "nope"]), reason="r", version=None)

    assert caught.value.param == "models[1]"
    assert await house.last() == []


async def test_a_write_that_would_push_another_object_out_is_a_conflict(house: House) -> None:
    def validate(objects: Sequence[StoredObject]) -> list[Misfit]:
        return [Misfit("route", "other", "", "it would be in a circle")]

    desk = Desk(house.register, house.stores.objects, validate, house.clock)

    with pytest.raises(Conflict, match="the route 'other' would no longer fit: it would be in a circle"):
        await desk.put(ADMIN, "route", "slow", ROUTE, reason="r", version=None)
    assert await house.last() == []


async def test_what_something_stands_on_cannot_be_deleted(house: House) -> None:
    await house.desk.put(ADMIN, "route", "slow", ROUTE, reason="r", version=0)
    await house.desk.put(ADMIN, "team", "legal", {}, reason="r", version=0)
    await house.desk.put(ADMIN, "use_case", "x", a_use_case(team="legal", models=["slow"]), reason="r", version=0)

    for kind, name in (("route", "slow"), ("team", "legal")):
        with pytest.raises(Conflict, match="still used by the use case 'x'"):
            await house.desk.delete(ADMIN, kind, name, reason="r", version=None)


async def test_what_a_key_names_cannot_be_deleted(house: House) -> None:
    await house.desk.put(ADMIN, "team", "legal", {}, reason="r", version=0)
    await house.desk.put(ADMIN, "use_case", "x", a_use_case(team="legal"), reason="r", version=0)
    await house.keys.create(ADMIN, KeyWish(name="app", team="legal", use_cases=("x",)), reason="r")

    for kind, name in (("use_case", "x"), ("team", "legal")):
        with pytest.raises(Conflict, match="the key 'app'"):
            await house.desk.delete(ADMIN, kind, name, reason="r", version=None)
    await house.keys.revoke(ADMIN, "app", reason="r")
    await house.desk.delete(ADMIN, "use_case", "x", reason="r", version=None)
    await house.desk.delete(ADMIN, "team", "legal", reason="r", version=None)


@pytest.mark.parametrize("reason", ["", "  ", "a\nb", "x" * (REASON_CHARACTERS_MAX + 1)])
async def test_every_change_needs_a_reason_that_can_be_read(house: House, reason: str) -> None:
    await proposed(house)
    for attempt in (
        house.desk.put(ADMIN, "team", "legal", {}, reason=reason, version=None),
        house.desk.move(ADMIN, "drafts", "approved", reason=reason),
        house.desk.delete(ADMIN, "use_case", "drafts", reason=reason, version=None),
        house.keys.create(ADMIN, KeyWish(name="app", team="claims"), reason=reason),
        house.tokens.revoke(ADMIN, "x", reason=reason),
    ):
        with pytest.raises(InvalidRequest) as caught:
            await attempt
        assert caught.value.param == "reason"


async def test_a_document_has_a_largest_size(house: House) -> None:
    for size, expected in ((DOCUMENT_BYTES_MAX // 40, None), (DOCUMENT_BYTES_MAX, InvalidRequest)):
        document = a_use_case(data_classes=["x" * 30] * (size // 33))
        done = await outcome(house.desk.put(ADMIN, "use_case", "x", document, reason="r", version=None))
        assert done == expected


async def test_a_document_that_is_not_json_is_refused(house: House) -> None:
    for value in (float("nan"), object()):
        done = await outcome(house.desk.put(ADMIN, "team", "x", {"budget": value}, reason="r", version=None))
        assert done == InvalidRequest


async def test_an_unknown_kind_is_refused(house: House) -> None:
    assert await outcome(house.desk.list(ADMIN, "planet")) == InvalidRequest


async def test_a_purpose_that_annex_iii_lists_warns_and_does_not_block(house: House) -> None:
    made = await house.desk.put(
        OWNER, "use_case", "x", a_use_case(purpose="Rank job applicants"), reason="r", version=0
    )

    assert len(made.warnings) == 1
    assert "Annex III" in made.warnings[0]


async def test_an_object_that_the_file_left_behind_says_so(tmp_path: Path) -> None:
    stores = memory_stores()
    first = await a_house(stores, tmp_path)
    await first.desk.put(ADMIN, "use_case", "x", a_use_case(), reason="r", version=0)
    house = await a_house(stores, tmp_path, FILE.replace("fast", "quick"))

    shown = await house.desk.show(ADMIN, "use_case", "x")

    assert "unknown model `fast`" in shown.warnings[0]
    assert "x" not in house.register.governance.use_cases


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the test cases of RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_are_those_of_the_rfc(target: object, patch: object, result: object) -> None:
    assert merged(target, patch) == result


async def outcome(attempt: Awaitable[object]) -> type[TollhouseError] | None:
    try:
        await attempt
    except TollhouseError as error:
        return type(error)
    return None


async def words(attempt: Awaitable[object], name: str) -> tuple[type[TollhouseError] | None, str]:
    """Return the error and what it says, the name taken out."""
    try:
        await attempt
    except TollhouseError as error:
        return type(error), error.message.replace(repr(name), "NAME")
    return None, ""
