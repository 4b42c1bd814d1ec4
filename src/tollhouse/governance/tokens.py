"""Access tokens: the desk where they are made and ended, and the badges by which the house knows who acts on it."""

from collections.abc import Mapping
from dataclasses import replace
from hmac import compare_digest

from tollhouse.domain.errors import Conflict, InvalidApiKey, InvalidRequest, NotFound, NotPermitted
from tollhouse.domain.governance import Governance
from tollhouse.domain.providers import Secret
from tollhouse.domain.roles import AccessToken, Actor, Role
from tollhouse.ports.access_tokens import AccessTokens
from tollhouse.ports.changes import Change
from tollhouse.ports.clock import Clock

from .desk import checked_name, checked_reason
from .documents import encode, token_document
from .keys import PREFIX_CHARACTERS, digest_of, new_secret
from .register import Register
from .roles import Action, require, sees

SECRET_PREFIX = "tht-"  # noqa: S105 - how every secret begins
TOKENS_MAX = 10_000
"""Unrevoked ones; every server holds all of them in memory."""
SECRET_CHARACTERS_MAX = 256
"""No longer secret is ever made or configured; a longer one is nobody's, and is not hashed whole."""

ADMIN = Actor("admin", Role.ADMIN)
"""Whoever holds `server.admin_token`."""
CLI = Actor("cli", Role.ADMIN)
"""Whoever may read the configuration and its store on this machine."""
RESERVED = (ADMIN.name, CLI.name)

WITHOUT_TEAM = (Role.ADMIN, Role.AUDITOR)

NONE_SET = (
    "This service has no admin token and no access tokens, so nobody can use /api. "
    "Make one with `tollhouse tokens create`, or set `server.admin_token` in its configuration and start it again."
)
NOT_IT = "The access token is missing, unknown, expired or revoked. Send it as `Authorization: Bearer …`."


class TokenDesk:
    """Every write is checked, recorded, and in force here when it returns; elsewhere within a second."""

    def __init__(self, register: Register, tokens: AccessTokens, clock: Clock) -> None:
        self._register = register
        self._tokens = tokens
        self._clock = clock

    async def list(self, actor: Actor) -> list[AccessToken]:
        """Return every token that the actor sees, oldest first, revoked ones too."""
        require(actor, Action.TOKENS_READ)
        return [token for token in await self._tokens.all() if sees(actor, token.team)]

    async def create(
        self, actor: Actor, *, name: str, role: Role, team: str | None, expires_ms: int | None, reason: str
    ) -> tuple[AccessToken, str]:
        """
        Make an access token; return it with its secret, which nobody can show again.

        Args:
            team: None, the whole organisation, is for admins and auditors only.

        Raises NotPermitted, InvalidRequest or Conflict.
        """
        require(actor, Action.TOKENS_WRITE)
        checked_reason(reason)
        if not sees(actor, team):
            raise NotPermitted(f"An {actor.role} of team {actor.team} makes access tokens of that team only.")
        now_ms = self._clock.now_ms()
        await self._check(name, role, team, expires_ms, now_ms)
        secret = new_secret(SECRET_PREFIX)
        token = AccessToken(
            name=name,
            role=role,
            team=team,
            digest=digest_of(secret),
            created_ms=now_ms,
            created_by=actor.name,
            expires_ms=expires_ms,
            prefix=secret[:PREFIX_CHARACTERS],
        )
        try:
            await self._tokens.add(token, self._change(actor, token, None, reason))
        except ValueError:
            raise Conflict(f"There is an access token {name!r} already.") from None
        await self._register.refresh()
        return token, secret

    async def revoke(self, actor: Actor, name: str, *, reason: str) -> AccessToken:
        """End a token for good. Raises NotPermitted, InvalidRequest or NotFound."""
        require(actor, Action.TOKENS_WRITE)
        checked_reason(reason)
        found = [token for token in await self._tokens.all() if token.name == name and token.revoked_ms is None]
        before = next((token for token in found if sees(actor, token.team)), None)
        if before is None:
            raise _not_found(name)
        after = replace(before, revoked_ms=self._clock.now_ms())
        assert after.revoked_ms is not None
        if not await self._tokens.revoke(name, after.revoked_ms, self._change(actor, after, before, reason)):
            raise _not_found(name)
        await self._register.refresh()
        return after

    async def _check(self, name: str, role: Role, team: str | None, expires_ms: int | None, now_ms: int) -> None:
        if checked_name(name) in RESERVED:  # it is the author of changes
            raise InvalidRequest(f"`name`: {name} stands for somebody else; take another.", param="name")
        if team is None and role not in WITHOUT_TEAM:
            raise InvalidRequest(f"`team`: a {role} belongs to a team; name it.", param="team")
        if team is not None and team not in self._register.governance.teams:
            raise InvalidRequest(f"`team`: there is no team {team!r}.", param="team")
        if expires_ms is not None and expires_ms <= now_ms:
            raise InvalidRequest("`expires`: this moment is past.", param="expires")
        if sum(token.revoked_ms is None for token in await self._tokens.all()) >= TOKENS_MAX:
            raise Conflict(f"There are {TOKENS_MAX} access tokens, and no more are made; revoke some.")

    def _change(self, actor: Actor, after: AccessToken, before: AccessToken | None, reason: str) -> Change:
        return Change(
            kind="token",
            name=after.name,
            author=actor.name,
            reason=reason,
            at_ms=self._clock.now_ms(),
            team=after.team,
            before=None if before is None else encode(token_document(before)),
            after=encode(token_document(after)),
        )


class Badges:
    """
    Who is this? The admin token and the access tokens in force, in memory.

    Every secret costs the same, right or wrong: one hash, one comparison, one look-up.
    """

    def __init__(self, register: Register, admin_token: Secret | None) -> None:
        self._register = register
        self._governance: Governance | None = None
        self.put_in_force(admin_token)
        self._tokens: Mapping[bytes, AccessToken] = {}
        self._used: dict[str, int] = {}

    def put_in_force(self, admin_token: Secret | None) -> None:
        """From now on this is the admin token."""
        self._admin = digest_of(admin_token.reveal()) if admin_token else None

    def identify(self, authorization: str | None, now_ms: int) -> Actor:
        """Read the value of an `Authorization` header. Raises InvalidApiKey."""
        tokens = self._in_force()
        if self._admin is None and not tokens:
            raise InvalidApiKey(NONE_SET)
        scheme, _, given = (authorization or "").partition(" ")
        digest = digest_of(given.strip()[: SECRET_CHARACTERS_MAX + 1])
        is_admin = compare_digest(digest, self._admin or bytes(len(digest))) and self._admin is not None
        token = tokens.get(digest)
        if scheme.lower() != "bearer" or not (is_admin or token):
            raise InvalidApiKey(NOT_IT)
        if is_admin or token is None:
            return ADMIN
        if token.expires_ms is not None and token.expires_ms <= now_ms:
            raise InvalidApiKey(NOT_IT)
        self._used[token.name] = max(now_ms, self._used.get(token.name, 0))
        return Actor(token.name, token.role, token.team)

    def drain_used(self) -> dict[str, int]:
        """Return when tokens were last used since the last time this was asked, by name."""
        used, self._used = self._used, {}
        return used

    def _in_force(self) -> Mapping[bytes, AccessToken]:
        governance = self._register.governance
        if governance is not self._governance:
            self._tokens = {token.digest: token for token in governance.tokens if token.revoked_ms is None}
            self._governance = governance
        return self._tokens


def _not_found(name: str) -> NotFound:
    return NotFound(f"There is no access token {name[:80]!r}.")
