"""What a person may have meant by a name that does not exist."""

from collections.abc import Collection
from difflib import get_close_matches

MAX_LISTED = 10
"""Names worth reading in one sentence."""


def meant(name: str, known: Collection[str]) -> str:
    """Return the end of a sentence: `; did you mean 'x'?`, or what there is, or nothing if there is nothing."""
    close = get_close_matches(name[:80], list(known), n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not known:
        return ""
    listed = sorted(known)
    more = f" and {len(listed) - MAX_LISTED} more" if len(listed) > MAX_LISTED else ""
    return f"; there are {', '.join(listed[:MAX_LISTED])}{more}"
