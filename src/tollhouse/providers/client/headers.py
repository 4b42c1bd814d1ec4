"""The headers of an answer as they came, looked up without regard to case."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

Default = TypeVar("Default")

Field = tuple[bytes, bytes]
"""A name in lower case, and its value."""


class Headers(Mapping[str, str]):
    """Decodes what is asked for, for an answer has twenty and we look at three; the first of a name counts."""

    __slots__ = ("_by_name",)

    def __init__(self, fields: list[Field]) -> None:
        self._by_name = dict(reversed(fields))

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower().encode("latin-1", "replace")].decode("latin-1")

    def get(self, name: str, default: Default | None = None) -> str | Default | None:  # type: ignore[override]
        """As every mapping's, which raises and catches an error for each header that is not there."""
        value = self._by_name.get(name.lower().encode("latin-1", "replace"))
        return default if value is None else value.decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in reversed(self._by_name))

    def __len__(self) -> int:
        return len(self._by_name)
