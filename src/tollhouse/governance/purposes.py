"""Which purposes look like Annex III of Regulation (EU) 2024/1689. A warning for people, never a block."""


def annex_three(purpose: str) -> list[str]:
    """Return the areas of Annex III that a purpose looks like, in the annex's order."""
    return []
