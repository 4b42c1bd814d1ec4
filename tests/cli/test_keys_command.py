import hashlib
import json
import re
from pathlib import Path

import pytest

from cli_house import House
from tollhouse.cli.exit import Exit
from tollhouse.domain.governance import Key
from tollhouse.stores import open_stores


@pytest.fixture
def house(tmp_path: Path, ready_folder: Path) -> House:
    return House(tmp_path, ready_folder)


def stored(house: House) -> list[Key]:
    import asyncio

    async def reading() -> list[Key]:
        stores = await open_stores(None, house.data)
        found = await stores.keys.all()
        await stores.close()
        return found

    with asyncio.Runner() as runner:
        return runner.run(reading())


def listed(house: House) -> dict[str, dict[str, object]]:
    return {key["name"]: key for key in json.loads(house.run("list", "--json").stdout)["items"]}


def test_the_secret_alone_is_on_stdout_and_only_its_digest_is_kept(house: House) -> None:
    result = house.run("create", "--team", "claims", "--name", "app")

    secret = result.stdout.removesuffix("\n")
    (key,) = stored(house)
    assert result.exit_code == Exit.OK, result.stderr
    assert re.fullmatch(r"th-[A-Za-z0-9_-]{43}", secret)
    assert key.digest == hashlib.sha256(secret.encode()).digest()
    assert (key.prefix, secret.startswith(key.prefix), len(key.prefix)) == (secret[:8], True, 8)
    assert secret.encode() not in b"".join(path.read_bytes() for path in house.data.rglob("*") if path.is_file())


def test_two_keys_never_have_the_same_secret(house: House) -> None:
    secrets = {house.run("create", "--team", "claims", "--name", name).stdout for name in ("a", "b")}

    assert len(secrets) == 2


def test_every_option_is_kept(house: House) -> None:
    result = house.run(
        "create", "--team", "claims", "--use-case", "claims-triage", "--use-case", "claims-letters", "--name", "app",
        "--expires", "2030-01-01T00:00:00Z", "--models", "fast, slow", "--budget", "12.50/month",
    )  # fmt: skip

    assert result.exit_code == Exit.OK, result.stderr
    shown = listed(house)["app"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", str(shown.pop("created")))
    assert len(str(shown.pop("prefix"))) == 8
    assert shown == {
        "name": "app",
        "team": "claims",
        "use_cases": ["claims-triage", "claims-letters"],
        "models": ["fast", "slow"],
        "managed": "store",
        "expires": "2030-01-01T00:00:00.000Z",
        "revoked": None,
        "budget": {"limit_usd": "12.5", "period": "month"},
        "rate": None,
        "created_by": "cli",
        "last_used": None,
        "rotated_until": None,
    }


def test_what_to_paste_names_the_use_case_only_if_there_is_a_choice(house: House) -> None:
    one = house.run("create", "--team", "claims", "--use-case", "claims-letters", "--name", "one")
    several = house.run("create", "--team", "claims", "--name", "several")

    assert '"model": "slow"' in one.stderr
    assert "http://127.0.0.1:8088/v1/chat/completions" in one.stderr
    assert "x-tollhouse-use-case" not in one.stderr
    assert "x-tollhouse-use-case: claims-triage" in several.stderr
    assert one.stdout.strip() not in one.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--team", "clams"], "did you mean 'claims'?"),
        (["--team", "claims", "--use-case", "answers"], "team claims has no use case 'answers'"),
        (["--team", "claims", "--use-case", "claim-triage"], "did you mean 'claims-triage'?"),
        (["--team", "claims", "--models", "fast,quick"], "there is no model 'quick'"),
        (["--team", "claims", "--budget", "50"], "not USD/PERIOD"),
        (["--team", "claims", "--budget", "50/year"], "write one of day, week, month, total"),
        (["--team", "claims", "--budget", "-5/month"], "is negative"),
        (["--team", "claims", "--expires", "0d"], "is over"),
        (["--team", "claims", "--name", " "], "printable"),
        (["--team", "claims", "--name", "x" * 65], "1 to 64"),
    ],
)
def test_wrong_usage_makes_no_key(house: House, arguments: list[str], told: str) -> None:
    result = house.run("create", "--name", "app", *arguments)

    assert result.exit_code == Exit.USAGE, result.output
    assert told in result.stderr
    assert (result.stdout, stored(house)) == ("", [])


@pytest.mark.parametrize("name", ["ci", "app"])
def test_a_name_is_given_once(house: House, name: str) -> None:
    house.run("create", "--team", "claims", "--name", "app")

    result = house.run("create", "--team", "claims", "--name", name)

    assert (result.exit_code, result.stdout) == (Exit.FAILED, "")
    assert f"There is a key '{name}'" in result.stderr


def test_the_list_shows_file_keys_without_any_part_of_their_secret(house: House) -> None:
    house.run("create", "--team", "claims", "--name", "app")

    printed = house.run("list")
    keys = listed(house)

    assert [keys["ci"][name] for name in ("managed", "prefix", "created", "expires")] == [
        "file",
        None,
        None,
        "2030-01-01T00:00:00.000Z",
    ]
    assert keys["app"]["managed"] == "store"
    assert "a-secret" not in printed.stdout
    assert printed.stdout.split()[:4] == ["name", "prefix", "team", "use"]


def test_a_revoked_key_stays_in_the_list_and_its_name_is_free_again(house: House) -> None:
    house.run("create", "--team", "claims", "--name", "app")

    revoked = house.run("revoke", "app")
    again = house.run("create", "--team", "claims", "--name", "app")

    assert (revoked.exit_code, again.exit_code) == (Exit.OK, Exit.OK), revoked.stderr + again.stderr
    assert [key.revoked_ms is None for key in stored(house)] == [False, True]


def test_a_file_key_is_never_revoked_here(house: House) -> None:
    result = house.run("revoke", "ci")

    assert result.exit_code == Exit.FAILED
    assert "tollhouse.yaml" in result.stderr


def test_revoking_what_is_not_there_suggests_what_is(house: House) -> None:
    house.run("create", "--team", "claims", "--name", "app-1")

    result = house.run("revoke", "app1")

    assert result.exit_code == Exit.FAILED
    assert "did you mean 'app-1'?" in result.stderr
