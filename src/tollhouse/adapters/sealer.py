"""Text at rest: AES-256-GCM under the master key, and the proof that a master key is a store's own."""

import base64
import binascii
import hashlib
import os
from typing import TYPE_CHECKING

from tollhouse.domain.errors import ConfigError, WrongMasterKey
from tollhouse.ports.sealer import Sealer
from tollhouse.ports.store_mark import StoreMarks

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
KEY_BYTES = 32
KEY_ID_BYTES = 4
"""Enough to say "another key" instead of "damaged"; it gives nothing of the key away."""
NONCE_BYTES = 12
"""96 random bits, as NIST SP 800-38D has them: under one key up to 2^32 texts are sealed with no repeat to fear."""
TAG_BYTES = 16

MARK = "master_key"
"""The store's mark that only its own master key opens."""
KNOWN_TEXT = b"tollhouse"


class AesGcmSealer:
    """
    Sealer with one key. A sealed text is version (1 byte), key id (4), nonce (12), ciphertext and tag (16).

    Version, key id and context are authenticated with it.
    """

    def __init__(self, cipher: "AESGCM", key_id: bytes) -> None:
        self._cipher = cipher
        self._head = bytes([VERSION]) + key_id

    def seal(self, plain: bytes, context: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, plain, self._head + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        head, rest = sealed[: len(self._head)], sealed[len(self._head) :]
        if len(rest) < NONCE_BYTES + TAG_BYTES or head[:1] != bytes([VERSION]):
            raise WrongMasterKey("A stored text is damaged, or a newer tollhouse sealed it: it does not open.")
        if head != self._head:
            raise WrongMasterKey(
                f"A stored text was sealed under another `privacy.master_key` (id {head[1:].hex()}; "
                f"the one given has id {self._head[1:].hex()})."
            )
        try:
            return self._cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + context.encode())
        except InvalidTag:
            raise WrongMasterKey("A stored text does not open: it was changed, or it belongs to another row.") from None


def open_sealer(master_key: str) -> Sealer:
    """Return the sealer of a master key: 32 bytes in base64, standard or URL-safe. Raises ConfigError, which never shows it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = _key_bytes(master_key)
    return AesGcmSealer(AESGCM(key), hashlib.sha256(b"tollhouse key id\0" + key).digest()[:KEY_ID_BYTES])


async def prove_master_key(sealer: Sealer, marks: StoreMarks) -> None:
    """Show that this key is the store's own; a store without one takes it for ever. Raises WrongMasterKey."""
    mark = await marks.put_if_absent(MARK, sealer.seal(KNOWN_TEXT, MARK))
    try:
        opened = sealer.open(mark, MARK)
    except WrongMasterKey as error:
        raise _not_the_stores(error.message) from error
    if opened != KNOWN_TEXT:
        raise _not_the_stores("Its mark says something else.")


def _not_the_stores(why: str) -> WrongMasterKey:
    return WrongMasterKey(
        f"`privacy.master_key` does not open this store: {why} Set the key with which the store was made "
        "(TOLLHOUSE_MASTER_KEY in `.env`), or name another store under `storage`."
    )


def _key_bytes(text: str) -> bytes:
    compact = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(
            "`privacy.master_key` is not 32 bytes in base64. Make one with: "
            "python3 -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())'"
        )
    return key
