"""What happens near and at the end of a budget: warnings, a fallback, and a limit that is cut while calls run."""

import pytest

from flow_house import Tree, admin, chat, eventually, last_call, post, route, running, tree, use_case
from tollhouse.domain.money import usd_from_nano
from tollhouse.testing.house import ADMIN_TOKEN, TestHouse

MODELS: Tree = {
    "fast": route("sim-echo"),
    "cheap": route("sim-echo"),
    "local": {"deployments": [{"provider": "local", "model": "auto"}]},
}
PROVIDERS: Tree = {
    "simulator": {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-simulator-0123"},
    "local": {"dialect": "inhouse"},
}
NOTHING = {"limit_usd": "0.000000001", "period": "month"}
CHAT = chat("sim-echo", max_completion_tokens=10)
ASK = {
    "model": "fast",
    "messages": [{"role": "user", "content": "Summarise: A car hit a fence. Nobody was hurt. The driver called us."}],
    "max_completion_tokens": 50,
}


def exhausted(scope: str, on_exhausted: str, models: tuple[str, ...] = ("fast", "local")) -> Tree:
    budget = {**NOTHING, "on_exhausted": on_exhausted}
    parts: dict[str, Tree] = {
        "organisation": {"organisation": {"budget": budget}},
        "team": {"teams": {"tests": {"budget": budget}}},
        "use_case": {"use_cases": {"tests": use_case(models=models, budget=budget)}},
        "key": {
            "keys": [
                {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>", "budget": budget}
            ]
        },
    }
    return tree(
        **{"models": MODELS, "providers": PROVIDERS, "use_cases": {"tests": use_case(models=models)}, **parts[scope]}
    )


@pytest.mark.parametrize("scope", ["organisation", "team", "use_case", "key"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_used_up_budget_may_send_calls_to_the_last_model(scope: str, streamed: bool) -> None:
    with running(exhausted(scope, "fallback")) as house:
        answer = post(house, {**ASK, "stream": streamed})
        call = last_call(house)

        assert answer.status == 200
        assert answer.headers["x-tollhouse-degraded"] == "inhouse"
        assert (call.model, call.provider, call.cost_nanousd) == ("fast", "local", 0)
        assert len(house.bill) == 0


@pytest.mark.parametrize("scope", ["organisation", "team", "use_case", "key"])
def test_a_used_up_budget_refuses_unless_it_says_otherwise(scope: str) -> None:
    with running(exhausted(scope, "block")) as house:
        answer = post(house, ASK)

        assert (answer.status, answer.code) == (429, "budget_exceeded")
        assert len(house.bill) == 0


def test_a_last_model_that_costs_money_does_not_fit_either() -> None:
    with running(exhausted("use_case", "fallback", ("fast", "cheap"))) as house:
        answer = post(house, ASK)

        assert (answer.status, answer.code) == (429, "budget_exceeded")
        assert len(house.bill) == 0


def test_a_key_that_may_not_use_the_last_model_is_refused() -> None:
    settings = exhausted("use_case", "fallback")
    key = {"name": "tests", "team": "tests", "use_cases": ["tests"], "secret": "<api_key>", "models": ["fast"]}
    with running({**settings, "keys": [key]}) as house:
        answer = post(house, ASK)

        assert (answer.status, answer.code) == (429, "budget_exceeded")


# --- limits that are cut --------------------------------------------------------------------------------------------


def change(house: TestHouse, method: str, path: str, body: Tree) -> dict[str, object]:
    """Ask our own API to change something; return its answer's members."""
    answer = post(house, {"reason": "a test", **body}, path=f"/api/v1/{path}", key=ADMIN_TOKEN, method=method)
    assert answer.status < 300, answer.body
    return answer.json()


def governed_by_api(house: TestHouse) -> str:
    """Make a team with a budget, a use case and a key by API; return the key's secret."""
    change(house, "PUT", "teams/ads", {"budget": {"limit_usd": "100", "period": "month"}})
    change(house, "PUT", "use-cases/leaflets", use_case(team="ads"))
    return str(change(house, "POST", "keys", {"name": "ads", "team": "ads"})["secret"])


@pytest.fixture
def ads() -> Tree:
    """A team of the store cannot be named in the file, so its use case is the store's too: proposed, at a simulated provider."""
    providers = {
        "simulator": {"dialect": "openai", "base_url": "<simulator>", "api_key": "sk-simulator-0123", "simulated": True}
    }
    return tree(providers=providers)


def test_a_cut_budget_holds_at_once_also_for_money_that_was_leased_before(ads: Tree) -> None:
    with running(ads) as house:
        key = governed_by_api(house)
        assert post(house, CHAT, key=key).status == 200
        spent = last_call(house).cost_nanousd

        cut: Tree = {"limit_usd": usd_from_nano(spent + 1), "period": "month"}
        now = change(house, "PUT", "budgets/team/ads", cut)
        answer = post(house, CHAT, key=key)

        assert now["limit_usd"] == usd_from_nano(spent + 1)
        assert (answer.status, answer.code) == (429, "budget_exceeded")


def test_a_retired_use_case_and_a_revoked_key_end_at_once(ads: Tree) -> None:
    with running(ads) as house:
        key = governed_by_api(house)
        assert post(house, CHAT, key=key).status == 200

        change(house, "POST", "use-cases/leaflets/state", {"state": "retired"})
        retired = post(house, CHAT, key=key)
        post(house, b"", path="/api/v1/keys/ads?reason=a%20test", key=ADMIN_TOKEN, method="DELETE")
        revoked = post(house, CHAT, key=key)

        assert (retired.status, retired.code) == (403, "use_case_not_allowed")
        assert (revoked.status, revoked.code) == (401, "invalid_api_key")


# --- warnings -------------------------------------------------------------------------------------------------------


def test_a_warning_is_told_once_for_each_threshold_and_shown_with_the_budget() -> None:
    budget = {"limit_usd": "0.001", "period": "month", "warn_at": [0.01, 0.02, 0.99]}
    with running(tree(teams={"tests": {"budget": budget}})) as house:
        while sum(call.cost_nanousd for call in house.calls()) < 20_000:  # 2 % of the limit
            assert post(house, CHAT).status == 200

        eventually(lambda: warned(house) == [0.01, 0.02])


def warned(house: TestHouse) -> object:
    items = admin(house, "/api/v1/budgets")["items"]
    assert isinstance(items, list)
    return items[0]["warned"]
