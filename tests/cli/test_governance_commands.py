"""Commands of governance: the same on the configured store and against a service."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from cli_house import NOW_MS, TOKEN, House, a_call
from tollhouse.cli.exit import Exit


class Hand:
    """Runs commands on a house: on its store, or over HTTP on the service before it."""

    def __init__(self, house: House, url: str | None) -> None:
        self.house = house
        self._options = [] if url is None else ["--url", url, "--key", TOKEN]

    def __call__(self, *arguments: str) -> Result:
        return self.house.run(*arguments, *self._options)

    def read(self, *arguments: str) -> dict[str, object]:
        result = self(*arguments, "--json")
        assert result.exit_code == Exit.OK, result.stderr
        found: dict[str, object] = json.loads(result.stdout)
        return found

    def items(self, *arguments: str) -> dict[str, dict[str, object]]:
        items = self.read(*arguments)["items"]
        assert isinstance(items, list)
        return {str(item["name"]): item for item in items}


@pytest.fixture(params=["store", "service"])
def run(request: pytest.FixtureRequest, tmp_path: Path, ready_folder: Path) -> Iterator[Hand]:
    house = House(tmp_path, ready_folder)
    if request.param == "store":
        yield Hand(house, None)
    else:
        with house.service() as url:
            yield Hand(house, url)


def test_a_team_and_its_use_case_are_made_changed_and_retired(run: Hand) -> None:
    run("teams", "set", "ads", "--set", "budget.limit_usd=12.50", "--set", "budget.period=month", "--reason", "spring")
    made = run(
        "use-cases", "set", "leaflets", "--set", "team=ads", "--set", "owner=m@x.example", "--set", 'models=["fast"]',
        "--set", "privacy.mode=off", "--set", "purpose=ranking of job applicants",
    )  # fmt: skip
    changed = run("use-cases", "set", "leaflets", "--set", "max_output_tokens=100")
    retired = run("use-cases", "move", "leaflets", "retired")

    assert (made.exit_code, changed.exit_code, retired.exit_code) == (0, 0, 0), made.stderr + changed.stderr
    assert run.items("teams", "list")["ads"]["budget"] == {"limit_usd": "12.50", "period": "month"}
    shown = run.items("use-cases", "list")["leaflets"]
    assert (shown["state"], shown["max_output_tokens"], shown["managed"]) == ("retired", 100, "store")


def test_kept_answers_are_forgotten_and_it_is_recorded(run: Hand) -> None:
    purged = run("cache", "purge", "claims-triage", "--reason", "wrong answers")
    again = run.read("cache", "purge", "claims-triage")
    missing = run("cache", "purge", "nothing")

    assert (purged.exit_code, purged.stdout) == (0, ""), purged.stderr
    assert "0 were deleted from the store" in purged.stderr
    assert again == {"use_case": "claims-triage", "deleted": 0}
    assert missing.exit_code == Exit.FAILED
    found = run.read("changes", "--kind", "cache")["items"]
    assert isinstance(found, list)
    assert [(change["name"], change["reason"]) for change in found] == [
        ("claims-triage", "at the command line"),
        ("claims-triage", "wrong answers"),
    ]


def test_who_wrote_a_use_case_does_not_approve_it(run: Hand) -> None:
    run("use-cases", "set", "new", "--set", "team=claims", "--set", "owner=a@b.example", "--set", 'models=["fast"]',
        "--set", "privacy.mode=off")  # fmt: skip

    result = run("use-cases", "move", "new", "approved")

    assert result.exit_code == Exit.FAILED
    assert "second person" in result.stderr


def test_a_whole_document_comes_from_a_file(run: Hand, tmp_path: Path) -> None:
    file = tmp_path / "route.yaml"
    file.write_text("deployments: [{provider: local, model: auto}]\nretries: 1\n")

    result = run("routes", "set", "extra", "--file", str(file), "--set", "retries=3")

    assert result.exit_code == Exit.OK, result.stderr
    assert run.items("routes", "list")["extra"]["retries"] == 3


def test_what_the_file_defines_is_refused_and_told_where(run: Hand) -> None:
    result = run("teams", "set", "claims", "--set", "budget.limit_usd=1", "--set", "budget.period=day")

    assert result.exit_code == Exit.FAILED
    assert "tollhouse.yaml" in result.stderr


def test_a_price_of_a_deployment_is_overridden(run: Hand) -> None:
    result = run("prices", "set", "local/auto", "--set", "input_per_million=0.25", "--set", "output_per_million=2")

    assert result.exit_code == Exit.OK, result.stderr
    assert run.items("prices", "list")["local/auto"]["input_per_million"] == "0.25"


def test_a_budget_is_set_shown_and_taken_away(run: Hand) -> None:
    run("teams", "set", "ads", "--set", "rate.concurrency=3")

    assert run("budgets", "set", "team:ads", "300/month", "--warn-at", "0.5,0.8").exit_code == Exit.OK
    shown = run.items("budgets", "list")["ads"]
    assert run("budgets", "delete", "team:ads").exit_code == Exit.OK

    assert (shown["limit_usd"], shown["left_usd"], shown["warn_at"]) == ("300", "300", [0.5, 0.8])
    assert "ads" not in run.items("budgets", "list")


def test_a_trial_says_which_calls_would_have_been_blocked(run: Hand) -> None:
    run.house.post(*(a_call(number, at_ms=NOW_MS + number) for number in range(5)))
    span = ("--since", "2026-10-01T00:00:00Z", "--until", "2026-10-02T00:00:00Z")

    tried = run.read("budgets", "try", "team:claims", "--limit", "0.03/day", *span)
    told = run("budgets", "try", "team:claims", "--limit", "0.03/day", *span)

    assert tried["total"] == {
        "calls": 5, "cost_usd": "0.0615", "warned": 0, "slowed": 0, "slowed_ms": 0, "blocked": 3, "blocked_usd": "0.0369",
    }  # fmt: skip
    assert tried["days"] == [{"day": "2026-10-01", "team": "claims", **dict(tried["total"])}]
    assert "blocked: call_0002" in told.stderr
    assert "2026-10-01" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["team:claims"], "Say what to try"),
        (["claims", "--limit", "5/day"], "is no scope"),
        (["organisation:x", "--limit", "5/day"], "is no scope"),
        (["team:claims", "--limit", "5"], "is not USD/PERIOD"),
        (["team:claims", "--limit", "5/year"], "day, week, month, total"),
        (["team:claims", "--limit", "5/day", "--warn-at", "half"], "--warn-at"),
    ],
)
def test_a_trial_that_cannot_be_is_wrong_usage(run: Hand, arguments: list[str], told: str) -> None:
    result = run("budgets", "try", *arguments)

    assert result.exit_code == Exit.USAGE, result.output
    assert told in result.stderr


def test_an_access_token_is_made_shown_once_and_ended(run: Hand) -> None:
    made = run("tokens", "create", "--role", "auditor", "--name", "audit", "--expires", "90d")
    listed = run.items("tokens", "list")["audit"]
    ended = run("tokens", "revoke", "audit")

    assert (made.exit_code, ended.exit_code) == (0, 0), made.stderr + ended.stderr
    assert made.stdout.startswith("tht-")
    assert made.stdout.strip() not in json.dumps(listed)
    assert listed["revoked"] is None
    assert run.items("tokens", "list")["audit"]["revoked"] is not None


def test_a_role_without_a_team_is_wrong_usage(run: Hand) -> None:
    result = run("tokens", "create", "--role", "viewer", "--name", "v")

    assert (result.exit_code, result.stdout) == (Exit.USAGE, "")


def test_a_rotated_key_says_until_when_the_old_secret_is_good(run: Hand) -> None:
    first = run("keys", "create", "--team", "claims", "--name", "app")
    second = run("keys", "rotate", "app", "--overlap", "2h")
    limited = run("keys", "change", "app", "--requests-per-minute", "5", "--models", "fast")

    assert (second.exit_code, limited.exit_code) == (0, 0), second.stderr + limited.stderr
    assert first.stdout != second.stdout
    assert "is good until" in second.stderr
    shown = run.items("keys", "list")["app"]
    assert (shown["rate"], shown["models"]) == ({"requests_per_minute": 5}, ["fast"])


def test_every_change_says_who_and_why(run: Hand) -> None:
    run("teams", "set", "ads", "--set", "rate.concurrency=3", "--reason", "two machines only")

    newest = run.read("changes", "--kind", "team")["items"]

    assert isinstance(newest, list)
    assert (newest[0]["name"], newest[0]["reason"]) == ("ads", "two machines only")
    assert newest[0]["author"] in ("cli", "admin")


def test_whoami_says_the_role(run: Hand) -> None:
    assert run.read("whoami")["role"] == "admin"


def test_whoami_tells_a_key_what_it_may_do(run: Hand) -> None:
    if "--url" not in run._options:
        pytest.skip("a key is shown to a service")
    result = run.house.run("whoami", "--url", run._options[1], "--key", "a-secret-of-the-file", "--json")

    assert result.exit_code == Exit.OK, result.stderr
    (use_case,) = json.loads(result.stdout)["use_cases"]
    assert (use_case["name"], use_case["models"]) == ("claims-triage", ["fast", "slow"])
    told = run.house.run("whoami", "--url", run._options[1], "--key", "a-secret-of-the-file")
    assert "60 left of 60" in told.stdout
    assert "0.5" in told.stdout
    assert "20" in told.stdout
