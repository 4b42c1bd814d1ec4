"""Loading: every problem is told at once, each with its line and what to do."""

from pathlib import Path

import pytest

from config_files import SMALL, as_json, loaded, problems, small
from tollhouse.config.load import load
from tollhouse.config.problems import InvalidConfig
from tollhouse.config.unbuilt import UNBUILT
from tollhouse.config.yaml import FILE_BYTES_MAX
from tollhouse.domain.errors import ConfigError

NOTHING: tuple[object, ...] = (None, False, "off", 0, [], {})


def edited(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


def test_the_small_configuration_holds(tmp_path: Path) -> None:
    assert problems(tmp_path, SMALL) == []


def test_a_missing_file_says_to_run_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no such file; run `tollhouse init"):
        load(tmp_path / "tollhouse.yaml", {})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"a: 1\nb: \xff\n", "tollhouse.yaml:2: not UTF-8; save the file as UTF-8"),
        (
            b"x" * (FILE_BYTES_MAX + 1),
            f"tollhouse.yaml: larger than {FILE_BYTES_MAX} bytes; this is not a configuration",
        ),
        (b"[a, b]\n", "tollhouse.yaml:1: not a mapping of settings; begin with a section such as `server:`"),
        (b"just text\n", "tollhouse.yaml:1: not a mapping of settings; begin with a section such as `server:`"),
    ],
)
def test_a_file_that_is_no_configuration_is_told(tmp_path: Path, body: bytes, told: str) -> None:
    path = tmp_path / "tollhouse.yaml"
    path.write_bytes(body)

    with pytest.raises(InvalidConfig) as caught:
        load(path, {})

    assert told in caught.value.message


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match="cannot be read: Is a directory"):
        load(tmp_path, {})


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "server:\nmodels:\nkeys:\n", "null\n", "{}"])
def test_every_key_is_optional_and_null_is_left_out(tmp_path: Path, text: str) -> None:
    settings = loaded(tmp_path, text).settings

    assert settings.server.listen == "127.0.0.1:8088"
    assert settings.organisation.time_zone == "UTC"


def test_a_team_may_be_empty(tmp_path: Path) -> None:
    assert set(loaded(tmp_path, "teams: {a: {}, b: null}").settings.teams) == {"a", "b"}


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert loaded(tmp_path, "\ufeff" + SMALL).settings.teams


UNKNOWN_KEYS = [
    ("keys:\n", "serverr: {}\nkeys:\n", 10, "unknown key `serverr`; did you mean `server`?"),
    ("teams: {claims: {}", "teams: {claims: {budgte: null}", 7, "unknown key `teams.claims.budgte`; did you mean `budget`?"),
    ("dialect: inhouse", "dialect: inhouse, zzz: 1", 2, "unknown key `providers.local.zzz`; remove it, or use one of: dialect, base_url, api_key, api_keys, region, api_version"),
    ("model: gpt-5-mini", "model: gpt-5-mini, wieght: 1", 5, "unknown key `models.fast.deployments[0].wieght`; did you mean `weight`?"),
]  # fmt: skip

WRONG_VALUES = [
    ("dialect: inhouse", "dialect: inhose", 2, "`providers.local.dialect` is none of the values it can have; write 'openai' or 'inhouse'"),
    ("dialect: inhouse", "base_url: 'http://x'", 2, "`providers.local.dialect` is missing; add `dialect`"),
    ("dialect: inhouse", "dialect: inhouse, api_key: k", 2, "`providers.local`: the in-house engine has no base_url, api_key or api_version; remove them, or write dialect: openai"),
    (', base_url: "https://api.example.com/v1"', "", 3, "`providers.openai.base_url`: `base_url` is missing; add it, for example base_url: \"https://api.openai.com/v1\""),
    ("api_key: sk-1", "api_key: sk-1, api_keys: [sk-2]", 3, "`providers.openai.api_keys`: `api_key` and `api_keys` together; list every key under api_keys"),
    ("api_key: sk-1", "api_keys: [sk-2, sk-2]", 3, "`providers.openai.api_keys`: `api_keys` names one key twice; remove one of them"),
    ("fallbacks: [inhouse]}", "breaker: {failure_rate: 0}}", 5, "`models.fast.breaker.failure_rate` is too small; write more than 0"),
    ("models: [fast],", "models: [fast], queue: {max_wait_ms: 60001, max_length: 1},", 9, "`use_cases.triage.queue.max_wait_ms` is too large; write 60000 or less"),
    ("models: [fast],", "models: [fast], priority: high,", 9, "`use_cases.triage.priority` is none of the values it can have; write 'interactive' or 'batch'"),
    ("https://api.example.com", "ftp://api.example.com", 3, "`providers.openai.base_url`: not a web address; write it as the provider does, for example \"https://api.openai.com/v1\""),
    ("https://api", "https://me:pw@api", 3, "`providers.openai.base_url`: a base_url with a user or password in it; put the secret into api_key"),
    ("example.com/v1", "example.com/v1?api-version=1", 3, "`providers.openai.base_url`: a base_url with `?` or `#`; end it with the path; Azure's version goes into api_version"),
    ("api.example.com/v1", "x.openai.azure.com", 3, "`providers.openai`: this address of Azure needs an api_version; add it, or end base_url with /openai/v1"),
    ("fallbacks: [inhouse]}", "retries: -1}", 5, "`models.fast.retries` is too small; write 0 or more"),
    ("fallbacks: [inhouse]}", "retries: 11}", 5, "`models.fast.retries` is too large; write 10 or less"),
    ("fallbacks: [inhouse]}", "retries: '2'}", 5, "`models.fast.retries` must be a whole number; write digits without quotes"),
    ("fallbacks: [inhouse]}", "retries: 2.5}", 5, "`models.fast.retries` must be a whole number; write digits without quotes"),
    ("fallbacks: [inhouse]}", "retries: true}", 5, "`models.fast.retries` must be a whole number; write digits without quotes"),
    ("fallbacks: [inhouse]}", "fallbacks: inhouse}", 5, "`models.fast.fallbacks` must be a list; write [a, b], or one entry a line after `- `"),
    ("fallbacks: [inhouse]}", "timeouts: 5}", 5, "`models.fast.timeouts` must hold keys; write {key: value}, or keys below it, indented"),
    ("fallbacks: [inhouse]}", "release: whole}", 5, "`models.fast.release` is none of the values it can have; write 'first_chunk' or 'complete'"),
    ("[{provider: openai, model: gpt-5-mini}]", "[]", 5, "`models.fast.deployments` is empty; list at least one"),
    ("teams:", "  fa st: {deployments: [{provider: local, model: m}]}\nteams:", 7, "`fa st` cannot be a name in `models`; write printable ASCII characters without spaces"),
    ("models:\n", "  lo/cal: {dialect: inhouse}\nmodels:\n", 4, "`lo/cal` cannot be a name in `providers`; write letters, digits, `.`, `_` and `-`, beginning with a letter or digit"),
    ("owner: a@example.com, ", "", 9, "`use_cases.triage.owner` is missing; add `owner`"),
    ("owner: a@example.com", "owner: ''", 9, "`use_cases.triage.owner` is empty; write something, or leave the key out"),
    ("models: [fast],", "models: [fast], max_output_tokens: 0,", 9, "`use_cases.triage.max_output_tokens` is too small; write 1 or more"),
    ("models: [fast],", "models: [fast], parameters: {max: {temperature: -1}},", 9, "`use_cases.triage.parameters.max.temperature`: not a number of 0 or more; write a number such as 1 or 0.5"),
    ("models: [fast],", "models: [fast], parameters: {max: {temperature: .nan}},", 9, "`use_cases.triage.parameters.max.temperature`: not a number of 0 or more; write a number such as 1 or 0.5"),
    ("models: [fast],", "models: [fast], parameters: {default: {stop: [.inf]}},", 9, "`use_cases.triage.parameters.default.stop`: not a finite number; write a number that JSON can hold"),
    ("models: [fast],", "models: [fast], parameters: {default: {n: 3}, max: {n: 1}},", 9, "the default of `n` is above its max; lower one or raise the other"),
    ("models: [fast],", "models: [fast], rate: {concurrency: 0},", 9, "`use_cases.triage.rate.concurrency` is too small; write 1 or more"),
    ("0123456789abcdef-ci", "0123456789abcde", 11, "`keys[0].secret`: a secret must have 16 to 256 characters; make one with `openssl rand -hex 32`"),
    ("0123456789abcdef-ci", "é123456789abcdef", 11, "`keys[0].secret`: a secret with characters outside printable ASCII; check for line breaks and quotes in it"),
    ("secret: 0", "expires: soon, secret: 0", 11, "`keys[0].expires`: 'soon' is not a moment; write a date (2027-01-31) or a time with its offset (2027-01-31T18:00:00Z)"),
    ("secret: 0", "expires: 2027-01-31T18:00:00, secret: 0", 11, "`keys[0].expires`: '2027-01-31T18:00:00' is not a moment; write a date (2027-01-31) or a time with its offset (2027-01-31T18:00:00Z)"),
]  # fmt: skip

REFERENCES = [
    ("provider: openai,", "provider: opnai,", 5, "unknown provider `opnai`; did you mean `openai`?"),
    ("provider: openai,", "provider: zzz,", 5, "unknown provider `zzz`; known: local, openai"),
    ("fallbacks: [inhouse]", "fallbacks: [inhuose]", 5, "unknown model `inhuose`; did you mean `inhouse`?"),
    ("team: claims, owner", "team: claim, owner", 9, "unknown team `claim`; did you mean `claims`?"),
    ("models: [fast]", "models: [fast, fsat]", 9, "unknown model `fsat`; did you mean `fast`?"),
    ("team: claims, use", "team: nobody, use", 11, "unknown team `nobody`; known: claims, sales"),
    ("use_cases: [triage]", "use_cases: [triag]", 11, "unknown use case `triag`; did you mean `triage`?"),
    ("team: claims, use", "team: sales, use", 11, "use case `triage` belongs to team `claims`, the key to team `sales`; name a use case of the key's own team"),
    ("secret: 0", "models: [slow], secret: 0", 11, "unknown model `slow`; known: fast, inhouse"),
    ("models: [fast],", "models: [fast], workflow: claim,", 9, "unknown workflow `claim`; did you mean `claims`?"),
    ("model: auto}]}", "model: auto}], fallbacks: [fast]}", 6, "the fallbacks go in a circle: fast -> inhouse -> fast; remove one of them"),
    ("fallbacks: [inhouse]}", "fallbacks: [fast]}", 5, "the fallbacks go in a circle: fast -> fast; remove one of them"),
    ("model: gpt-5-mini", "model: '*'", 5, "route `fast` is not a pattern, so `*` names no model; name the provider's model"),
    ("  inhouse: {", "  \"gpt-*\": {deployments: [{provider: openai, model: gpt-4}]}\n  inhouse: {", 6, "route `gpt-*` is a pattern, so its deployment's model must be `*`; write model: \"*\""),
    ("[{provider: openai, model: gpt-5-mini}]", "[{provider: openai, model: m}, {provider: openai, model: m}]", 5, "deployment openai/m is listed twice in one route; remove one; see `retries`"),
    ("abcdef-ci}", "abcdef-ci}\n  - {name: ci, team: claims, secret: another-0123456789}", 12, "two keys are named `ci` (the first at tollhouse.yaml:11); rename one of them"),
    ("abcdef-ci}", "abcdef-ci}\n  - {name: b, team: claims, secret: 0123456789abcdef-ci}", 12, "the same secret as at tollhouse.yaml:11; give each its own"),
    ("keys:\n", "server: {admin_token: 0123456789abcdef-ci}\nkeys:\n", 12, "the same secret as at tollhouse.yaml:10; give each its own"),
    ("mode: off", "mode: false", 9, "`use_cases.triage.privacy.mode` is none of the values it can have"),
    ("mode: off", "mode: hide", 9, "`use_cases.triage.privacy.mode` is none of the values it can have"),
    ("mode: off", "also: [NAME]", 9, "`use_cases.triage.privacy.also[0]`: 'NAME' is no type that is looked for on request"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "told"), UNKNOWN_KEYS + WRONG_VALUES + REFERENCES)
def test_a_problem_is_told_with_its_line_and_what_to_do(
    tmp_path: Path, old: str, new: str, line: int, told: str
) -> None:
    found = problems(tmp_path, edited(old, new))

    assert found[0].startswith(f"tollhouse.yaml:{line}: {told}")
    assert len(found) == 1


def test_the_line_is_the_keys_own_in_a_block(tmp_path: Path) -> None:
    assert problems(tmp_path, "server:\n  # where\n  listen: 8088\n\n  drain: 5\n") == [
        "tollhouse.yaml:3: `server.listen`: '8088' is not an address to listen on; "
        'write host:port, for example "127.0.0.1:8088"',
        "tollhouse.yaml:5: unknown key `server.drain`; did you mean `drain_ms`?",
    ]


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = edited("provider: local", "provider: locale").replace("teams: {claims: {}", "teams: {claims: {x: 1}")
    text = text.replace("mode: off", "mode: hide").replace("0123456789abcdef-ci", '"${CI_KEY}"') + "teams: {}\n"

    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)

    lines = caught.value.message.splitlines()
    assert lines[0].endswith("tollhouse.yaml has 6 problems:")
    assert [int(line.split(":")[1]) for line in lines[1:]] == sorted(int(line.split(":")[1]) for line in lines[1:])
    assert any("given twice" in line for line in lines)
    assert any("unknown provider" in line for line in lines)
    assert any("privacy.mode" in line for line in lines)
    assert any("CI_KEY" in line for line in lines)


def test_a_long_way_of_fallbacks_without_a_circle_holds(tmp_path: Path) -> None:
    routes = "".join(
        f"  r{n}: {{deployments: [{{provider: local, model: auto}}], fallbacks: [r{n + 1}, r{n + 2}]}}\n"
        for n in range(40)
    )
    last = "  r40: {deployments: [{provider: local, model: auto}]}\n  r41: {deployments: [{provider: local, model: auto}]}\n"

    assert problems(tmp_path, f"providers: {{local: {{dialect: inhouse}}}}\nmodels:\n{routes}{last}") == []


@pytest.mark.parametrize(
    "written",
    ["-1", "1e400", "'1e400'", "1e2", ".inf", ".nan", "true", "[1]", "lots", "'1_000'", "0.0000000001", "9999999999", "'1.00000000000000000000000000001'", "''", "0x10f.1"],
)  # fmt: skip
def test_bad_money_is_refused(tmp_path: Path, written: str) -> None:
    found = problems(tmp_path, f"organisation:\n  budget:\n    limit_usd: {written}\n    period: day\n")

    assert len(found) == 1
    assert found[0].startswith("tollhouse.yaml:3: `organisation.budget.limit_usd`")


@pytest.mark.parametrize(
    ("written", "usd"),
    [("500", "500"), ("'0.25'", "0.25"), ("0.10", "0.1"), ("0", "0"), ("0.000000001", "0.000000001"), ("999999999.123456789", "999999999.123456789")],
)  # fmt: skip
def test_money_is_taken_exactly_as_written(tmp_path: Path, written: str, usd: str) -> None:
    budget = loaded(
        tmp_path, f"organisation: {{budget: {{limit_usd: {written}, period: day}}}}"
    ).settings.organisation.budget

    assert budget is not None
    assert budget.limit_usd == usd


@pytest.mark.parametrize(
    "listen",
    ["8088", ":8088", "localhost", "localhost:", "127.0.0.1:65536", "http://x:1", "::1:80", "a b:1", "[::1:80"],
)
def test_a_bad_listen_address_is_refused(tmp_path: Path, listen: str) -> None:
    assert "is not an address to listen on" in problems(tmp_path, f"server:\n  listen: '{listen}'\n")[0]


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "0.0.0.0:65535", "[::1]:8088", "gateway.internal:80"])
def test_a_listen_address_is_a_host_and_a_port(tmp_path: Path, listen: str) -> None:
    assert loaded(tmp_path, f"server: {{listen: '{listen}'}}").settings.server.listen == listen


@pytest.mark.parametrize("zone", ["Europe/Zurih", "../etc/passwd", "Europe", "+01:00"])
def test_a_time_zone_that_does_not_exist_is_refused(tmp_path: Path, zone: str) -> None:
    assert "is not a time zone" in problems(tmp_path, f"organisation:\n  time_zone: {zone}\n")[0]


@pytest.mark.parametrize("key", ["A" * 43, "A" * 43 + "=", "-_" * 21 + "8=", "+/" * 21 + "8="])
def test_a_master_key_is_32_bytes_in_either_base64(tmp_path: Path, key: str) -> None:
    assert loaded(tmp_path, f"privacy: {{master_key: '{key}'}}").settings.privacy.master_key


@pytest.mark.parametrize("key", ["short", "A" * 42, "A" * 44, "A" * 43 + "==", "A" * 42 + "!", "A" * 64])
def test_any_other_master_key_is_refused_and_not_shown(tmp_path: Path, key: str) -> None:
    found = problems(tmp_path, f"privacy:\n  master_key: '{key}'\n")

    assert found == [
        "tollhouse.yaml:2: `privacy.master_key`: the master key is not 32 bytes in base64; "
        "make one with `openssl rand -base64 32`"
    ]


@pytest.mark.parametrize("length", [16, 256])
def test_a_secret_may_have_16_to_256_characters(tmp_path: Path, length: int) -> None:
    assert problems(tmp_path, f"server: {{admin_token: '{'x' * length}'}}") == []


def test_a_longer_secret_is_refused_and_not_shown(tmp_path: Path) -> None:
    found = problems(tmp_path, f"server: {{admin_token: '{'x' * 257}'}}")

    assert "16 to 256 characters" in found[0]
    assert "xxxx" not in found[0]


def test_a_secret_of_digits_in_a_variable_is_text(tmp_path: Path) -> None:
    token = loaded(tmp_path, "server: {admin_token: '${T}'}", {"T": "0012345678901234"}).settings.server.admin_token

    assert token is not None
    assert token.reveal() == "0012345678901234"


def test_a_database_address_is_postgresql_and_never_shown(tmp_path: Path) -> None:
    got = loaded(tmp_path, "storage: {database: 'postgresql://me:hunter2@db/x'}")

    assert got.database == "postgresql://me:hunter2@db/x"
    assert "hunter2" not in repr(got)
    assert "not a PostgreSQL address" in problems(tmp_path, "storage: {database: 'mysql://db/x'}")[0]


def test_no_secret_is_in_what_a_configuration_prints(tmp_path: Path) -> None:
    got = loaded(tmp_path, SMALL)

    assert (
        "0123456789abcdef-ci"
        not in repr(got) + str(got) + str(got.settings.model_dump()) + got.settings.model_dump_json()
    )


def test_folders_are_found_beside_the_file(tmp_path: Path) -> None:
    got = loaded(tmp_path, "storage: {path: ./data}")

    assert got.data_path == tmp_path / "data"
    assert got.prompts_path == tmp_path / "prompts"


def test_a_key_sent_over_plain_http_is_a_warning(tmp_path: Path) -> None:
    plain = loaded(tmp_path, SMALL.replace("https://", "http://"))
    local = loaded(tmp_path, SMALL.replace("https://api.example.com", "http://127.0.0.1:9"))

    assert any("plain http" in warning for warning in plain.warnings)
    assert not any("plain http" in warning for warning in local.warnings)


def test_a_slash_at_the_end_of_an_address_in_a_variable_does_no_harm(tmp_path: Path) -> None:
    text = SMALL.replace("https://api.example.com/v1", "${ENDPOINT}/openai/v1/")

    settings = loaded(tmp_path, text, {"ENDPOINT": "https://x.openai.azure.com/"}).settings

    assert settings.providers["openai"].base_url == "https://x.openai.azure.com/openai/v1"


@pytest.mark.parametrize("row", UNBUILT, ids=lambda row: row.path)
def test_a_key_that_is_not_built_is_refused_when_it_asks_for_something(tmp_path: Path, row: object) -> None:
    path = getattr(row, "path", "")
    tree = small()
    _put(tree, path, "something")

    found = problems(tmp_path, as_json(tree))

    assert len(found) == 1
    assert "which is not built yet; remove it or switch it off" in found[0]
    line = int(found[0].split(":")[1])
    assert f'"{path.rpartition(".")[2]}"' in (tmp_path / "tollhouse.yaml").read_text().splitlines()[line - 1]


@pytest.mark.parametrize("row", UNBUILT, ids=lambda row: row.path)
def test_a_key_that_is_not_built_may_ask_for_nothing(tmp_path: Path, row: object) -> None:
    for value in (*NOTHING, *getattr(row, "harmless", ())):
        tree = small()
        _put(tree, getattr(row, "path", ""), value)

        assert problems(tmp_path, as_json(tree)) == [], value


@pytest.mark.parametrize(
    "text",
    ["cache: {exact: false}", "keep: {masked_days: 0, original_days: 0}", "guardrails: {injection: off}", "queue: {max_length: 0}"],
)  # fmt: skip
def test_a_part_whose_every_key_asks_for_nothing_asks_for_nothing(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, edited("models: [fast],", f"models: [fast], {text},")) == []


def test_a_typing_error_in_a_part_that_asks_for_nothing_is_told(tmp_path: Path) -> None:
    found = problems(tmp_path, edited("models: [fast],", "models: [fast], cache: {exct: false},"))

    assert found == ["tollhouse.yaml:9: unknown key `use_cases.triage.cache.exct`; did you mean `exact`?"]


def _put(tree: object, path: str, value: object) -> None:
    *way, last = path.split(".")
    at = tree
    for step in way:
        if isinstance(at, dict):
            at = at[next(iter(at)) if step == "*" else step]
        elif isinstance(at, list):
            at = at[0]
    assert isinstance(at, dict)
    at[last] = value
