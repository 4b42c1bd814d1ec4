"""Text at rest opens under its own key and at its own place, and nowhere else."""

import base64

import pytest

from tollhouse.adapters.sealer import open_sealer, prove_master_key
from tollhouse.domain.errors import ConfigError, WrongMasterKey
from tollhouse.stores.memory import memory_stores

KEY_BYTES = bytes(range(200, 232))
KEY = base64.b64encode(KEY_BYTES).decode()
OTHER_KEY = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize("plain", [b"", b"text", bytes(range(256)) * 5000])
def test_what_is_sealed_opens_as_it_was(plain: bytes) -> None:
    sealer = open_sealer(KEY)

    sealed = sealer.seal(plain, "replay/ci/1")

    assert sealer.open(sealed, "replay/ci/1") == plain
    assert plain == b"" or plain not in sealed


def test_the_same_text_is_never_sealed_twice_alike() -> None:
    sealer = open_sealer(KEY)

    assert len({sealer.seal(b"text", "c") for _ in range(50)}) == 50


@pytest.mark.parametrize("written", [KEY, KEY.rstrip("="), base64.urlsafe_b64encode(KEY_BYTES).decode(), f" {KEY}\n"])
def test_a_key_is_one_key_however_it_is_written(written: str) -> None:
    assert open_sealer(written).open(open_sealer(KEY).seal(b"text", "c"), "c") == b"text"


@pytest.mark.parametrize("written", ["", "short", KEY[:-4], KEY + "AAAA", "é" * 43, "*" * 43, "A" * 42])
def test_a_key_that_is_not_32_bytes_is_refused_without_being_shown(written: str) -> None:
    with pytest.raises(ConfigError, match="32 bytes in base64") as refused:
        open_sealer(written)

    assert len(written) < 6 or written not in refused.value.message


def test_a_text_moved_to_another_row_does_not_open() -> None:
    sealer = open_sealer(KEY)

    with pytest.raises(WrongMasterKey, match="another row"):
        sealer.open(sealer.seal(b"text", "replay/ci/1"), "replay/ci/2")


def test_a_text_with_any_byte_changed_does_not_open() -> None:
    sealer = open_sealer(KEY)
    sealed = sealer.seal(b"text", "c")

    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(WrongMasterKey):
            sealer.open(bytes(changed), "c")
        with pytest.raises(WrongMasterKey):
            sealer.open(sealed[:place], "c")


def test_another_key_is_named_as_such() -> None:
    with pytest.raises(WrongMasterKey, match=r"another `privacy\.master_key`"):
        open_sealer(OTHER_KEY).open(open_sealer(KEY).seal(b"text", "c"), "c")


async def test_a_store_belongs_to_the_first_key_that_is_proved() -> None:
    stores = memory_stores()

    await prove_master_key(open_sealer(KEY), stores.marks)
    await prove_master_key(open_sealer(KEY), stores.marks)

    with pytest.raises(WrongMasterKey, match=r"does not open this store.*Set the key"):
        await prove_master_key(open_sealer(OTHER_KEY), stores.marks)
