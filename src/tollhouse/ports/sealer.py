"""Text at rest: authenticated encryption under the master key."""

from typing import Protocol


class Sealer(Protocol):
    def seal(self, plain: bytes, context: str) -> bytes:
        """`context` names the row; a sealed text moved to another row does not open."""
        ...

    def open(self, sealed: bytes, context: str) -> bytes:
        """Raises WrongMasterKey if key, text or context differ."""
        ...
