"""A prompt as read from its files."""

from collections.abc import Mapping
from dataclasses import dataclass

REF_HASH_CHARS = 12
"""48 bits of the version stand in a reference: enough to tell the versions of one prompt apart, short enough to read."""


@dataclass(frozen=True, slots=True)
class Example:
    """One worked case: what stands in the variables, and the answer expected."""

    input: Mapping[str, object]
    output: object


@dataclass(frozen=True, slots=True)
class Prompt:
    """
    A prompt that has been read and checked.

    Args:
        place: where its files are, for messages to the operator.
        version: hash of its content (SHA-256, hex), the same on every operating system.
        modules: the templates' text by file name without `.md`; `task` is always there, `system` usually.
        schema: what the answer must satisfy; None if any text will do.
        parameters: members of the request's body (`temperature`…).
    """

    name: str
    place: str
    version: str
    modules: Mapping[str, str]
    examples: tuple[Example, ...] = ()
    schema: Mapping[str, object] | None = None
    parameters: Mapping[str, object] | None = None

    @property
    def ref(self) -> str:
        """As recorded on calls and runs: `name@hash`."""
        return f"{self.name}@{self.version[:REF_HASH_CHARS]}"
