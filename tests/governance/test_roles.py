"""What each role may do, and what it sees."""

import pytest

from governance_desks import ADMIN, AUDITOR, DEVELOPER, OWNER, VIEWER
from tollhouse.domain.errors import NotPermitted
from tollhouse.domain.roles import Actor, Role
from tollhouse.governance.fields import KEY_FIELDS, USE_CASE_FIELDS, writable
from tollhouse.governance.roles import PERMITTED, Action, permitted, require, sees

READS = {Action.ME, Action.CALLS_READ, Action.USAGE_READ, Action.BUDGETS_READ, Action.TEAMS_READ, Action.USE_CASES_READ, Action.ROUTES_READ, Action.PRICES_READ, Action.PRIVACY_SCAN}  # fmt: skip
MAY = {
    Role.VIEWER: READS - {Action.CALLS_READ},
    Role.DEVELOPER: READS | {Action.USE_CASES_WRITE, Action.CACHE_PURGE, Action.KEYS_READ},
    Role.TEAM_OWNER: READS | {Action.USE_CASES_WRITE, Action.USE_CASES_MOVE, Action.CACHE_PURGE, Action.KEYS_READ, Action.KEYS_WRITE, Action.BUDGETS_WRITE, Action.BUDGETS_TRY, Action.CHANGES_READ},
    Role.AUDITOR: READS | {Action.KEYS_READ, Action.TOKENS_READ, Action.CHANGES_READ, Action.BUDGETS_TRY},
    Role.ADMIN: set(Action) - {Action.SESSIONS_OPEN},
}  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_a_role_may_do_what_is_written_here_and_nothing_else(role: Role, action: Action) -> None:
    assert permitted(role, action) == (action in MAY[role])


def test_an_action_without_a_row_is_nobodys() -> None:
    assert not permitted(Role.ADMIN, "dance")  # type: ignore[arg-type]
    assert set(Action) - set(PERMITTED) == {Action.SESSIONS_OPEN}  # keys do that, not people


def test_a_refusal_names_role_and_action() -> None:
    require(ADMIN, Action.TEAMS_WRITE)

    with pytest.raises(NotPermitted, match="The role viewer may not change teams"):
        require(VIEWER, Action.TEAMS_WRITE)


def test_whoever_has_a_team_sees_that_team_only() -> None:
    assert [sees(ADMIN, team) for team in ("claims", "sales", None)] == [True, True, True]
    assert [sees(OWNER, team) for team in ("claims", "sales", None)] == [True, False, False]
    assert not sees(Actor("aud", Role.AUDITOR, "claims"), None)


KINDS = ("organisation", "team", "use_case", "route", "price", "key", "planet")
FIELDS = sorted(USE_CASE_FIELDS | KEY_FIELDS | {"team", "privacy", "unpriced", "workflow", "state", "deployments", "limit_usd", "role", "anything"})  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", list(Role))
def test_who_writes_which_member(role: Role, kind: str) -> None:
    theirs = {
        (Role.TEAM_OWNER, "use_case"): USE_CASE_FIELDS,
        (Role.TEAM_OWNER, "key"): KEY_FIELDS,
        (Role.DEVELOPER, "use_case"): USE_CASE_FIELDS,
    }

    for field in FIELDS:
        expected = role is Role.ADMIN or field in theirs.get((role, kind), ())
        assert writable(role, kind, field, own_team=True) == expected, field
        assert not writable(role, kind, field, own_team=False), field


@pytest.mark.parametrize("field", ["team", "privacy", "unpriced", "state", "workflow", "base_url", "role"])
def test_a_wall_a_policy_and_a_providers_address_are_no_owners(field: str) -> None:
    for actor in (OWNER, DEVELOPER, VIEWER, AUDITOR):
        assert not writable(actor.role, "use_case", field, own_team=True)
