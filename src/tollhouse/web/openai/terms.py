"""The request headers we understand, read into Terms."""

import re
from collections.abc import Mapping

from tollhouse.domain.errors import InvalidRequest
from tollhouse.gateway.terms import Terms
from tollhouse.web.asgi import Scope

MAX_TAGS = 20
MAX_TAG_CHARS = 128
MAX_SUBJECT_CHARS = 256
MAX_NAMED_CHARS = 256
"""Of a header that names a conversation; what is longer tells no more conversations apart."""
MAX_IDEMPOTENCY_KEY_CHARS = 255

USE_CASE = b"x-tollhouse-use-case"
TAGS = b"x-tollhouse-tags"
SUBJECT = b"x-tollhouse-subject"
IDEMPOTENCY_KEY = b"idempotency-key"
ORIGIN = b"origin"
OURS = frozenset({b"authorization", ORIGIN, USE_CASE, TAGS, SUBJECT, IDEMPOTENCY_KEY, b"traceparent"})


NOTHING: frozenset[bytes] = frozenset()

_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-[0-9a-f-]*)?")
"""W3C Trace Context, section 3.2: version, trace, parent and flags, and what later versions may add."""


def known_headers(scope: Scope, also: frozenset[bytes] = NOTHING) -> Mapping[bytes, bytes]:
    """Return the headers of a call that mean something to us, `also` among them; the first of each name."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in OURS or name in also:
            found.setdefault(name, value)
    return found


def read_terms(headers: Mapping[bytes, bytes], request_id: str) -> Terms:
    """Raises InvalidRequest naming the header that cannot be read."""
    if len(headers) == 1:  # nothing but the key: by far the most common call
        return Terms(request_id)
    return Terms(
        request_id=request_id,
        use_case=_text(headers, USE_CASE, MAX_TAG_CHARS),
        tags=_tags(headers),
        subject=_text(headers, SUBJECT, MAX_SUBJECT_CHARS),
        traceparent=_trace(headers),
        named=tuple(
            (name.decode("ascii"), value.decode("latin-1")[:MAX_NAMED_CHARS])
            for name, value in headers.items()
            if name not in OURS
        ),
    )


def idempotency_key(headers: Mapping[bytes, bytes]) -> str | None:
    return _text(headers, IDEMPOTENCY_KEY, MAX_IDEMPOTENCY_KEY_CHARS)


def _text(headers: Mapping[bytes, bytes], name: bytes, limit: int) -> str | None:
    value = headers.get(name)
    if value is None:
        return None
    text = value.decode("latin-1").strip()
    if not text or len(text) > limit or not text.isprintable():
        raise InvalidRequest(
            f"The header `{name.decode()}` must hold 1 to {limit} printable characters.", param=name.decode()
        )
    return text


def _trace(headers: Mapping[bytes, bytes]) -> str | None:
    """Read whose trace this call belongs to. What is no trace is not passed on: a provider would learn what it says."""
    text = _ascii(headers, b"traceparent", MAX_TAG_CHARS)
    return text if text is not None and _TRACE.fullmatch(text) else None


def _ascii(headers: Mapping[bytes, bytes], name: bytes, limit: int) -> str | None:
    """Read a header that we pass on."""
    text = _text(headers, name, limit)
    if text is not None and not text.isascii():
        raise InvalidRequest(f"The header `{name.decode()}` must be ASCII.", param=name.decode())
    return text


def _tags(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    value = headers.get(TAGS)
    if value is None:
        return {}
    pairs = [pair.strip() for pair in value.decode("latin-1").split(",") if pair.strip()]
    if len(pairs) > MAX_TAGS:
        raise _bad_tags(f"more than {MAX_TAGS} tags")
    return dict(_tag(pair) for pair in pairs)


def _tag(pair: str) -> tuple[str, str]:
    name, sign, value = (part.strip() for part in pair.partition("="))
    if not (name and sign and value):
        raise _bad_tags(f"{pair[:40]!r} is not `name=value`")
    if max(len(name), len(value)) > MAX_TAG_CHARS or not pair.isprintable():
        raise _bad_tags(f"a name or value is longer than {MAX_TAG_CHARS} characters or not printable")
    return name, value


def _bad_tags(what: str) -> InvalidRequest:
    return InvalidRequest(f"The header `x-tollhouse-tags` must be `k=v,…`: {what}.", param=TAGS.decode())
