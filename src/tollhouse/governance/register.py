"""What is in force: the file's governance with the store's objects, keys and tokens laid over it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tollhouse.domain.governance import Governance
from tollhouse.ports.access_tokens import AccessTokens
from tollhouse.ports.changes import Changes
from tollhouse.ports.keys import KeyStore
from tollhouse.ports.objects import ObjectStore, StoredObject


@dataclass(frozen=True, slots=True)
class Composed:
    """What the file and the stored objects say together, and one sentence for each object that does not fit the file any more."""

    governance: Governance
    left_out: tuple[str, ...] = ()


Compose = Callable[[Sequence[StoredObject]], Composed]
"""Lays stored objects over the file. It never fails: what does not fit is left out and said."""


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
        self._composed = compose(())
        self._revision: int | None = None

    @property
    def governance(self) -> Governance:
        return self._composed.governance

    @property
    def left_out(self) -> tuple[str, ...]:
        return self._composed.left_out

    async def refresh(self) -> None:
        """Read everything again if it has changed. Raises StoreUnavailable; what was in force then stays so."""
        revision = await self._changes.revision()
        if revision == self._revision:
            return
        composed = self._compose(await self._objects.all())
        keys = [key for key in await self._keys.all() if key.revoked_ms is None]
        tokens = [token for token in await self._tokens.all() if token.revoked_ms is None]
        governance = replace(
            composed.governance,
            keys=(*composed.governance.keys, *keys),
            tokens=tuple(tokens),
            revision=revision,
        )
        self._composed = replace(composed, governance=governance)
        self._revision = revision
        self.on_change(governance)
