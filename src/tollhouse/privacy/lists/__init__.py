"""
Word lists: names of persons, places, everyday words. README.md says where each comes from and how they are built.

They are read when a recogniser first needs them, not at import.
"""


def read(name: str) -> list[str]:
    """Return the lines of one list: `given_names`, `surnames`, `places` or `words`."""
    import gzip
    from importlib.resources import files

    packed = files(__name__).joinpath(f"{name}.txt.gz").read_bytes()
    return gzip.decompress(packed).decode().split("\n")


def read_bits(name: str) -> bytes:
    """Return a list that is kept as a `WordSet`: `english`, `german` or `french`."""
    from importlib.resources import files

    return files(__name__).joinpath(f"{name}.bits").read_bytes()
