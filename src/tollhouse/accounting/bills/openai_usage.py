"""
OpenAI's usage export: tokens by model and bucket, without amounts.

`GET /v1/organization/usage/completions` (also `embeddings`, `moderations`) with `group_by=model`. Buckets are a minute,
an hour or a day. Source: OpenAI's API reference, "Usage".
"""

from collections.abc import Iterator

from .line import BillLine, BillUnreadable, check_text, check_tokens
from .openai_page import Result, is_page, results

KINDS = frozenset(f"organization.usage.{name}.result" for name in ("completions", "embeddings", "moderations"))


def recognises(data: bytes) -> bool:
    """Pages of empty buckets are taken for usage too: they have no lines either way."""
    return is_page(data)


def read(data: bytes) -> Iterator[BillLine]:
    """Raises BillUnreadable."""
    for result in results(data):
        if result.object not in KINDS:
            raise BillUnreadable(result.place, f"`object` is {result.object[:60]!r}; tokens are in {_names()}")
        yield _line(result)


def _line(result: Result) -> BillLine:
    model = result.text("model")
    return BillLine(
        place=result.place,
        model=None if model is None else check_text(result.place, "model", model),
        from_ms=result.from_ms,
        to_ms=result.to_ms,
        tokens_in=_tokens(result, "input_tokens"),
        tokens_out=_tokens(result, "output_tokens", is_optional=True),
        tokens_cached=_tokens(result, "input_cached_tokens", is_optional=True),
    )


def _tokens(result: Result, name: str, *, is_optional: bool = False) -> int:
    """Embeddings and moderations have no output and tell no cached input."""
    found = result.members.get(name)
    return 0 if found is None and is_optional else check_tokens(result.place, name, found)


def _names() -> str:
    return ", ".join(sorted(KINDS))
