"""From the design's example to Governance, value for value."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config_files import SMALL, loaded, problems
from tollhouse.config.govern import govern, provider_specs
from tollhouse.config.load import Loaded
from tollhouse.domain.governance import (
    BreakerPolicy,
    Budget,
    Deployment,
    Governance,
    Key,
    Parameters,
    QueuePolicy,
    Rate,
    Register,
    Route,
    Team,
    Timeouts,
    UseCase,
)
from tollhouse.domain.money import PriceLine, Rates
from tollhouse.domain.periods import PeriodKind
from tollhouse.domain.privacy import PrivacyRules
from tollhouse.domain.providers import ProviderSpec, Secret

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")

SECRETS = {
    "TOLLHOUSE_ADMIN_TOKEN": "admin-0123456789abcdef",
    "TOLLHOUSE_MASTER_KEY": "A" * 43 + "=",
    "OPENAI_API_KEY": "sk-example",
    "TOLLHOUSE_CI_KEY": "ci-0123456789abcdef",
}


def test_the_example_says_what_it_looks_like(tmp_path: Path) -> None:
    fast = Deployment(
        provider="openai",
        model="gpt-5-mini",
        dialect="openai",
        region="us",
        price=PriceLine("config:models.fast", Rates(input=250_000_000, cached_input=25_000_000, output=2_000_000_000)),
        timeouts=Timeouts(3_000, None, 60_000, 600_000, 1_000),
        limits=Rate(5_000, 2_000_000, 200),
        breaker=BreakerPolicy(0.5, 20, 10, 5_000),
    )
    free = PriceLine("inhouse", Rates(input=0, cached_input=0, output=0))
    inhouse = Deployment(provider="local", model="auto", dialect="inhouse", price=free, breaker=None)

    governance = govern(loaded(tmp_path, EXAMPLE, SECRETS).settings)

    assert governance == Governance(
        organisation="Example AG",
        time_zone="Europe/Zurich",
        organisation_budget=None,
        teams={"claims": Team("claims", Budget(500 * 10**9, PeriodKind.MONTH))},
        use_cases={
            "claims-triage": UseCase(
                name="claims-triage",
                team="claims",
                owner="head-of-claims@insurer.example",
                models=("fast", "inhouse"),
                budget=Budget(100 * 10**9, PeriodKind.MONTH),
                rate=Rate(600, 500_000, 64),
                parameters=Parameters({"temperature": 0.2}, {"temperature": 1, "n": 1}, frozenset()),
                max_output_tokens=1024,
                workflow="claims",
                prompt="claims-triage",
                queue=QueuePolicy(2_000, 200),
                privacy=PrivacyRules("off"),
            )
        },
        routes={
            "fast": Route("fast", (fast,), ("inhouse",), 2, 5_000, False, 33_554_432),
            "inhouse": Route("inhouse", (inhouse,)),
        },
        keys=(
            Key(
                name="ci",
                team="claims",
                digest=hashlib.sha256(b"ci-0123456789abcdef").digest(),
                use_cases=("claims-triage",),
                prefix="ci-01234",
                managed="file",
            ),
        ),
    )


def test_providers_are_reached_as_the_example_says(tmp_path: Path) -> None:
    assert provider_specs(loaded(tmp_path, EXAMPLE, SECRETS).settings) == [
        ProviderSpec("openai", "openai", "https://api.openai.com/v1", Secret("sk-example"), "us"),
        ProviderSpec("local", "inhouse"),
    ]


def deployment(got: Loaded) -> Deployment:
    return govern(got.settings).routes["fast"].deployments[0]


def test_a_deployments_price_wins_and_a_missing_cached_price_is_the_input_price(tmp_path: Path) -> None:
    own = "model: gpt-5-mini, price: {input_per_million: 3, output_per_million: '0'}"
    routes = "fast: {price: {input_per_million: 1, output_per_million: 2}, deployments"
    text = SMALL.replace("model: gpt-5-mini", own).replace("fast: {deployments", routes)

    assert deployment(loaded(tmp_path, text)).price == PriceLine(
        "config:models.fast.openai/gpt-5-mini", Rates(input=3 * 10**9, cached_input=3 * 10**9, output=0)
    )


FAST = "fast: {deployments: [{provider: openai, model: gpt-5-mini}]"


@pytest.mark.parametrize(
    ("route", "own", "breaker"),
    [
        ("", "", BreakerPolicy(0.5, 20, 10, 5_000)),
        (", breaker: null", "", BreakerPolicy(0.5, 20, 10, 5_000)),
        (", breaker: off", "", None),
        (", breaker: {min_calls: 5}", "", BreakerPolicy(0.5, 5, 10, 5_000)),
        (", breaker: {min_calls: 5, window_s: 3}", ", breaker: {window_s: 7}", BreakerPolicy(0.5, 5, 7, 5_000)),
        (", breaker: off", ", breaker: {window_s: 7}", BreakerPolicy(0.5, 20, 7, 5_000)),
        (", breaker: {min_calls: 5}", ", breaker: off", None),
        (", breaker: {min_calls: 5}", ", breaker: null", BreakerPolicy(0.5, 5, 10, 5_000)),
    ],
)
def test_a_breaker_is_there_by_default_and_the_deployments_wins(
    tmp_path: Path, route: str, own: str, breaker: BreakerPolicy | None
) -> None:
    assert FAST in SMALL
    text = SMALL.replace(FAST, FAST.replace("gpt-5-mini}]", f"gpt-5-mini{own}}}]{route}"))

    assert deployment(loaded(tmp_path, text)).breaker == breaker


@pytest.mark.parametrize(
    ("route", "own", "limits"),
    [
        ("", "", Rate()),
        (", limits: {concurrency: 5}", "", Rate(None, None, 5)),
        (", limits: {concurrency: 5, requests_per_minute: 60}", ", limits: {concurrency: 7}", Rate(60, None, 7)),
        ("", ", limits: {tokens_per_minute: 9}", Rate(None, 9, None)),
    ],
)
def test_a_deployments_limits_win_limit_by_limit(tmp_path: Path, route: str, own: str, limits: Rate) -> None:
    text = SMALL.replace(FAST, FAST.replace("gpt-5-mini}]", f"gpt-5-mini{own}}}]{route}"))

    assert deployment(loaded(tmp_path, text)).limits == limits


@pytest.mark.parametrize(
    ("written", "sticky", "header"),
    [("off", False, None), ("false", False, None), ("true", True, None), ("X-Conversation", True, "x-conversation")],
)
def test_a_route_is_sticky_by_conversation_or_by_a_header(
    tmp_path: Path, written: str, sticky: bool, header: str | None
) -> None:
    text = SMALL.replace(FAST, f"{FAST}, sticky: {written}")

    route = govern(loaded(tmp_path, text).settings).routes["fast"]

    assert (route.sticky, route.sticky_header) == (sticky, header)


def test_several_keys_are_one_providers(tmp_path: Path) -> None:
    text = SMALL.replace("api_key: sk-1", "api_keys: [sk-one, sk-two]")
    assert text != SMALL

    specs = provider_specs(loaded(tmp_path, text).settings)

    assert specs[1].keys == (Secret("sk-one"), Secret("sk-two"))


def test_without_a_price_the_price_book_decides(tmp_path: Path) -> None:
    assert deployment(loaded(tmp_path, SMALL)).price is None


def test_an_in_house_route_can_be_priced(tmp_path: Path) -> None:
    text = SMALL.replace("model: auto}]", "model: auto}], price: {input_per_million: 1, output_per_million: 1}")

    price = govern(loaded(tmp_path, text).settings).routes["inhouse"].deployments[0].price

    assert price is not None
    assert price.rates.input == 10**9


def test_timeouts_merge_limit_by_limit_and_the_deployments_win(tmp_path: Path) -> None:
    text = SMALL.replace("model: gpt-5-mini", "model: gpt-5-mini, timeouts: {connect_ms: 7, first_token_ms: 9}")
    text = text.replace("fast: {deployments", "fast: {timeouts: {connect_ms: 5, total_ms: 6}, deployments")

    assert deployment(loaded(tmp_path, text)).timeouts == Timeouts(connect_ms=7, first_token_ms=9, total_ms=6)


def test_what_a_deployment_declares_is_taken_over(tmp_path: Path) -> None:
    declared = (
        "model: gpt-5-mini, context_tokens: 8000, output_tokens_max: 900, refuses: [temperature], "
        "limit_parameter: max_tokens, bounds: {image: 1500}"
    )

    got = deployment(loaded(tmp_path, SMALL.replace("model: gpt-5-mini", declared)))

    assert (got.context_tokens, got.output_tokens_max, got.limit_parameter) == (8000, 900, "max_tokens")
    assert (got.refuses, got.bounds) == (frozenset({"temperature"}), {"image": 1500})


def test_release_complete_and_unpriced_and_patterns_are_taken_over(tmp_path: Path) -> None:
    text = SMALL.replace("fast: {deployments", "fast: {release: complete, deployments")
    text = text.replace("models: [fast],", "models: [fast, 'gpt-*'], unpriced: allow,")
    text = text.replace("teams:", "  'gpt-*': {deployments: [{provider: openai, model: '*'}]}\nteams:")

    governance = govern(loaded(tmp_path, text).settings)

    assert governance.routes["fast"].release_complete
    assert governance.routes["gpt-*"].deployments[0].model == "*"
    assert governance.use_cases["triage"].unpriced_allowed


def test_free_form_parameters_become_plain_json(tmp_path: Path) -> None:
    default = "parameters: {default: {stop: [a, 1], seed: 7, temperature: 0.20, response_format: {type: text}}},"
    text = SMALL.replace("models: [fast],", f"models: [fast], {default}")

    parameters = govern(loaded(tmp_path, text).settings).use_cases["triage"].parameters

    assert parameters.default == {"stop": ["a", 1], "seed": 7, "temperature": 0.2, "response_format": {"type": "text"}}
    assert type(parameters.default["seed"]) is int
    assert type(parameters.default["temperature"]) is float


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2027-01-31", datetime(2027, 1, 30, 23, tzinfo=UTC)),
        ("2027-07-01", datetime(2027, 6, 30, 22, tzinfo=UTC)),
        ("2027-01-31T18:00:00+02:00", datetime(2027, 1, 31, 16, tzinfo=UTC)),
        ("'2027-01-31T18:00:00Z'", datetime(2027, 1, 31, 18, tzinfo=UTC)),
    ],
)
def test_a_key_expires_at_a_moment_or_when_a_day_begins_at_home(tmp_path: Path, written: str, moment: datetime) -> None:
    text = SMALL.replace("secret: 0", f"expires: {written}, secret: 0") + "organisation: {time_zone: Europe/Zurich}\n"

    key = govern(loaded(tmp_path, text).settings).keys[0]

    assert key.expires_ms == moment.timestamp() * 1000


def test_a_keys_own_limits_are_taken_over(tmp_path: Path) -> None:
    text = SMALL.replace("secret: 0", "models: [inhouse], budget: {limit_usd: 1, period: total}, secret: 0")

    key = govern(loaded(tmp_path, text).settings).keys[0]

    assert key.models == ("inhouse",)
    assert key.budget == Budget(10**9, PeriodKind.TOTAL)


def test_thresholds_come_sorted_once_each_and_exact(tmp_path: Path) -> None:
    budget = "budget: {limit_usd: 1, period: day, warn_at: [0.8, '0.50', 1, 0.000001, 0.5], on_exhausted: fallback},"
    text = SMALL.replace("models: [fast],", f"models: [fast], {budget}")

    got = govern(loaded(tmp_path, text).settings).use_cases["triage"].budget

    assert got == Budget(10**9, PeriodKind.DAY, warn_at_ppm=(1, 500_000, 800_000, 1_000_000), falls_back=True)


@pytest.mark.parametrize("part", ["0", "-0.5", "1.000001", "0.0000001", ".nan", ".inf", "half", "true", "[1]", "1e-999999999", "'0.80000000000000000000000001'"])  # fmt: skip
def test_what_is_no_part_of_a_limit_is_refused(tmp_path: Path, part: str) -> None:
    text = f"teams:\n  a:\n    budget: {{limit_usd: 1, period: day, warn_at: [0.5, {part}]}}\n"

    found = problems(tmp_path, text)

    assert len(found) == 1
    assert found[0].startswith("tollhouse.yaml:3: `teams.a.budget.warn_at[1]`")


def test_teams_and_keys_have_rates_and_budgets_like_use_cases(tmp_path: Path) -> None:
    text = SMALL.replace(
        "claims: {}", "claims: {rate: {requests_per_minute: 60}, budget: {limit_usd: 1, period: day, warn_at: [0.5]}}"
    )
    text = text.replace("secret: 0", "rate: {concurrency: 2}, secret: 0")

    governance = govern(loaded(tmp_path, text).settings)

    assert governance.teams["claims"].rate == Rate(requests_per_minute=60)
    assert governance.teams["claims"].budget == Budget(10**9, PeriodKind.DAY, (500_000,))
    assert governance.keys[0].rate == Rate(concurrency=2)


def test_the_register_of_use_cases_is_taken_over(tmp_path: Path) -> None:
    said = (
        "purpose: Sort claims, legal_basis: contract, data_classes: [health, contract], risk: limited, "
        "review_date: 2027-06-30, state: retired, "
    )

    use_case = govern(loaded(tmp_path, SMALL.replace("models: [fast],", f"{said}models: [fast],")).settings).use_cases[
        "triage"
    ]

    assert use_case.register == Register("Sort claims", "contract", ("health", "contract"), "limited", "2027-06-30")
    assert use_case.state == "retired"


def test_without_a_word_about_it_a_use_case_is_live(tmp_path: Path) -> None:
    use_case = govern(loaded(tmp_path, SMALL).settings).use_cases["triage"]

    assert (use_case.state, use_case.register, use_case.origins) == ("live", Register(), ())


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(tmp_path: Path, written: str, origin: str) -> None:
    text = SMALL.replace("models: [fast],", f"models: [fast], origins: ['{written}'],")

    assert govern(loaded(tmp_path, text).settings).use_cases["triage"].origins == (origin,)


@pytest.mark.parametrize("origin", ["*", "https://*.shop.example", "https://shop.example/", "https://shop.example/x", "https://u@shop.example", "shop.example", "http://shop.example", "https://", "https://shop.example:99999", "https://shöp.example", "https://shop.example?x", "null", "file://x", "https://localhost.evil.example/"])  # fmt: skip
def test_what_is_no_exact_origin_is_refused(tmp_path: Path, origin: str) -> None:
    found = problems(tmp_path, SMALL.replace("models: [fast],", f"models: [fast], origins: ['{origin}'],"))

    assert len(found) == 1
    assert "`use_cases.triage.origins[0]`" in found[0]


def test_a_simulated_providers_deployments_say_so(tmp_path: Path) -> None:
    text = SMALL.replace("dialect: openai,", "dialect: openai, simulated: true,")

    routes = govern(loaded(tmp_path, text).settings).routes

    assert [routes[name].deployments[0].simulated for name in ("fast", "inhouse")] == [True, False]
