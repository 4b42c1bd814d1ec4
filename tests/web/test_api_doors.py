"""Every operation of `/api/v1` against every role, tenant and kind of token, through the application as it is served."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
import pytest_asyncio

from api_house import ADMIN_TOKEN, CI_KEY, Answered, Asker, api_house
from tollhouse.domain.roles import AccessToken, Role
from tollhouse.governance.keys import digest_of
from tollhouse.governance.roles import PERMITTED, Action, permitted
from tollhouse.ports.changes import Change
from tollhouse.web.api.entry import Entry
from tollhouse.web.api.schemas import schemas
from tollhouse.web.api.table import ENTRIES
from web_ledger import a_call

pytestmark = pytest.mark.asyncio(loop_scope="module")

REASON = {"reason": "for a test"}
USE_CASE = {"team": "claims", "owner": "ana@example.com", "models": ["fast"], "privacy": {"mode": "off"}}
CAP = {"limit_usd": "1", "period": "day"}

BODIES: Mapping[str, Mapping[str, object]] = {
    "Document": USE_CASE,
    "Move": {"state": "approved"},
    "NewBudget": CAP,
    "NewKey": {"name": "new", "team": "claims"},
    "KeyChange": {"models": ["fast"]},
    "Rotation": {"overlap_ms": 0},
    "NewSession": {"use_case": "claims-triage", "origins": ["https://shop.example"]},
    "TrialWish": {"scope": "team", "name": "claims", "budget": CAP},
    "NewToken": {"name": "new", "role": "viewer", "team": "claims"},
    "ScanWish": {"text": "Ask ana@example.com."},
}
"""A body of every model that is well formed, so that only the door can refuse it."""

OURS, MISSING = "OURS", "none-of-this-name"
NAMES = {
    "/calls/": ("call_1",),
    "/teams/": ("claims",),
    "/use-cases/": ("claims-drafts",),
    "/keys/": ("claims-key",),
    "/tokens/": ("viewer-claims",),
    "/budgets/": ("team/claims", "use_case/claims-drafts", "key/claims-key"),
}
"""What belongs to team claims, by the part of the address before its name."""

FREE = ("/routes/", "/prices/")
"""What belongs to no team."""


@dataclass(frozen=True, slots=True)
class Doors:
    """`secrets` are access tokens by role and team; `bad` those that are good for nothing, by why."""

    ask: Asker
    secrets: Mapping[tuple[Role, str | None], str]
    bad: Mapping[str, str | None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Doors]:
    async with api_house(Path(tmp_path_factory.mktemp("doors"))) as ask:
        await ask.make("use-cases", "claims-drafts", **USE_CASE)
        made = await ask("POST", "/api/v1/keys", {"name": "claims-key", "team": "claims", **REASON})
        assert made.status == 201
        await ask.house.stores.ledger.post("a-process", [a_call()])
        secrets = {(role, team): await ask.token(role, team) for role, team in tenants()}
        yield Doors(ask, secrets, await bad_tokens(ask))


def tenants() -> Iterator[tuple[Role, str | None]]:
    """Every role in its own team, in another one, and without one where that exists."""
    for role in Role:
        yield role, "claims"
        yield role, "support"
        if role in (Role.ADMIN, Role.AUDITOR):
            yield role, None


async def bad_tokens(ask: Asker) -> dict[str, str | None]:
    revoked = await ask.token(Role.ADMIN, None, "revoked")
    gone = await ask("DELETE", "/api/v1/tokens/revoked?reason=gone")
    assert gone.status == 204
    expired = AccessToken("expired", Role.ADMIN, None, digest_of("tht-expired"), 0, "nobody", expires_ms=1)
    await ask.house.stores.tokens.add(expired, Change("token", "expired", "nobody", "for a test", 0))
    await ask.house.register.refresh()
    return {"missing": None, "wrong": "tht-wrong", "expired": "tht-expired", "revoked": revoked}


async def test_every_role_may_do_what_the_table_permits_and_nothing_else(doors: Doors) -> None:
    wrong: list[object] = []

    for (role, team), secret in doors.secrets.items():
        for entry in ENTRIES:
            for target in targets(entry):
                answer = await doors.ask(entry.method, target, b"{}", token=secret)
                let_in = answer.status != 401 and not refused_for_role(answer, role, entry.action)
                if let_in != permitted(role, entry.action):
                    wrong.append((role, team, entry.method, target, answer.status, answer.body))

    assert wrong == []


async def test_nobody_does_anything_with_a_token_that_is_not_good(doors: Doors) -> None:
    wrong: list[object] = []

    for why, secret in doors.bad.items():
        for entry in ENTRIES:
            for target in targets(entry):
                answer = await doors.ask(entry.method, target, body_of(entry), token=secret)
                if (answer.status, answer.code) != (401, "invalid_api_key"):
                    wrong.append((why, entry.method, target, answer.status, answer.body))

    assert wrong == []


async def test_a_wrong_an_expired_and_a_revoked_token_are_answered_alike(doors: Doors) -> None:
    told = {
        why: without_ids(await doors.ask("GET", "/api/v1/teams", token=secret)) for why, secret in doors.bad.items()
    }

    assert len(set(told.values())) == 1


async def test_a_callers_key_does_only_what_is_for_keys(doors: Doors) -> None:
    let_in = [
        entry.path
        for entry in ENTRIES
        for target in targets(entry)
        if (await doors.ask(entry.method, target, body_of(entry), token=CI_KEY)).status != 401
    ]

    assert set(let_in) == {entry.path for entry in ENTRIES if entry.for_keys}


@pytest.mark.parametrize("role", list(Role))
async def test_what_is_another_teams_is_answered_like_what_does_not_exist(doors: Doors, role: Role) -> None:
    secret, compared = doors.secrets[role, "support"], 0

    for entry in ENTRIES:
        for name in owned(entry):
            theirs = await doors.ask(entry.method, named(entry, name) + because(entry), body_of(entry), token=secret)
            missing = await doors.ask(
                entry.method, named(entry, like(name)) + because(entry), body_of(entry), token=secret
            )
            compared += 1
            assert without_ids(theirs, name) == without_ids(missing, like(name)), (entry.method, name)
            assert theirs.status in (403, 404), (entry.method, name, theirs.body)

    assert compared > 10


@pytest.mark.parametrize("role", list(Role))
async def test_lists_hold_nothing_of_another_team(doors: Doors, role: Role) -> None:
    lists = [entry for entry in ENTRIES if entry.method == "GET" and "{" not in entry.path]

    for entry in lists:
        answer = await doors.ask("GET", entry.path, token=doors.secrets[role, "support"])
        assert b"claims" not in answer.body, (entry.path, answer.body)


@pytest.mark.parametrize("path", ["/api/v1/calls", "/api/v1/usage", "/api/v1/changes"])
async def test_asking_for_another_team_is_like_asking_for_one_that_does_not_exist(doors: Doors, path: str) -> None:
    secret = doors.secrets[Role.TEAM_OWNER, "support"]

    theirs = await doors.ask("GET", f"{path}?team=claims", token=secret)
    missing = await doors.ask("GET", f"{path}?team=nobody", token=secret)

    assert (theirs.status, theirs.body) == (missing.status, missing.body) == (200, missing.body)
    assert not theirs.items


async def test_what_is_of_the_own_team_is_shown(doors: Doors) -> None:
    secret = doors.secrets[Role.DEVELOPER, "claims"]

    calls = await doors.ask("GET", "/api/v1/calls", token=secret)
    one = await doors.ask("GET", "/api/v1/calls/call_1", token=secret)
    use_cases = await doors.ask("GET", "/api/v1/use-cases", token=secret)

    assert [call["id"] for call in calls.items] == ["call_1"]
    assert one.members["team"] == "claims"
    assert [each["name"] for each in use_cases.items] == ["claims-drafts", "claims-triage"]


async def test_every_action_of_the_table_has_its_roles(doors: Doors) -> None:
    for entry in ENTRIES:
        assert entry.for_keys or PERMITTED.get(entry.action), f"nobody may {entry.method} {entry.path}"
        assert entry.method == "GET" or entry.action.name not in READING, f"{entry.method} {entry.path}"


async def test_every_answer_is_as_the_description_says(doors: Doors) -> None:
    description, shown = (await doors.ask("GET", "/api/openapi.json")).members, 0

    for entry in ENTRIES:
        for target in targets(entry) if entry.method == "GET" else ():
            for token in (ADMIN_TOKEN, CI_KEY) if entry.for_keys else (ADMIN_TOKEN,):
                answer = await doors.ask("GET", target, token=token)
                schema = {**description, "$ref": f"#/components/schemas/{entry.answer}"}
                if answer.status == 200:
                    jsonschema.Draft202012Validator(schema).validate(answer.members)
                    shown += 1

    assert shown > 12


async def test_every_answer_that_holds_a_secret_is_as_the_description_says(doors: Doors) -> None:
    description = (await doors.ask("GET", "/api/openapi.json")).members
    key = await doors.ask(
        "POST", "/api/v1/keys", {"name": "described", "team": "claims", "rate": {"concurrency": 1}, **REASON}
    )
    token = await doors.ask("POST", "/api/v1/tokens", {"name": "described", "role": "admin", **REASON})

    for answer, name in ((key, "KeyWithSecret"), (token, "TokenWithSecret")):
        jsonschema.Draft202012Validator({**description, "$ref": f"#/components/schemas/{name}"}).validate(
            answer.members
        )


async def test_no_body_and_no_answer_share_a_name(doors: Doors) -> None:
    assert not schemas().keys() & {entry.body.__name__ for entry in ENTRIES if entry.body is not None}
    assert {entry.answer for entry in ENTRIES if entry.answer is not None} <= schemas().keys()


async def test_the_description_names_the_roles_of_every_operation(doors: Doors) -> None:
    paths = (await doors.ask("GET", "/api/openapi.json")).members["paths"]
    assert isinstance(paths, dict)

    for entry in ENTRIES:
        operation = paths[entry.path][entry.method.lower()]
        assert set(operation["x-roles"]) == set(PERMITTED.get(entry.action, ()))
        assert {"key": []} in operation["security"] or not entry.for_keys


READING = {action.name for action in Action if action.name.endswith("_READ")}


async def test_a_row_without_an_action_cannot_be_written() -> None:
    members = {name: getattr(ENTRIES[0], name) for name in ("method", "path", "handler", "summary", "answer")}

    with pytest.raises(TypeError, match="action"):
        Entry(**members)


async def test_nobody_guesses_the_admin_token_from_one_address(doors: Doors) -> None:
    guesses = [await doors.ask("GET", "/api/v1/teams", token=f"wrong-{n:04}", address="192.0.2.1") for n in range(80)]
    owner = await doors.ask("GET", "/api/v1/teams", token=ADMIN_TOKEN, address="192.0.2.2")

    assert guesses[-1].code == "too_many_failures"
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert owner.status == 200


# --- what is asked for ----------------------------------------------------------------------------------------------


def targets(entry: Entry) -> Iterator[str]:
    """Yield addresses of an operation, of things that are there."""
    names = owned(entry) or (("openai/gpt-5-mini",) if "{" in entry.path else ())
    for name in names:
        yield named(entry, name)
    if not names:
        yield entry.path


def owned(entry: Entry) -> tuple[str, ...]:
    return next((names for before, names in NAMES.items() if f"{before}{{" in entry.path), ())


def named(entry: Entry, name: str) -> str:
    before, _, after = entry.path.partition("{")
    return f"{before}{name}{after[after.rindex('}') + 1 :]}"


def because(entry: Entry) -> str:
    """A write without a reason is well formed but for that."""
    return "?reason=for+a+test" if "reason" in entry.query else ""


def like(name: str) -> str:
    """The name of nothing, of the same kind."""
    kind, slash, _ = name.partition("/")
    return f"{kind}/{MISSING}" if slash else MISSING


def body_of(entry: Entry) -> Mapping[str, object] | None:
    if entry.body is None:
        return None
    name = entry.body.__name__
    assert name in BODIES, f"{name} needs a well-formed example in BODIES"
    return {**BODIES[name], **(REASON if "reason" in entry.body.model_fields else {})}


def refused_for_role(answer: Answered, role: Role, action: Action) -> bool:
    """A role's own refusal; fields and states have others."""
    return answer.status == 403 and answer.members["detail"] == f"The role {role} may not {action}."


def without_ids(answer: Answered, name: str = "") -> tuple[int, str, tuple[tuple[str, str], ...]]:
    """Return what a caller sees, less what differs between any two requests, and the name that was asked for."""
    text = re.sub(r"req_[0-9a-f]+", "req_", answer.body.decode())
    short = name.rpartition("/")[2]
    headers = {key: value for key, value in answer.headers.items() if key not in ("x-request-id", "content-length")}
    return answer.status, text.replace(short, OURS) if short else text, tuple(sorted(headers.items()))
