"""The headers of an answer as they came, looked up without regard to case."""

from collections.abc import Iterator, Mapping

Field = tuple[bytes, bytes]
"""A name in lower case, and its value."""


class Headers(Mapping[str, str]):
    """Reads the list of fields when asked, for an answer has twenty and we look at two; the first of a name counts."""

    __slots__ = ("_fields",)

    def __init__(self, fields: list[Field]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        wanted = name.lower().encode("latin-1", "replace")
        for key, value in self._fields:
            if key == wanted:
                return value.decode("latin-1")
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.decode("latin-1") for key, _ in self._fields))

    def __len__(self) -> int:
        return len({key for key, _ in self._fields})
