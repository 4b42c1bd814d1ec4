"""What is governed and was made by API or command: teams, use cases, routes, prices, the organisation's budget."""

from dataclasses import dataclass
from typing import Protocol

from .changes import Change

KINDS = ("organisation", "team", "use_case", "route", "price")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """
    One object. `document` is JSON in the shape that the same thing has in the configuration file.

    The organisation's name is empty; a price's is its deployment's (`openai/gpt-5-mini`). `version` counts from 1.
    """

    kind: str
    name: str
    document: bytes
    version: int


class ObjectStore(Protocol):
    """Every write records its change and raises the revision (see `Changes.revision`) in one transaction."""

    async def all(self) -> list[StoredObject]: ...

    async def put(self, change: Change, *, expected_version: int) -> StoredObject:
        """
        Write `change.after` as the object's document.

        `expected_version` 0: it must not be there yet. Raises Conflict if it stands at another version.
        """
        ...

    async def delete(self, change: Change, *, expected_version: int) -> None:
        """Raises Conflict if it stands at another version, or nowhere."""
        ...
