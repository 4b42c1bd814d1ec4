"""What is governed through `/api/v1`: objects, budgets, and the record of changes, on a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api_house import Asker, api_house
from tollhouse.config import tree
from tollhouse.domain.governance import BudgetScope
from tollhouse.domain.periods import PeriodKind
from tollhouse.domain.roles import Role
from tollhouse.ports.budget_warnings import BudgetWarning
from tollhouse.ports.ledger import SliceAsk
from web_ledger import a_call

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRAFT = {"team": "claims", "owner": "ana@example.com", "models": ["fast"]}
REASON = {"reason": "for a test"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    async with api_house(Path(tmp_path_factory.mktemp("governance"))) as asker:
        yield asker


async def test_a_team_is_made_read_changed_and_deleted(ask: Asker) -> None:
    made = await ask("PUT", "/api/v1/teams/legal", {"budget": {"limit_usd": "5", "period": "day"}, **REASON})
    shown = await ask("GET", "/api/v1/teams/legal")
    changed = await ask("PATCH", "/api/v1/teams/legal", {"budget": None, **REASON}, if_match='"1"')
    gone = await ask("DELETE", "/api/v1/teams/legal?reason=closed&version=2")
    missing = await ask("GET", "/api/v1/teams/legal")

    assert shown.members == made.members
    assert made.members == {
        "name": "legal",
        "budget": {"limit_usd": "5", "period": "day"},
        "managed": "store",
        "version": 1,
        "warnings": [],
    }
    assert (made.headers["etag"], changed.headers["etag"]) == ('"1"', '"2"')
    assert "budget" not in changed.members
    assert (gone.status, gone.body, "content-length" in gone.headers) == (204, b"", False)
    assert (missing.status, missing.code) == (404, "not_found")


async def test_what_was_changed_meanwhile_is_not_written_over(ask: Asker) -> None:
    await ask.make("teams", "fraud")
    await ask("PATCH", "/api/v1/teams/fraud", {"budget": {"limit_usd": "1", "period": "day"}, **REASON})

    by_header = await ask("PATCH", "/api/v1/teams/fraud", {"budget": None, **REASON}, if_match='"1"')
    by_member = await ask("PUT", "/api/v1/teams/fraud", {"version": 1, **REASON})
    by_parameter = await ask("DELETE", "/api/v1/teams/fraud?reason=x&version=1")

    assert {(each.status, each.code) for each in (by_header, by_member, by_parameter)} == {(409, "conflict")}


async def test_what_was_read_may_be_sent_back(ask: Asker) -> None:
    await ask.make("use-cases", "sent-back", **DRAFT)
    read = (await ask("GET", "/api/v1/use-cases/sent-back")).members

    written = await ask("PUT", "/api/v1/use-cases/sent-back", {**read, "owner": "bo@example.com", **REASON})

    assert written.status == 200, written.body
    assert written.members == {**read, "owner": "bo@example.com", "version": 2}


async def test_a_name_that_is_not_the_addresss_is_refused(ask: Asker) -> None:
    answer = await ask("PUT", "/api/v1/teams/one", {"name": "another", **REASON})

    assert (answer.status, answer.code) == (400, "invalid_request")
    assert "the address says 'one'" in str(answer.members["detail"])


async def test_what_the_file_manages_is_shown_and_not_changed(ask: Asker) -> None:
    shown = await ask("GET", "/api/v1/teams/claims")
    refused = await ask("PATCH", "/api/v1/teams/claims", {"budget": None, **REASON})

    assert (shown.members["managed"], shown.members["version"]) == ("file", 0)
    assert (refused.status, refused.code) == (409, "managed_by_file")
    assert "tollhouse.yaml" in str(refused.members["detail"])


@pytest.mark.parametrize("written", ["vendor%2Fbig-*", "vendor/big-*"])
async def test_a_routes_name_may_hold_stars_and_slashes(ask: Asker, written: str) -> None:
    route = {"deployments": [{"provider": "openai", "model": "*"}], **REASON}

    made = await ask("PUT", f"/api/v1/routes/{written}", route)
    shown = await ask("GET", "/api/v1/routes/vendor%2Fbig-%2A")

    assert (made.status, shown.members["name"]) == (200, "vendor/big-*")
    assert "vendor/big-*" in ask.house.governance.routes


async def test_a_price_override_holds_at_once(ask: Asker) -> None:
    price = {"input_per_million": "1", "output_per_million": "2"}

    made = await ask("PUT", "/api/v1/prices/openai/gpt-5-mini", {**price, **REASON})
    listed = await ask("GET", "/api/v1/prices")

    assert made.status == 200, made.body
    assert [each["name"] for each in listed.items] == ["openai/gpt-5-mini"]
    (deployment,) = ask.house.governance.routes["fast"].deployments
    assert deployment.price is not None


async def test_a_use_case_goes_live_by_a_second_person(ask: Asker) -> None:
    author = await ask.token(Role.TEAM_OWNER, "claims", "author")
    second = await ask.token(Role.TEAM_OWNER, "claims", "second")
    path = "/api/v1/use-cases/letters"

    proposed = await ask("PUT", path, {**DRAFT, **REASON}, token=author)
    by_author = await ask("POST", f"{path}/state", {"state": "approved", **REASON}, token=author)
    approved = await ask("POST", f"{path}/state", {"state": "approved", **REASON}, token=second)
    live = await ask("POST", f"{path}/state", {"state": "live", **REASON}, token=author)

    assert proposed.members["state"] == "proposed"
    assert (by_author.status, by_author.code) == (403, "not_permitted")
    assert (approved.members["state"], live.members["state"]) == ("approved", "live")
    assert ask.house.governance.use_cases["letters"].state == "live"


async def test_a_purpose_of_annex_three_warns(ask: Asker) -> None:
    made = await ask.make("use-cases", "hiring", **DRAFT, purpose="rank job applicants for hiring")

    assert any("Annex III" in warning for warning in _texts(made.members["warnings"]))


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ({**DRAFT, "ownr": "x"}, "ownr"),
        ({**DRAFT, "budget": {"limit_usd": "-1", "period": "day"}}, "budget.limit_usd"),
        ({**DRAFT, "models": ["nowhere"]}, "models"),
        ({**DRAFT, "rate": {"requests_per_minute": "many"}}, "rate.requests_per_minute"),
    ],
)
async def test_a_document_is_refused_by_the_member_that_is_wrong(
    ask: Asker, document: dict[str, object], param: str
) -> None:
    answer = await ask("PUT", "/api/v1/use-cases/wrong", {**document, **REASON})

    assert (answer.status, answer.code) == (400, "invalid_request"), answer.body
    error = answer.members["error"]
    assert isinstance(error, dict)
    assert str(error["param"]).startswith(param), answer.body


async def test_a_team_owner_cannot_raise_the_teams_own_cap(ask: Asker) -> None:
    await ask.make("teams", "capped", budget={"limit_usd": "5", "period": "day"})
    owner = await ask.token(Role.TEAM_OWNER, "capped")

    by_budget = await ask(
        "PUT", "/api/v1/budgets/team/capped", {"limit_usd": "9", "period": "day", **REASON}, token=owner
    )
    by_team = await ask("PATCH", "/api/v1/teams/capped", {"budget": None, **REASON}, token=owner)

    assert [(each.status, each.code) for each in (by_budget, by_team)] == [(403, "not_permitted")] * 2


async def test_no_member_of_the_configuration_is_called_like_one_of_ours() -> None:
    ours = {"reason", "version", "managed", "warnings"}

    for part in (tree.Team, tree.UseCase, tree.Model, tree.Price):
        assert not part.model_fields.keys() & (ours | {"name"})
    assert not tree.Organisation.model_fields.keys() & ours


# --- budgets --------------------------------------------------------------------------------------------------------


async def test_a_budget_is_shown_with_what_is_spent_held_and_left(ask: Asker) -> None:
    await ask.make("teams", "spending")
    put = await ask(
        "PUT", "/api/v1/budgets/team/spending", {"limit_usd": "10", "period": "month", "warn_at": [0.5], **REASON}
    )
    scope, now_ms = BudgetScope("team", "spending"), ask.house.clock.now_ms()
    (held,) = await ask.house.stores.ledger.lease("a-process", [_ask(ask, scope)])
    warning = BudgetWarning(scope, held.period, 500_000, 10_000_000_000, 5_000_000_000, now_ms)
    await ask.house.stores.budget_warnings.claim([warning])

    shown = (await _budgets(ask))["team", "spending"]

    assert (put.status, put.members["left_usd"], put.members["warned"]) == (200, "10", [])
    assert shown == {
        **put.members,
        "held_usd": "2.5",
        "left_usd": "7.5",
        "warned": [0.5],
    }


async def test_a_budget_that_is_set_late_counts_what_was_spent_before(ask: Asker) -> None:
    await ask.make("teams", "late")
    call = a_call(17, at_ms=ask.house.clock.now_ms(), cost_nanousd=1_500_000_000)
    call.team, call.use_case, call.key = "late", "late-case", "late-key"
    await ask.house.stores.ledger.post("a-process", [call])

    put = await ask("PUT", "/api/v1/budgets/team/late", {"limit_usd": "2", "period": "month", **REASON})

    assert (put.members["spent_usd"], put.members["left_usd"]) == ("1.5", "0.5")


async def test_every_scope_has_a_budget_and_loses_it_again(ask: Asker) -> None:
    await ask.make("use-cases", "capped-case", **DRAFT)
    await ask("POST", "/api/v1/keys", {"name": "capped-key", "team": "claims", **REASON})
    targets = ["organisation", "use_case/capped-case", "key/capped-key"]

    puts = [
        await ask("PUT", f"/api/v1/budgets/{target}", {"limit_usd": "3", "period": "week", **REASON})
        for target in targets
    ]
    listed = await _budgets(ask)
    gone = [await ask("DELETE", f"/api/v1/budgets/{target}?reason=over") for target in targets]
    after = await _budgets(ask)

    assert [each.status for each in puts] == [200, 200, 200], [each.body for each in puts]
    scopes = {("organisation", None), ("use_case", "capped-case"), ("key", "capped-key")}
    assert scopes <= listed.keys()
    assert [each.status for each in gone] == [204, 204, 204]
    assert not scopes & after.keys()


async def test_there_is_no_budget_of_another_kind(ask: Asker) -> None:
    answer = await ask("PUT", "/api/v1/budgets/route/fast", {"limit_usd": "3", "period": "week", **REASON})

    assert (answer.status, answer.code) == (404, "not_found")


async def test_a_budget_takes_no_version(ask: Asker) -> None:
    body = {"limit_usd": "3", "period": "week", **REASON}

    answer = await ask("PUT", "/api/v1/budgets/team/spending", body, if_match='"1"')

    assert (answer.status, "not taken here" in str(answer.members["detail"])) == (400, True)


# --- the record of changes ------------------------------------------------------------------------------------------


async def test_every_change_is_recorded_with_its_author_and_reason(ask: Asker) -> None:
    await ask("PUT", "/api/v1/teams/noted", {"reason": "the board said so"})
    await ask("PATCH", "/api/v1/teams/noted", {"budget": {"limit_usd": "1", "period": "day"}, "reason": "a first cap"})

    changes = await ask("GET", "/api/v1/changes?kind=team&name=noted")

    assert [(each["author"], each["reason"], each["before"], each["after"]) for each in changes.items] == [
        ("admin", "a first cap", {}, {"budget": {"limit_usd": "1", "period": "day"}}),
        ("admin", "the board said so", None, {}),
    ]


async def test_changes_come_in_pages(ask: Asker) -> None:
    for number in range(3):
        await ask("PUT", "/api/v1/teams/paged", {"rate": {"concurrency": number + 1}, "reason": f"step {number}"})

    first = await ask("GET", "/api/v1/changes?name=paged&limit=2")
    second = await ask("GET", f"/api/v1/changes?name=paged&limit=2&cursor={first.members['next_cursor']}")

    assert [each["reason"] for each in first.items] == ["step 2", "step 1"]
    assert [each["reason"] for each in second.items] == ["step 0"]
    assert second.members["next_cursor"] is None


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "limit=0", "knd=team"])
async def test_changes_refuse_what_they_do_not_understand(ask: Asker, query: str) -> None:
    assert (await ask("GET", f"/api/v1/changes?{query}")).code == "invalid_request"


@pytest.mark.parametrize("reason", [None, "", " ", "x" * 501, "two\nlines"])
async def test_nothing_changes_without_a_reason(ask: Asker, reason: str | None) -> None:
    body = {} if reason is None else {"reason": reason}

    answer = await ask("PUT", "/api/v1/teams/unexplained", body)

    assert (answer.status, answer.code) == (400, "invalid_request")
    assert "unexplained" not in ask.house.governance.teams


async def test_a_list_of_nothing_but_strange_addresses_is_not_found(ask: Asker) -> None:
    for path in ("/api/v1/teams/", "/api/v1/teams/" + "x" * 400, "/api/v1/use-cases/a%0Ab", "/api/v1/prices/openai"):
        assert (await ask("GET", path)).code in ("not_found", "method_not_allowed"), path


async def test_an_address_names_the_methods_it_takes(ask: Asker) -> None:
    answer = await ask("POST", "/api/v1/teams/claims", {})

    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH, PUT")


async def _budgets(ask: Asker) -> dict[tuple[object, object], dict[str, object]]:
    return {(each["scope"], each["name"]): each for each in (await ask("GET", "/api/v1/budgets")).items}


def _ask(ask: Asker, scope: BudgetScope) -> SliceAsk:
    from zoneinfo import ZoneInfo

    from tollhouse.domain.periods import period_at

    period = period_at(PeriodKind.MONTH, ask.house.clock.now_ms(), ZoneInfo("UTC"))
    return SliceAsk(scope, period, 10_000_000_000, 2_500_000_000, 2_500_000_000)


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]
