"""Keys and access tokens made through `/api/v1`, and what they then open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api_house import CI_KEY, Answered, Asker, api_house
from tollhouse.domain.roles import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")

REASON = {"reason": "for a test"}
HOUR_MS = 3_600_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ask(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    async with api_house(Path(tmp_path_factory.mktemp("keys"))) as asker:
        yield asker


async def test_a_secret_is_shown_once_and_opens_at_once(ask: Asker) -> None:
    made = await create(ask, "fresh")
    listed = await ask("GET", "/api/v1/keys")
    secret = str(made.members["secret"])

    assert (made.status, secret[:3]) == (201, "th-")
    assert await models(ask, secret) == ["fast"]
    assert secret.encode() not in listed.body
    assert {**key(listed, "fresh"), "secret": secret} == made.members


async def test_a_secret_is_in_no_record_of_changes(ask: Asker) -> None:
    secret = str((await create(ask, "unrecorded")).members["secret"])

    changes = await ask("GET", "/api/v1/changes?kind=key&name=unrecorded")

    assert len(changes.items) == 1
    assert secret.encode() not in changes.body


async def test_a_rotation_lets_both_secrets_in_for_as_long_as_it_says(ask: Asker) -> None:
    first = str((await create(ask, "turning")).members["secret"])

    overlapping = await rotate(ask, "turning", overlap_ms=HOUR_MS)
    second = str(overlapping.members["secret"])
    both = [await models(ask, secret) for secret in (first, second)]
    third = str((await rotate(ask, "turning", overlap_ms=0)).members["secret"])

    assert both == [["fast"], ["fast"]]
    assert overlapping.members["rotated_until"] is not None
    assert [await status(ask, secret) for secret in (first, second, third)] == [401, 401, 200]


async def test_a_rotation_says_how_long_the_old_secret_lasts(ask: Asker) -> None:
    await create(ask, "hasty")

    silent = await ask("POST", "/api/v1/keys/hasty/rotate", REASON)
    too_long = await rotate(ask, "hasty", overlap_ms=31 * 24 * HOUR_MS)

    assert [(each.status, param(each)) for each in (silent, too_long)] == [(400, "overlap_ms")] * 2


async def test_a_change_touches_only_what_it_names(ask: Asker) -> None:
    made = await create(ask, "changing", budget={"limit_usd": "5", "period": "day"}, models=["fast"])

    changed = await ask("PATCH", "/api/v1/keys/changing", {"models": None, "rate": {"concurrency": 2}, **REASON})
    lifted = await ask("PATCH", "/api/v1/keys/changing", {"budget": None, "rate": None, **REASON})

    before = {name: value for name, value in made.members.items() if name != "secret"}
    assert changed.members == {**before, "models": None, "rate": {"concurrency": 2}}
    assert lifted.members == {**before, "models": None, "budget": None}


async def test_a_restriction_acts_at_once(ask: Asker) -> None:
    secret = str((await create(ask, "narrowed")).members["secret"])

    await ask("PATCH", "/api/v1/keys/narrowed", {"models": ["gpt-*"], **REASON})

    assert await models(ask, secret) == []


async def test_a_revoked_key_is_answered_like_an_unknown_one(ask: Asker) -> None:
    secret = str((await create(ask, "revoked")).members["secret"])

    gone = await ask("DELETE", "/api/v1/keys/revoked?reason=leaked")
    revoked = await ask("GET", "/v1/models", token=secret)
    unknown = await ask("GET", "/v1/models", token="th-unknown")

    assert (gone.status, gone.members["revoked"] is None) == (200, False)
    assert (revoked.status, revoked.members["detail"]) == (401, unknown.members["detail"])


async def test_a_key_of_the_file_is_shown_without_its_beginning_and_not_changed(ask: Asker) -> None:
    shown = key(await ask("GET", "/api/v1/keys"), "ci")
    refused = await ask("DELETE", "/api/v1/keys/ci?reason=x")

    assert (shown["managed"], shown["prefix"], shown["created"]) == ("file", None, None)
    assert (refused.status, refused.code) == (409, "managed_by_file")


async def test_a_key_is_used_and_that_is_noted(ask: Asker) -> None:
    secret = str((await create(ask, "used")).members["secret"])
    await models(ask, secret)

    await ask.house.stores.keys.used(ask.house.gateway.admission.drain_used())

    assert key(await ask("GET", "/api/v1/keys"), "used")["last_used"] is not None


@pytest.mark.parametrize(
    ("wish", "param_of_it"),
    [
        ({"name": "k", "team": "nobody"}, "team"),
        ({"name": "k", "team": "claims", "use_cases": ["support-chat"]}, "use_cases"),
        ({"name": "k", "team": "claims", "models": ["nowhere"]}, "models"),
        ({"name": " k", "team": "claims"}, "name"),
        ({"name": "k", "team": "claims", "expires": "tomorrow"}, "expires"),
        ({"name": "k", "team": "claims", "expires": "2020-01-01T00:00:00Z"}, "expires"),
        ({"name": "k", "team": "claims", "budget": {"limit_usd": 1.5, "period": "day"}}, "budget.limit_usd"),
        ({"name": "k", "team": "claims", "budget": {"limit_usd": "1", "period": "year"}}, "budget.period"),
        ({"name": "k", "team": "claims", "rate": {"concurrency": 0}}, "rate.concurrency"),
        ({"name": "k"}, "team"),
        ({"name": 5, "team": "claims"}, "name"),
        ({"name": "k", "team": "claims", "use_case": []}, "use_case"),
    ],
)
async def test_a_wish_that_cannot_be_is_refused_by_name(ask: Asker, wish: dict[str, object], param_of_it: str) -> None:
    answer = await ask("POST", "/api/v1/keys", {**wish, **REASON})

    assert (answer.status, param(answer)) == (400, param_of_it), answer.body


async def test_two_keys_have_not_one_name(ask: Asker) -> None:
    await create(ask, "twice")

    assert (await create(ask, "twice")).code == "conflict"


# --- access tokens --------------------------------------------------------------------------------------------------


async def test_an_access_token_carries_its_role_until_it_is_revoked(ask: Asker) -> None:
    secret = await ask.token(Role.VIEWER, "claims", "looker")

    in_force = await ask("GET", "/api/v1/usage", token=secret)
    refused = await ask("GET", "/api/v1/keys", token=secret)
    listed = await ask("GET", "/api/v1/tokens")
    await ask("DELETE", "/api/v1/tokens/looker?reason=left")
    after = await ask("GET", "/api/v1/usage", token=secret)

    assert (in_force.status, refused.code, after.code) == (200, "not_permitted", "invalid_api_key")
    assert secret.encode() not in listed.body
    assert [(each["name"], each["role"], each["team"]) for each in listed.items] == [("looker", "viewer", "claims")]


async def test_a_viewer_sees_sums_and_budgets_but_no_single_call(ask: Asker) -> None:
    secret = await ask.token(Role.VIEWER, "claims", "sums")

    told = [(await ask("GET", f"/api/v1/{what}", token=secret)).status for what in ("usage", "budgets", "calls")]

    assert told == [200, 200, 403]


async def test_a_role_that_does_not_exist_is_refused_with_a_suggestion(ask: Asker) -> None:
    answer = await ask("POST", "/api/v1/tokens", {"name": "t", "role": "auditer", **REASON})

    assert (answer.status, param(answer)) == (400, "role")
    assert "did you mean 'auditor'?" in str(answer.members["detail"])


# --- me -------------------------------------------------------------------------------------------------------------


async def test_an_access_token_is_told_its_role_and_what_it_may_do(ask: Asker) -> None:
    secret = await ask.token(Role.DEVELOPER, "claims", "dev", expires="2099-01-01T00:00:00Z")

    me = (await ask("GET", "/api/v1/me", token=secret)).members

    may = me.pop("may")
    assert me == {
        "kind": "access_token",
        "name": "dev",
        "role": "developer",
        "team": "claims",
        "expires": "2099-01-01T00:00:00.000Z",
    }
    assert isinstance(may, list)
    assert "use_cases_write" in may
    assert "keys_write" not in may


async def test_a_key_is_told_what_it_may_ask_for_and_what_is_left(ask: Asker) -> None:
    me = (await ask("GET", "/api/v1/me", token=CI_KEY)).members

    (use_case,) = items(me["use_cases"])
    budgets = items(use_case.pop("budgets"))
    rate = use_case.pop("rate")
    assert (me["kind"], me["name"], me["team"], me["expires"]) == ("key", "ci", "claims", None)
    assert use_case == {
        "name": "claims-triage",
        "state": "live",
        "models": ["fast", "gpt-*"],
        "parameters": {"default": {"temperature": 0.2}, "max": {"n": 1}, "locked": ["seed"]},
        "max_output_tokens": 500,
    }
    assert [(each["scope"], each["limit_usd"], each["left_usd"]) for each in budgets] == [
        ("team", "500", "500"),
        ("use_case", "100", "100"),
    ]
    assert isinstance(rate, dict)
    assert rate["requests"]["limit"] == 60


async def test_what_a_key_is_told_follows_what_is_in_force(ask: Asker) -> None:
    secret = str((await create(ask, "told", use_cases=["claims-triage"])).members["secret"])
    await ask(
        "PATCH",
        "/api/v1/keys/told",
        {
            "models": ["fast"],
            "budget": {"limit_usd": "2", "period": "total"},
            "expires": "2099-01-01T00:00:00Z",
            **REASON,
        },
    )

    me = (await ask("GET", "/api/v1/me", token=secret)).members

    (use_case,) = items(me["use_cases"])
    last = items(use_case["budgets"])[-1]
    assert (me["expires"], use_case["models"]) == ("2099-01-01T00:00:00.000Z", ["fast"])
    assert (last["scope"], last["name"], last["period"], last["start"], last["end"]) == (
        "key",
        "told",
        "total",
        None,
        None,
    )


async def test_a_key_in_a_page_is_refused_here_too(ask: Asker) -> None:
    answer = await ask("GET", "/api/v1/me", token=CI_KEY, origin="https://shop.example")

    assert (answer.status, answer.code) == (403, "origin_not_allowed")


# --- asking ---------------------------------------------------------------------------------------------------------


async def create(ask: Asker, name: str, **members: object) -> Answered:
    return await ask("POST", "/api/v1/keys", {"name": name, "team": "claims", **members, **REASON})


async def rotate(ask: Asker, name: str, *, overlap_ms: int) -> Answered:
    return await ask("POST", f"/api/v1/keys/{name}/rotate", {"overlap_ms": overlap_ms, **REASON})


async def models(ask: Asker, secret: str) -> list[object]:
    answer = await ask("GET", "/v1/models", token=secret)
    assert answer.status == 200, answer.body
    return [each["id"] for each in items(answer.members["data"])]


async def status(ask: Asker, secret: str) -> int:
    return (await ask("GET", "/v1/models", token=secret)).status


def key(listed: Answered, name: str) -> dict[str, object]:
    (found,) = [each for each in listed.items if each["name"] == name]
    return found


def param(answer: Answered) -> object:
    error = answer.members["error"]
    assert isinstance(error, dict)
    return error["param"]


def items(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value
