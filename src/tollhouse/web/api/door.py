"""Who may use `/api`: whoever holds the admin token."""

from hashlib import sha256
from hmac import compare_digest

from tollhouse.domain.errors import InvalidApiKey
from tollhouse.domain.providers import Secret

NONE_SET = (
    "This service has no admin token, so nobody can use /api. "
    "Set `server.admin_token` in its configuration and start it again."
)
NOT_IT = "The admin token is missing or wrong. Send it as `Authorization: Bearer …`."


class AdminDoor:
    """Compares digests in constant time; the token itself is not kept."""

    def __init__(self, token: Secret | None) -> None:
        self._digest = _digest(token.reveal()) if token else None

    def admit(self, authorization: str | None) -> None:
        """Raises InvalidApiKey."""
        if self._digest is None:
            raise InvalidApiKey(NONE_SET)
        scheme, _, given = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(_digest(given.strip()), self._digest):
            raise InvalidApiKey(NOT_IT)


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
