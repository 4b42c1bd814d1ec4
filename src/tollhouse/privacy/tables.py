"""Tables of words as they are easiest to read and to extend: as text."""


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def phrases(text: str) -> frozenset[str]:
    """Return what stands between `|`, spaces and all."""
    return frozenset(text.split("|"))
