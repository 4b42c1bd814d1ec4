"""
Session tokens: what a web page may hold instead of a key.

    ths-  base64url of  HMAC-SHA256 (32 bytes)  what it says (MessagePack)

Nothing of a session is stored: whoever has the store's session secret reads the token, and the governance in force
decides whether it is still good (directory.py).
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Final

import msgspec

from tollhouse.domain.errors import InvalidRequest
from tollhouse.domain.governance import LIVE, Budget, Key, Rate, Session, UseCase
from tollhouse.domain.ids import new_id
from tollhouse.domain.periods import Period, PeriodKind
from tollhouse.ports.sealer import Sealer
from tollhouse.ports.store_mark import StoreMarks

PREFIX: Final = b"ths-"
MAX_TOKEN_BYTES = 8_192
"""The largest that we make has about 5,000; a longer one is refused before anything is computed."""

NO_RATE = Rate()

DEFAULT_LIFE_S = 300
MAX_LIFE_S = 900
"""A page asks its back end again; a token that leaks is of use for no longer."""
MAX_ORIGINS = 8
MAX_TEXT_CHARS = 256
"""Of an origin, which has at most 253 letters of host, and of a use case's name."""
MAX_SUBJECT_CHARS = 256

WINDOW_BEFORE_MS = 60_000
"""A session's budget begins before it: another replica's clock may be behind ours."""
WINDOW_AFTER_MS = 3_600_000
"""And ends after it: a call that entered in its last second may go on, and what it costs belongs to the session."""

SECRET_BYTES = 32
PLAIN_MARK, SEALED_MARK = "session_secret", "session_secret_sealed"
"""Two marks, two secrets: with a master key, what lies open in the store from before it signs nothing."""

_MAC_BYTES: Final = hashlib.sha256().digest_size
_PARENT_BYTES: Final = 16
_ABOUT_TOKENS: Final = b"tollhouse session token 1\0"
_ABOUT_PARENTS: Final = b"tollhouse session parent 1\0"
"""What a code is for stands in it, so that none can be taken for the other."""


@dataclass(frozen=True, slots=True)
class SessionWish:
    """What a back end asks for. It only narrows: the limits of key, use case, team and organisation hold as well."""

    use_case: str
    origins: tuple[str, ...]
    life_s: int = DEFAULT_LIFE_S
    subject: str | None = None
    rate: Rate = NO_RATE
    budget_nanousd: int | None = None


def grant(wish: SessionWish, key: Key, digest: bytes, use_case: UseCase, now_ms: int) -> Session:
    """Return the session of a wish that is within its bounds. Raises InvalidRequest if the use case does not fit it."""
    if use_case.state != LIVE:
        raise InvalidRequest(f"The use case {use_case.name} is {use_case.state}, not live.", param="use_case")
    strange = [origin for origin in wish.origins if origin not in use_case.origins]
    if strange:
        named = ", ".join(use_case.origins) or "none, so that no page may call it"
        raise InvalidRequest(
            f"The use case {use_case.name} does not name the origin {strange[0]!r}; its `origins` are: {named}.",
            param="origins",
        )
    expires_ms = now_ms + wish.life_s * 1000
    return Session(
        id=new_id("ses"),
        key=key.name,
        parent_digest=digest,
        use_case=use_case.name,
        origins=wish.origins,
        issued_ms=now_ms,
        expires_ms=expires_ms,
        subject=wish.subject,
        rate=wish.rate,
        budget=None if wish.budget_nanousd is None else _budget(wish.budget_nanousd, now_ms, expires_ms),
    )


class Said(msgspec.Struct, frozen=True, array_like=True):
    """
    What a token says. New members go to the end.

    `parent` stands for the digest of the parent key's secret. It is a code and not the digest, because a page's users
    can read it and might guess a short secret from that.
    """

    id: str
    key: str
    parent: bytes
    use_case: str
    origins: tuple[str, ...]
    issued_ms: int
    expires_ms: int
    subject: str | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None
    budget_nanousd: int | None = None

    def session(self, parent_digest: bytes) -> Session:
        return Session(
            id=self.id,
            key=self.key,
            parent_digest=parent_digest,
            use_case=self.use_case,
            origins=self.origins,
            issued_ms=self.issued_ms,
            expires_ms=self.expires_ms,
            subject=self.subject,
            rate=Rate(self.requests_per_minute, self.tokens_per_minute, self.concurrency),
            budget=self._budget(),
        )

    def _budget(self) -> Budget | None:
        limit = self.budget_nanousd
        return None if limit is None else _budget(limit, self.issued_ms, self.expires_ms)


class SessionSigner:
    """Makes tokens and reads them. `secret` is the store's: tokens of another store mean nothing here."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._decode = msgspec.msgpack.Decoder(Said).decode

    def sign(self, session: Session) -> str:
        body = msgspec.msgpack.encode(self._said(session))
        return (PREFIX + _text_of(self._code(_ABOUT_TOKENS + body) + body)).decode()

    def read(self, token: bytes) -> Said | None:
        """Return what it says, or None if it was not made with this secret, exactly as it stands."""
        if len(token) > MAX_TOKEN_BYTES:
            return None
        signed = _bytes_of(token[len(PREFIX) :])
        code, body = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
        return self._decode(body) if hmac.compare_digest(self._code(_ABOUT_TOKENS + body), code) else None

    def is_parent(self, said: Said, digest: bytes) -> bool:
        return hmac.compare_digest(said.parent, self._parent(digest))

    def _said(self, session: Session) -> Said:
        return Said(
            session.id,
            session.key,
            self._parent(session.parent_digest),
            session.use_case,
            session.origins,
            session.issued_ms,
            session.expires_ms,
            session.subject,
            session.rate.requests_per_minute,
            session.rate.tokens_per_minute,
            session.rate.concurrency,
            session.budget.limit_nanousd if session.budget else None,
        )

    def _parent(self, digest: bytes) -> bytes:
        return self._code(_ABOUT_PARENTS + digest)[:_PARENT_BYTES]

    def _code(self, text: bytes) -> bytes:
        return hmac.digest(self._secret, text, "sha256")


async def open_session_secret(marks: StoreMarks, sealer: Sealer | None) -> bytes:
    """
    Return the secret that all replicas on this store share; the first one makes it.

    Raises StoreUnavailable, or WrongMasterKey if the master key does not open it.
    """
    name = PLAIN_MARK if sealer is None else SEALED_MARK
    there = await marks.get(name)
    if there is None:
        made = os.urandom(SECRET_BYTES)
        there = await marks.put_if_absent(name, made if sealer is None else sealer.seal(made, SEALED_MARK))
    return there if sealer is None else sealer.open(there, SEALED_MARK)


def _budget(limit_nanousd: int, issued_ms: int, expires_ms: int) -> Budget:
    window = Period(PeriodKind.TOTAL, issued_ms - WINDOW_BEFORE_MS, expires_ms + WINDOW_AFTER_MS)
    return Budget(limit_nanousd, PeriodKind.TOTAL, window=window)


def _text_of(signed: bytes) -> bytes:
    return urlsafe_b64encode(signed).rstrip(b"=")


def _bytes_of(text: bytes) -> bytes:
    """Read base64url as `_text_of` writes it; anything else gives nothing, so that every token has one spelling."""
    try:
        signed = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except NotBase64:
        return b""
    return signed if _text_of(signed) == text else b""
