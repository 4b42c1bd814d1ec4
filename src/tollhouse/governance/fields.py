"""Which member of which object a role may write. Pure; what has no row is not writable."""

from collections.abc import Mapping

from tollhouse.domain.roles import Role

USE_CASE_FIELDS = frozenset(
    {
        "owner",
        "models",
        "budget",
        "rate",
        "prompt",
        "parameters",
        "max_output_tokens",
        "purpose",
        "legal_basis",
        "data_classes",
        "risk",
        "review_date",
        "origins",
    }
)
"""Not among them: `privacy` and `unpriced`, which are the organisation's to decide, and `team`, which is a wall."""

KEY_FIELDS = frozenset({"use_cases", "models", "budget", "rate", "expires"})

OWN_TEAM: Mapping[tuple[Role, str], frozenset[str]] = {
    (Role.TEAM_OWNER, "use_case"): USE_CASE_FIELDS,
    (Role.TEAM_OWNER, "key"): KEY_FIELDS,
    (Role.DEVELOPER, "use_case"): USE_CASE_FIELDS,  # and only while it is proposed: the desk sees to that
}
"""What others than admins may write, and only of their own team."""

STATED_AT_BIRTH = frozenset({"team"})
"""Members of a use case that its proposal has to state, whoever may not change them afterwards."""


def writable(role: Role, kind: str, field: str, *, own_team: bool) -> bool:
    """
    May this role write this member of an object of that kind?

    Args:
        kind: organisation | team | use_case | route | price | key.
        own_team: it belongs to the actor's team, or the actor acts for the whole organisation. To a team, only its
            use cases and keys belong; the team itself, with its cap, is the organisation's.
    """
    if not own_team:
        return False
    return role is Role.ADMIN or field in OWN_TEAM.get((role, kind), frozenset())
