"""The desk where callers' keys are made, changed, rotated and revoked. A secret is returned once; only its SHA-256 is kept."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256

from tollhouse.domain.errors import Conflict, InvalidRequest, ManagedByFile, NotFound, NotPermitted
from tollhouse.domain.governance import FILE, Budget, Key, Rate
from tollhouse.domain.names import meant
from tollhouse.domain.roles import Actor
from tollhouse.ports.changes import Change
from tollhouse.ports.clock import Clock
from tollhouse.ports.keys import KeyStore

from .desk import checked_name, checked_reason
from .documents import encode, key_document
from .fields import writable
from .register import Register
from .roles import Action, require, sees

SECRET_BYTES = 32
"""256 bits: nobody guesses it, so a plain SHA-256 is enough to keep."""
SECRET_PREFIX = "th-"  # noqa: S105 - how every secret begins
PREFIX_CHARACTERS = 8
"""Of a secret, shown in lists so that people know which one they hold: `th-` and 30 of its 256 bits."""
OVERLAP_MS_MAX = 30 * 86_400_000
"""Thirty days: a rotation that nobody has carried through by then has been forgotten."""
KEYS_MAX = 100_000
"""Unrevoked ones; every server holds all of them in memory."""


NO_RATE = Rate()


class Unchanged(Enum):
    """Says that a member is to stay as it is; None would say that it is to go."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """What a new key is to be. No `use_cases`: every one of the team; `models` None: every one of the use case."""

    name: str
    team: str
    use_cases: tuple[str, ...] = ()
    models: tuple[str, ...] | None = None
    budget: Budget | None = None
    rate: Rate = NO_RATE
    expires_ms: int | None = None


class KeyDesk:
    """Every write is checked, recorded, and in force here when it returns; elsewhere within a second."""

    def __init__(self, register: Register, keys: KeyStore, clock: Clock) -> None:
        self._register = register
        self._keys = keys
        self._clock = clock

    async def list(self, actor: Actor) -> list[Key]:
        """Return every key that the actor sees: the file's, then the store's from the oldest, revoked ones too."""
        require(actor, Action.KEYS_READ)
        in_file = [key for key in self._register.governance.keys if key.managed == FILE]
        return [key for key in [*in_file, *await self._keys.all()] if sees(actor, key.team)]

    async def create(self, actor: Actor, wish: KeyWish, *, reason: str) -> tuple[Key, str]:
        """Make a key; return it with its secret, which nobody can show again. Raises as the desk's `put` does."""
        require(actor, Action.KEYS_WRITE)
        checked_reason(reason)
        if not sees(actor, wish.team):
            raise NotPermitted(f"A {actor.role} of team {actor.team} makes keys of that team only.")
        await self._refuse_name(wish)
        secret, now_ms = new_secret(SECRET_PREFIX), self._clock.now_ms()
        key = Key(
            name=wish.name,
            team=wish.team,
            digest=digest_of(secret),
            use_cases=wish.use_cases,
            models=wish.models,
            budget=wish.budget,
            rate=wish.rate,
            expires_ms=wish.expires_ms,
            created_ms=now_ms,
            created_by=actor.name,
            prefix=secret[:PREFIX_CHARACTERS],
        )
        self._check(key, now_ms)
        try:
            await self._keys.add(key, self._change(actor, key, None, reason))
        except ValueError:
            raise Conflict(f"There is a key {key.name!r} already.") from None
        await self._register.refresh()
        return key, secret

    async def rotate(self, actor: Actor, name: str, *, overlap_ms: int, reason: str) -> tuple[Key, str]:
        """
        Give a key a new secret; return both.

        Args:
            overlap_ms: how long the old secret stays good, 0 to 30 days. The one before it ends now.
        """
        if not 0 <= overlap_ms <= OVERLAP_MS_MAX:
            raise InvalidRequest(f"`overlap_ms`: write 0 to {OVERLAP_MS_MAX}.", param="overlap_ms")
        before = await self._changeable(actor, name, reason)
        secret = new_secret(SECRET_PREFIX)
        after = replace(
            before,
            digest=digest_of(secret),
            prefix=secret[:PREFIX_CHARACTERS],
            previous_digest=before.digest if overlap_ms else None,
            previous_until_ms=self._clock.now_ms() + overlap_ms if overlap_ms else None,
        )
        return await self._update(actor, before, after, reason), secret

    async def change(
        self,
        actor: Actor,
        name: str,
        *,
        use_cases: tuple[str, ...] | Unchanged = UNCHANGED,
        models: tuple[str, ...] | Unchanged | None = UNCHANGED,
        budget: Budget | Unchanged | None = UNCHANGED,
        rate: Rate | Unchanged = UNCHANGED,
        expires_ms: int | Unchanged | None = UNCHANGED,
        reason: str,
    ) -> Key:
        """Change what a key may do. Raises NotPermitted, NotFound, ManagedByFile or InvalidRequest."""
        before = await self._changeable(actor, name, reason)
        after = before
        if not isinstance(use_cases, Unchanged):
            after = replace(after, use_cases=use_cases)
        if not isinstance(models, Unchanged):
            after = replace(after, models=models)
        if not isinstance(budget, Unchanged):
            after = replace(after, budget=budget)
        if not isinstance(rate, Unchanged):
            after = replace(after, rate=rate)
        if not isinstance(expires_ms, Unchanged):
            after = replace(after, expires_ms=expires_ms)
        now_ms = self._clock.now_ms()
        self._check(after, now_ms if after.expires_ms != before.expires_ms else 0)
        for field in _changed(before, after):
            if not writable(actor.role, "key", field, own_team=sees(actor, before.team)):
                raise NotPermitted(f"The role {actor.role} may not write `{field}` of a key.")
        return await self._update(actor, before, after, reason)

    async def revoke(self, actor: Actor, name: str, *, reason: str) -> Key:
        """End a key for good, both secrets. Calls under way go on."""
        before = await self._changeable(actor, name, reason)
        return await self._update(actor, before, replace(before, revoked_ms=self._clock.now_ms()), reason)

    async def _changeable(self, actor: Actor, name: str, reason: str) -> Key:
        require(actor, Action.KEYS_WRITE)
        checked_reason(reason)
        in_file = [key for key in self._register.governance.keys if key.managed == FILE]
        if any(key.name == name and sees(actor, key.team) for key in in_file):
            raise ManagedByFile(f"The key {name!r} is defined in {self._register.composed.file}; change it there.")
        live = {key.name: key for key in await self._keys.all() if key.revoked_ms is None and sees(actor, key.team)}
        if name in live:
            return live[name]
        raise _not_found(name, meant(name, live))

    async def _update(self, actor: Actor, before: Key, after: Key, reason: str) -> Key:
        if not await self._keys.update(after, self._change(actor, after, before, reason), was=before):
            raise Conflict(f"The key {before.name!r} was changed meanwhile; read it again, and decide again.")
        await self._register.refresh()
        return after

    async def _refuse_name(self, wish: KeyWish) -> None:
        name = checked_name(wish.name)
        in_file = [key for key in self._register.governance.keys if key.managed == FILE]
        stored = await self._keys.all()
        live = [*in_file, *(key for key in stored if key.revoked_ms is None)]
        # A revoked key's name is its team's: what was booked under it must not count for another team's key.
        if any(key.name == name for key in live) or any(key.name == name and key.team != wish.team for key in stored):
            raise Conflict(f"There is a key {name!r} already.")
        if len(live) >= KEYS_MAX:
            raise Conflict(f"There are {KEYS_MAX} keys, and no more are made; revoke some.")

    def _check(self, key: Key, now_ms: int) -> None:
        """Raises InvalidRequest for a team, use case or model that is not there, and for an end before `now_ms`."""
        governance = self._register.governance
        if key.team not in governance.teams:
            hint = meant(key.team, governance.teams)
            raise InvalidRequest(f"`team`: there is no team {key.team!r}{hint}", param="team")
        own = [name for name, use_case in governance.use_cases.items() if use_case.team == key.team]
        for name in key.use_cases:
            if name not in own:
                hint = meant(name, own)
                raise InvalidRequest(f"`use_cases`: team {key.team} has no use case {name!r}{hint}", param="use_cases")
        for name in key.models or ():
            if name not in governance.routes:
                hint = meant(name, governance.routes)
                raise InvalidRequest(f"`models`: there is no model {name!r}{hint}", param="models")
        if key.expires_ms is not None and key.expires_ms <= now_ms:
            raise InvalidRequest("`expires`: this moment is past; to end a key now, revoke it.", param="expires")

    def _change(self, actor: Actor, after: Key, before: Key | None, reason: str) -> Change:
        return Change(
            kind="key",
            name=after.name,
            author=actor.name,
            reason=reason,
            at_ms=self._clock.now_ms(),
            team=after.team,
            before=None if before is None else encode(key_document(before)),
            after=encode(key_document(after)),
        )


def new_secret(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _changed(before: Key, after: Key) -> list[str]:
    members: Mapping[str, tuple[object, object]] = {
        "use_cases": (before.use_cases, after.use_cases),
        "models": (before.models, after.models),
        "budget": (before.budget, after.budget),
        "rate": (before.rate, after.rate),
        "expires": (before.expires_ms, after.expires_ms),
    }
    return [name for name, (was, is_now) in members.items() if was != is_now]


def _not_found(name: str, hint: str = "") -> NotFound:
    return NotFound(f"There is no key {name[:80]!r}{hint or '.'}")
