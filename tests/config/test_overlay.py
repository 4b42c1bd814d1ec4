"""What the store holds, laid over the file: the same rules, and never a failed start."""

import json
from pathlib import Path

import pytest

from config_files import SMALL, loaded
from tollhouse.config.overlay import compose, validate
from tollhouse.config.tree import Settings
from tollhouse.domain.governance import FILE, STORE, Budget, Rate
from tollhouse.domain.money import PriceLine, Rates
from tollhouse.domain.periods import PeriodKind
from tollhouse.governance.register import Composed
from tollhouse.ports.objects import StoredObject

USE_CASE = {"team": "claims", "owner": "a@example.com", "models": ["fast"], "privacy": {"mode": "off"}}
PRICE = {"input_per_million": "1", "output_per_million": 2}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return loaded(tmp_path, SMALL).settings


def stored(kind: str, name: str, document: object) -> StoredObject:
    return StoredObject(kind, name, json.dumps(document).encode(), 1)


def told(settings: Settings, *objects: StoredObject) -> list[tuple[str, str, str, str]]:
    found = validate(settings, objects)
    return [(each.kind, each.name, each.path, each.message) for each in found]


def composed(settings: Settings, *objects: StoredObject) -> Composed:
    return compose(settings, objects, file="tollhouse.yaml")


def test_nothing_stored_is_the_file(settings: Settings) -> None:
    got = composed(settings)

    assert set(got.governance.teams) == {"claims", "sales"}
    assert got.governance.teams["claims"].managed == FILE
    assert (got.left_out, got.file) == ((), "tollhouse.yaml")


def test_every_kind_is_laid_over_the_file_and_says_that_the_store_manages_it(settings: Settings) -> None:
    got = composed(
        settings,
        stored("organisation", "", {"budget": {"limit_usd": "9", "period": "day"}}),
        stored("team", "legal", {"budget": {"limit_usd": 5, "period": "month", "warn_at": [0.8, 0.5, 0.50]}}),
        stored("route", "slow", {"deployments": [{"provider": "openai", "model": "gpt-9"}], "fallbacks": ["fast"]}),
        stored("use_case", "drafts", {**USE_CASE, "team": "legal", "models": ["slow"], "rate": {"concurrency": 2}}),
        stored("price", "openai/gpt-9", PRICE),
    )

    governance = got.governance
    assert got.left_out == ()
    assert governance.organisation_budget == Budget(9 * 10**9, PeriodKind.DAY)
    assert governance.organisation_managed == STORE
    assert governance.teams["legal"].budget == Budget(5 * 10**9, PeriodKind.MONTH, (500_000, 800_000))
    assert governance.use_cases["drafts"].rate == Rate(concurrency=2)
    assert {
        each.managed for each in (governance.teams["legal"], governance.use_cases["drafts"], governance.routes["slow"])
    } == {STORE}
    assert {
        each.managed for each in (governance.teams["claims"], governance.use_cases["triage"], governance.routes["fast"])
    } == {FILE}


def test_a_stored_price_prices_every_deployment_that_the_file_does_not(tmp_path: Path) -> None:
    routes = "  dear: {deployments: [{provider: openai, model: gpt-5-mini, price: {input_per_million: 7, output_per_million: 7}}]}\nteams:"
    settings = loaded(tmp_path, SMALL.replace("teams:", routes)).settings

    governance = composed(
        settings, stored("price", "openai/gpt-5-mini", PRICE), stored("price", "local/auto", PRICE)
    ).governance

    line = PriceLine("store:openai/gpt-5-mini", Rates(input=10**9, cached_input=10**9, output=2 * 10**9))
    assert governance.routes["fast"].deployments[0].price == line
    assert governance.routes["dear"].deployments[0].price == PriceLine(
        "config:models.dear.openai/gpt-5-mini", Rates(7 * 10**9, 7 * 10**9, 7 * 10**9)
    )
    assert governance.routes["inhouse"].deployments[0].price == PriceLine("store:local/auto", line.rates)
    assert governance.prices["openai/gpt-5-mini"] == line


def test_a_stored_price_that_changes_nothing_says_so(tmp_path: Path) -> None:
    text = SMALL.replace("model: gpt-5-mini", "model: gpt-5-mini, price: {input_per_million: 7, output_per_million: 7}")

    got = composed(loaded(tmp_path, text).settings, stored("price", "openai/gpt-5-mini", PRICE))

    assert got.left_out == (
        "The stored price of openai/gpt-5-mini changes nothing: the file prices every such deployment.",
    )


def test_a_stored_routes_own_price_names_the_store(settings: Settings) -> None:
    route = {"deployments": [{"provider": "openai", "model": "m"}], "price": PRICE}

    price = composed(settings, stored("route", "mine", route)).governance.routes["mine"].deployments[0].price

    assert price is not None
    assert price.id == "store:models.mine"


WRONG = [
    ("team", "a", {"budgte": None}, "budgte", "unknown key `budgte`; did you mean `budget`?"),
    ("team", "a", {"budget": {"period": "day"}}, "budget.limit_usd", "`budget.limit_usd` is missing; add `limit_usd`"),
    ("team", "a", {"budget": {"limit_usd": "1", "period": "day", "warn_at": [0.5, 1.5]}}, "budget.warn_at[1]", "'1.5' is not a part of a limit"),
    ("team", "a", {"budget": {"limit_usd": "1", "period": "day", "warn_at": [0.1234567]}}, "budget.warn_at[0]", "at most six decimal places"),
    ("team", " a", {}, "name", "is not a name that can be used"),
    ("team", "claims", {}, "", "the configuration file defines this itself; delete the stored one"),
    ("use_case", "a b", USE_CASE, "name", "is not a name that can be used"),
    ("use_case", "a", {**USE_CASE, "team": "claimz"}, "team", "unknown team `claimz`; did you mean `claims`?"),
    ("use_case", "a", {**USE_CASE, "models": ["fast", "nope"]}, "models[1]", "unknown model `nope`; known: fast, inhouse"),
    ("use_case", "a", {**USE_CASE, "workflow": "nope"}, "workflow", "unknown workflow `nope`"),
    ("use_case", "a", {**USE_CASE, "privacy": {"mode": "hide"}}, "privacy.mode", "is none of the values it can have"),
    ("use_case", "a", {**USE_CASE, "keep": {"masked_days": 1}}, "keep", "asks for keeping prompts and answers, which is not built yet"),
    ("use_case", "a", {**USE_CASE, "state": "dead"}, "state", "is none of the values it can have"),
    ("use_case", "a", {**USE_CASE, "origins": ["http://shop.example"]}, "origins[0]", "is not https"),
    ("use_case", "a", {**USE_CASE, "base_url": "http://x"}, "base_url", "unknown key `base_url`"),
    ("use_case", "a", {**USE_CASE, "parameters": {"default": {"n": 3}, "max": {"n": 1}}}, "parameters.default.n", "above its max"),
    ("route", "a", {"deployments": []}, "deployments", "is empty; list at least one"),
    ("route", "a", {"deployments": [{"provider": "evil", "model": "m"}]}, "deployments[0].provider", "unknown provider `evil`; known: local, openai"),
    ("route", "a", {"deployments": [{"provider": "openai", "model": "m", "base_url": "http://x"}]}, "deployments[0].base_url", "unknown key"),
    ("route", "a", {"deployments": [{"provider": "openai", "model": "m"}], "fallbacks": ["a"]}, "fallbacks[0]", "the fallbacks go in a circle: a -> a"),
    ("route", "fast", {"deployments": [{"provider": "local", "model": "m"}]}, "", "the configuration file defines this itself"),
    ("price", "evil/m", PRICE, "name", "with one of the file's providers"),
    ("price", "openai", PRICE, "name", "a price is called provider/model"),
    ("price", "openai/m", {"input_per_million": "1"}, "output_per_million", "`output_per_million` is missing"),
    ("price", "openai/m", {**PRICE, "input_per_million": -1}, "input_per_million", "is negative"),
    ("organisation", "", {"time_zone": "UTC"}, "time_zone", "`time_zone` is set in the configuration file only"),
    ("organisation", "x", {}, "name", "its name here is empty"),
    ("planet", "x", {}, "", "this release does not know its kind"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "document", "path", "message"), WRONG)
def test_what_does_not_fit_is_left_out_and_told_with_the_members_path(
    settings: Settings, kind: str, name: str, document: object, path: str, message: str
) -> None:
    wrong = stored(kind, name, document)

    [(got_kind, got_name, got_path, got_message)] = told(settings, wrong)
    got = composed(settings, wrong)

    assert (got_kind, got_name, got_path) == (kind, name, path)
    assert message in got_message
    assert got.governance == composed(settings).governance
    assert len(got.left_out) == 1
    assert message in got.left_out[0]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"a": NaN}', b"\xff", b'{"a":' * 5000, b'{"parameters":{"default":{"a":' + b"[" * 40 + b"]" * 40 + b"}}}"])  # fmt: skip
def test_a_document_that_is_none_never_stops_a_start(settings: Settings, body: bytes) -> None:
    got = composed(settings, StoredObject("use_case", "broken", body, 1))

    assert set(got.governance.use_cases) == {"triage"}
    assert len(got.left_out) == 1


def test_what_stands_on_something_left_out_falls_with_it(settings: Settings) -> None:
    objects = [
        stored("route", "one", {"deployments": [{"provider": "gone", "model": "m"}]}),
        stored("route", "two", {"deployments": [{"provider": "openai", "model": "m"}], "fallbacks": ["one"]}),
        stored("use_case", "a", {**USE_CASE, "models": ["two"]}),
        stored("use_case", "b", USE_CASE),
    ]

    got = composed(settings, *objects)

    assert set(got.governance.routes) == {"fast", "inhouse"}
    assert set(got.governance.use_cases) == {"triage", "b"}
    assert [sentence.split(" is left out: ")[0] for sentence in got.left_out] == [
        "The stored route 'one'",
        "The stored route 'two'",
        "The stored use case 'a'",
    ]


def test_a_circle_of_stored_routes_breaks_where_it_closes(settings: Settings) -> None:
    def falls_back(name: str) -> object:
        return {"deployments": [{"provider": "openai", "model": "m"}], "fallbacks": [name]}

    governance = composed(
        settings, stored("route", "a", falls_back("b")), stored("route", "b", falls_back("a"))
    ).governance

    assert set(governance.routes) == {"fast", "inhouse"}  # b closes it, and without b nothing is left of a


def test_money_and_thresholds_are_exact_whatever_json_made_of_them(settings: Settings) -> None:
    body = b'{"budget": {"limit_usd": 0.10000000, "period": "day", "warn_at": [0.1, 0.7, "0.000001", 1]}}'

    team = composed(settings, StoredObject("team", "a", body, 1)).governance.teams["a"]

    assert team.budget == Budget(10**8, PeriodKind.DAY, (1, 100_000, 700_000, 1_000_000))


def test_what_the_file_defines_is_shown_in_its_own_shape_without_secrets(settings: Settings) -> None:
    in_file = composed(settings).in_file

    assert in_file["use_case", "triage"] == USE_CASE
    assert in_file["team", "sales"] == {}
    assert in_file["route", "fast"]["fallbacks"] == ["inhouse"]
    assert ("organisation", "") not in in_file
    assert "sk-1" not in str(in_file)


def test_the_files_budget_of_the_organisation_stays_the_files(tmp_path: Path) -> None:
    settings = loaded(tmp_path, SMALL + "organisation: {budget: {limit_usd: 1, period: day}}\n").settings

    got = composed(settings, stored("organisation", "", {"budget": {"limit_usd": "9", "period": "day"}}))

    assert got.governance.organisation_budget == Budget(10**9, PeriodKind.DAY)
    assert got.governance.organisation_managed == FILE
    assert len(got.left_out) == 1
    assert got.in_file["organisation", ""]["budget"] == {"limit_usd": "1", "period": "day"}
