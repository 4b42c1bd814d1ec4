"""Who acts on the house itself: roles, and the access tokens that carry them until people sign in."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; docs/roles.md has the table."""

    ADMIN = "admin"
    AUDITOR = "auditor"
    TEAM_OWNER = "team-owner"
    DEVELOPER = "developer"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Who does something: the author of every recorded change.

    `team` None is the whole organisation. `name` is `admin` (the admin token), `cli`, or an access token's name.
    """

    name: str
    role: Role
    team: str | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A role for a while. The secret is never here, only its SHA-256. Times in Unix milliseconds."""

    name: str
    role: Role
    team: str | None
    digest: bytes
    created_ms: int
    created_by: str
    expires_ms: int | None = None
    revoked_ms: int | None = None
    last_used_ms: int | None = None
    prefix: str = ""
