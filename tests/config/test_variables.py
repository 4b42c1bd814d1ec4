"""Variables, `.env` and overrides: what wins, and what is told when something is missing."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from config_files import SMALL, loaded, problems
from tollhouse.config.dotenv import ENV_BYTES_MAX, parse_dotenv
from tollhouse.config.variables import SECRET_FILE_BYTES_MAX


def name_from(folder: Path, value: str, environ: Mapping[str, str]) -> str:
    return loaded(folder, f"organisation: {{name: {value}}}\n", environ).settings.organisation.name


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"${CITY}"', "Bern"),
        ('"in ${CITY}, ${LAND:-CH}"', "in Bern, CH"),
        ('"${NOWHERE:-x-:-y}"', "x-:-y"),
        ('"$${CITY}"', "${CITY}"),
        ('"$$5 and $6"', "$5 and $6"),
        ("'${DIGITS}'", "0042"),
    ],
)
def test_variables_are_filled_in(tmp_path: Path, written: str, read: str) -> None:
    assert name_from(tmp_path, written, {"CITY": "Bern", "DIGITS": "0042"}) == read


def test_a_quoted_variable_can_be_a_number(tmp_path: Path) -> None:
    settings = loaded(tmp_path, 'server: {drain_ms: "${DRAIN}"}', {"DRAIN": "50"}).settings

    assert settings.server.drain_ms == 50


def test_an_empty_default_is_null(tmp_path: Path) -> None:
    assert loaded(tmp_path, 'storage: {database: "${DATABASE_URL:-}"}').settings.storage.database is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("${NOPE}", "variable NOPE is not set; set NOPE in the environment or in .env, or write ${NOPE:-default}"),
        ("${EMPTY}", "variable EMPTY is empty; set EMPTY in the environment or in .env, or write ${EMPTY:-default}"),
        (
            "${1x}",
            "`${1x}` is not a variable; write ${NAME}, ${NAME:-default} or ${file:/path}, or $$ for a dollar sign",
        ),
        ("${X", "`${` is never closed; close it with `}`, or write `$$` for a dollar sign"),
    ],
)
def test_a_variable_that_cannot_be_filled_in_is_one_problem_with_its_line(
    tmp_path: Path, value: str, told: str
) -> None:
    found = problems(tmp_path, f'server:\n  drain_ms: 1\n  admin_token: "{value}"\n', {"EMPTY": ""})

    assert found == [f"tollhouse.yaml:3: {told}"]


def test_a_missing_variable_of_a_required_key_is_told_once(tmp_path: Path) -> None:
    text = SMALL.replace("https://api.example.com/v1", "${URL}").replace("0123456789abcdef-ci", '"${KEY}"')

    found = problems(tmp_path, text)

    assert [line.split(";")[0] for line in found] == [
        "tollhouse.yaml:3: variable URL is not set",
        "tollhouse.yaml:11: variable KEY is not set",
    ]


def test_a_secret_file_is_read_without_its_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("0123456789abcdef\n")

    by_name = loaded(tmp_path, 'server: {admin_token: "${file:token}"}')
    by_path = loaded(tmp_path, f'server: {{admin_token: "${{file:{tmp_path}/token}}"}}')

    assert by_name.settings.server.admin_token is not None
    assert by_name.settings.server.admin_token.reveal() == "0123456789abcdef"
    assert by_path.settings == by_name.settings


@pytest.mark.parametrize(
    ("body", "told"),
    [(None, "No such file"), (b"\n", "is empty"), (b"\xff\xfe", "not a readable text file"), (b"x" * (SECRET_FILE_BYTES_MAX + 1), "is larger than")],
)  # fmt: skip
def test_a_secret_file_that_cannot_be_used_is_told_with_its_line(tmp_path: Path, body: bytes | None, told: str) -> None:
    if body is not None:
        (tmp_path / "token").write_bytes(body)

    found = problems(tmp_path, 'server:\n  admin_token: "${file:token}"\n')

    assert len(found) == 1
    assert found[0].startswith("tollhouse.yaml:2: token ")
    assert told in found[0]


def test_a_dotenv_beside_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CITY=Basel\nLAND=CH\n")
    (tmp_path / ".env").chmod(0o600)

    assert name_from(tmp_path, '"${CITY} ${LAND}"', {"CITY": "Bern"}) == "Bern CH"


def test_a_dotenv_may_hold_overrides(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOLLHOUSE_SERVER__DRAIN_MS=7\n")

    assert loaded(tmp_path, "").settings.server.drain_ms == 7


def test_the_forms_of_a_dotenv_line() -> None:
    text = "# comment\n\nA=1 # why\nexport B=\"two words\" # x\nC='#3'\nD = x=y#z\nE=\r\n"

    found, wrong = parse_dotenv(text, ".env")

    assert found == {"A": "1", "B": "two words", "C": "#3", "D": "x=y#z", "E": ""}
    assert not wrong


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"A=1\nnonsense\n", ".env:2: not of the form NAME=value; mend or remove the line"),
        (b"A=\xff\n", ".env: not UTF-8; save it as UTF-8"),
        (b"A" * (ENV_BYTES_MAX + 1), f".env: larger than {ENV_BYTES_MAX} bytes; keep only variables in it"),
    ],
)
def test_a_dotenv_that_cannot_be_read_is_told(tmp_path: Path, body: bytes, told: str) -> None:
    (tmp_path / ".env").write_bytes(body)

    assert problems(tmp_path, "") == [told]


def test_a_dotenv_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / ".env").chmod(0o644)

    assert any("chmod 600" in warning for warning in loaded(tmp_path, "").warnings)


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path) -> None:
    environ = {"TOLLHOUSE_SERVER__DRAIN_MS": "2", "TOLLHOUSE_SERVER__MAX_BODY_BYTES": "20"}
    text = "server: {drain_ms: 1, max_body_bytes: 10, listen: '127.0.0.1:1'}"

    got = loaded(tmp_path, text, environ, server__drain_ms=3, storage__path=None)

    server = got.settings.server
    assert (server.drain_ms, server.max_body_bytes, server.listen) == (3, 20, "127.0.0.1:1")
    assert got.origins["server.drain_ms"] == "flag server.drain_ms"
    assert got.origins["server.max_body_bytes"] == "env TOLLHOUSE_SERVER__MAX_BODY_BYTES"
    assert got.origins["server.listen"] == f"{tmp_path}/tollhouse.yaml:1"
    assert got.origins["storage.path"] == "default"


def test_an_override_is_read_as_yaml_and_finds_names_with_dashes(tmp_path: Path) -> None:
    text = SMALL.replace("triage", "claims-triage")
    environ = {
        "TOLLHOUSE_USE_CASES__CLAIMS_TRIAGE__MODELS": "[inhouse, fast]",
        "TOLLHOUSE_KEYS__0__NAME": "night",
        "TOLLHOUSE_TEAMS__NEW__BUDGET": "{limit_usd: '5', period: day}",
        "TOLLHOUSE_MODELS__FAST__FALLBACKS": "null",
    }

    settings = loaded(tmp_path, text, environ).settings

    assert settings.use_cases["claims-triage"].models == ("inhouse", "fast")
    assert settings.keys[0].name == "night"
    assert settings.teams["new"].budget is not None
    assert settings.models["fast"].fallbacks == ()


def test_an_override_is_taken_as_it_is(tmp_path: Path) -> None:
    token = "pa$$word-${HOME}-0123"

    server = loaded(tmp_path, "", {"TOLLHOUSE_SERVER__ADMIN_TOKEN": token}).settings.server

    assert server.admin_token is not None
    assert server.admin_token.reveal() == token


def test_names_without_a_double_underscore_are_no_overrides(tmp_path: Path) -> None:
    assert (
        loaded(tmp_path, "", {"TOLLHOUSE_LISTEN": "nonsense", "OTHER__X": "1"}).settings.server.listen
        == "127.0.0.1:8088"
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TOLLHOUSE_SERVER__LISTN", "x", "TOLLHOUSE_SERVER__LISTN: unknown key `server.listn`; did you mean `listen`?"),
        ("TOLLHOUSE_SERVER__", "x", "TOLLHOUSE_SERVER__: not the name of a setting; write TOLLHOUSE_SECTION__KEY"),
        ("TOLLHOUSE_SERVER__DRAIN_MS", "soon", "TOLLHOUSE_SERVER__DRAIN_MS: `server.drain_ms` must be a whole number; write digits without quotes"),
        ("TOLLHOUSE_SERVER__DRAIN_MS__X", "1", "TOLLHOUSE_SERVER__DRAIN_MS__X: nothing can stand below the value at tollhouse.yaml:1; check the name"),
        ("TOLLHOUSE_KEYS__7__NAME", "x", "TOLLHOUSE_KEYS__7__NAME: `7` is not an entry of a list of 0; write 0 to 0"),
    ],
)  # fmt: skip
def test_an_override_that_does_not_fit_is_told_by_its_name(tmp_path: Path, name: str, value: str, told: str) -> None:
    assert problems(tmp_path, "server: {drain_ms: 5}\nkeys: []\n", {name: value}) == [told]


@pytest.mark.parametrize(
    ("text", "environ", "told"),
    [
        ("", {"TOLLHOUSE_ORGANISATION__NAME": "a\udcff"}, "TOLLHOUSE_ORGANISATION__NAME: not UTF-8"),
        ("organisation: {name: '${X}'}", {"X": "a\udcff"}, "tollhouse.yaml:1: `organisation.name` is not UTF-8"),
    ],
)
def test_a_variable_that_is_not_utf_8_is_told(tmp_path: Path, text: str, environ: dict[str, str], told: str) -> None:
    assert problems(tmp_path, text, environ) == [f"{told}; set it again as UTF-8"]


def test_an_override_that_is_not_yaml_never_shows_its_value(tmp_path: Path) -> None:
    found = problems(tmp_path, "", {"TOLLHOUSE_SERVER__ADMIN_TOKEN": "*topsecret-topsecret"})

    assert len(found) == 1
    assert found[0].startswith("TOLLHOUSE_SERVER__ADMIN_TOKEN: ")
    assert "topsecret" not in found[0]
