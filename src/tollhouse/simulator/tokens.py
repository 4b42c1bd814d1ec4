"""
How the simulator counts tokens: a token is four bytes of UTF-8, the last one may be shorter.

The rule is its own, simple on purpose, and never gives more tokens than bytes. What it counts is what it reports and
what it bills. Text is counted as text; anything else (tools, images, a JSON schema) by the bytes of its JSON as sent.
"""

BYTES_PER_TOKEN = 4


def count(text: str) -> int:
    return of_bytes(size(text))


def of_bytes(length: int) -> int:
    return -(-length // BYTES_PER_TOKEN)


def size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def cut(text: str, limit: int) -> str:
    """Return the longest beginning of `text` that is at most `limit` tokens and does not split a character."""
    if size(text) <= limit * BYTES_PER_TOKEN:
        return text
    return text.encode()[: limit * BYTES_PER_TOKEN].decode(errors="ignore")
