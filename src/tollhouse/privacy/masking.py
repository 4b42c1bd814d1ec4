"""The reversible map of one call: which placeholder stands for which original."""

from collections.abc import Collection, Iterable, Set
from json.encoder import encode_basestring

from tollhouse.domain.privacy import Placeholders

from .placeholders import find

NOTHING_TAKEN: frozenset[str] = frozenset()
NONE_YET = Placeholders()


class Masking:
    """
    Placeholders are numbered by type, in the order in which their values first appear; the same value has the same one.

    The same request gets the same placeholders again. Of other calls it knows only what it is given.
    """

    __slots__ = ("_first", "_last", "_names", "_taken", "has_delicate", "originals")

    def __init__(self, taken: Set[str] = NOTHING_TAKEN, earlier: Placeholders = NONE_YET) -> None:
        """
        Args:
            taken: names that the caller's own text has: they stay the caller's.
            earlier: what the conversation has already; its values keep their names.
        """
        self.originals: dict[str, str] = {}
        """By name, without brackets: `PERSON_1`."""
        self.has_delicate = False
        """Has it an original that looks otherwise inside JSON text?"""
        self._names: dict[tuple[str, str], str] = {}
        self._last: dict[str, int] = {}
        self._first = earlier.first
        self._taken = taken
        for name, value in earlier.originals.items():
            kind, _, number = name.rpartition("_")
            self._add(kind, int(number), value)

    @property
    def placeholders(self) -> Placeholders:
        return Placeholders(self._first, dict(self.originals))

    @property
    def types(self) -> Collection[str]:
        return self._last

    def name(self, kind: str, value: str) -> str:
        """Return the name under which a value of this type goes out."""
        known = self._names.get((kind, value))
        return known or self._new_name(kind, value)

    def _new_name(self, kind: str, value: str) -> str:
        number = self._last.get(kind, self._first - 1) + 1
        while f"{kind}_{number}" in self._taken:
            number += 1
        return self._add(kind, number, value)

    def _add(self, kind: str, number: int, value: str) -> str:
        name = f"{kind}_{number}"
        self._last[kind] = max(number, self._last.get(kind, 0))
        self._names[kind, value] = name
        self.originals[name] = value
        self.has_delicate = self.has_delicate or json_escaped(value) != value
        return name


def taken_in(texts: Iterable[str], types: Set[str]) -> frozenset[str]:
    """Return what a caller's texts already have that would be read as one of these types' placeholders."""

    def is_of_a_type(name: str) -> bool:
        return name.rpartition("_")[0] in types

    words = [kind.partition("_")[0].lower() for kind in types]
    suspect = [text for text in texts if any(map(text.lower().__contains__, words))]
    return frozenset(found.name for text in suspect for found in find(text, is_of_a_type))


def json_escaped(text: str) -> str:
    """Return a text as it stands between the quotes of a JSON string."""
    return encode_basestring(text)[1:-1]
