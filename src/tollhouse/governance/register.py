"""What is in force: the file's governance with the store's objects, keys and tokens laid over it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tollhouse.domain.governance import FILE, Governance, Key
from tollhouse.domain.roles import AccessToken
from tollhouse.ports.access_tokens import AccessTokens
from tollhouse.ports.changes import Change, Changes
from tollhouse.ports.keys import KeyStore
from tollhouse.ports.objects import ObjectStore, StoredObject

Place = tuple[str, str]
"""Kind and name of an object."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a stored object does not fit. `path`: the dotted member of its document; empty for the whole."""

    kind: str
    name: str
    path: str
    message: str

    @property
    def place(self) -> Place:
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class Composed:
    """
    What the file and the stored objects say together.

    Args:
        left_out: one sentence for each object that does not fit the file any more.
        misfits: the same by its place.
        in_file: what the file defines, in its own shape, without secrets.
        file: where the file is.
    """

    governance: Governance
    left_out: tuple[str, ...] = ()
    misfits: Mapping[Place, str] = field(default_factory=dict)
    in_file: Mapping[Place, Mapping[str, object]] = field(default_factory=dict)
    file: str = "the configuration file"


Compose = Callable[[Sequence[StoredObject]], Composed]
"""Lays stored objects over the file. It never fails: what does not fit is left out and said."""

Validate = Callable[[Sequence[StoredObject]], Sequence[Misfit]]
"""Says what does not fit if the store held these objects."""


class Register:
    """
    Renewed by `refresh`, which a server calls several times a second: one cheap query unless something has changed.

    Args:
        on_change: told of every new state, before `refresh` returns.
    """

    def __init__(
        self,
        *,
        compose: Compose,
        objects: ObjectStore,
        keys: KeyStore,
        tokens: AccessTokens,
        changes: Changes,
        on_change: Callable[[Governance], None] = lambda governance: None,
    ) -> None:
        self.on_change = on_change
        self._compose = compose
        self._objects = objects
        self._keys = keys
        self._tokens = tokens
        self._changes = changes
        self._seen: Sequence[StoredObject] = ()
        self._keys_seen: Sequence[Key] = ()
        self._tokens_seen: Sequence[AccessToken] = ()
        self._laid = compose(())  # without keys and tokens
        self._composed = self._laid
        self._revision: int | None = None

    @property
    def governance(self) -> Governance:
        return self._composed.governance

    @property
    def composed(self) -> Composed:
        return self._composed

    @property
    def left_out(self) -> tuple[str, ...]:
        return self._composed.left_out

    async def refresh(self) -> None:
        """Read everything again if it has changed. Raises StoreUnavailable; what was in force then stays so."""
        revision = await self._changes.revision()
        if revision == self._revision:
            return
        objects = await self._objects.all()
        if objects != self._seen:  # a new key costs no new look at thousands of objects
            self._laid, self._seen = self._compose(objects), objects
        keys = [key for key in await self._keys.all() if key.revoked_ms is None]
        tokens = [token for token in await self._tokens.all() if token.revoked_ms is None]
        self._keys_seen, self._tokens_seen, self._revision = keys, tokens, revision
        self._put_in_force()

    def lay_again(self) -> None:
        """The file says something else: lay over it what the store was last seen to hold, without asking it."""
        self._laid = self._compose(self._seen)
        self._put_in_force()

    def _put_in_force(self) -> None:
        composed = _with_keys(self._laid, self._keys_seen)
        governance = replace(composed.governance, tokens=tuple(self._tokens_seen), revision=self._revision or 0)
        self._composed = replace(composed, governance=governance)
        self.on_change(governance)

    async def last_change(self, kind: str, name: str) -> Change | None:
        """Return the newest change of an object."""
        newest = await self._changes.list(kind=kind, name=name, limit=1)
        return newest[0] if newest else None


def _with_keys(laid: Composed, stored: Sequence[Key]) -> Composed:
    """
    Add the store's keys to the file's. Of two keys of one name the file's counts.

    A key whose use cases are gone stays, good for what is left of them; one whose team is gone is refused when it calls.
    """
    in_file = {key.name for key in laid.governance.keys if key.managed == FILE}
    keys = [key for key in stored if key.name not in in_file]
    told = [_told(key, laid) for key in stored]
    governance = replace(laid.governance, keys=(*laid.governance.keys, *keys))
    return replace(laid, governance=governance, left_out=(*laid.left_out, *filter(None, told)))


def _told(key: Key, laid: Composed) -> str | None:
    """Say what is wrong with a stored key, if anything is."""
    governance = laid.governance
    if any(key.name == other.name for other in governance.keys):
        return f"The stored key {key.name!r} is left out: {laid.file} defines a key of this name."
    if key.team not in governance.teams:
        return f"The stored key {key.name!r} is refused: its team {key.team!r} does not exist any more."
    gone = [name for name in key.use_cases if name not in governance.use_cases]
    if gone:
        return f"The stored key {key.name!r} names use cases that do not exist any more: {', '.join(gone)}."
    return None
