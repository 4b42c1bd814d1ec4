"""docs/roles.md against the tables in the code: what is permitted, which members are writable, how a use case moves."""

from reference_pages import code, codes, page, rows_under
from tollhouse.domain.governance import STATES
from tollhouse.domain.roles import Role
from tollhouse.governance.fields import OWN_TEAM
from tollhouse.governance.roles import PERMITTED, Action, permitted

PAGE = page("roles.md")


def test_the_table_of_actions_is_what_is_permitted() -> None:
    expected = [
        (str(action), *("yes" if permitted(role, action) else "–" for role in Role))
        for action in Action
        if action in PERMITTED
    ]

    assert sorted(rows_under(PAGE, "Actions and roles")) == sorted(expected)


def test_the_tables_head_names_the_roles_in_their_order() -> None:
    assert f"| action | {' | '.join(Role)} |" in PAGE


def test_the_table_of_members_is_the_write_policy() -> None:
    told = {
        (role, kind.replace(" ", "_")): sorted(codes(members)) for kind, role, members in rows_under(PAGE, "Members")
    }

    assert told == {(str(role), kind): sorted(fields) for (role, kind), fields in OWN_TEAM.items()}


def test_every_state_of_a_use_case_is_reached_by_a_step() -> None:
    reached = {code(to) for _, to, _ in rows_under(PAGE, "A use case's life")}

    assert reached == set(STATES)
