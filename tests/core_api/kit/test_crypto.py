from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.hashes import SM3, Hash
from hypothesis import given
from hypothesis import strategies as st

from core_api.kit.crypto import Keyring, SealBroken, blind_with, seal_with, unseal_with

pytestmark = pytest.mark.unit
RING = Keyring.create()


class TestTheLibrary:
    def test_sm3_meets_the_standards_vector(self) -> None:
        digest = Hash(SM3())
        digest.update(b"abc")
        assert digest.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

    def test_sm4_meets_the_standards_vector(self) -> None:
        key = bytes.fromhex("0123456789abcdeffedcba9876543210")
        encryptor = Cipher(SM4(key), modes.ECB()).encryptor()  # noqa: S305 - the standard's own vector is one block
        assert encryptor.update(key).hex() == "681edf34d206965e86b3e94f536e4246"


class TestSeal:
    @given(st.text(max_size=300))
    def test_gives_back_what_was_sealed(self, text: str) -> None:
        row = uuid4()
        sealed = seal_with(RING, "patients.name", row, text)
        assert unseal_with(RING, "patients.name", row, sealed) == text
        assert len(text) < 3 or text not in sealed

    def test_the_same_text_never_looks_the_same(self) -> None:
        row = uuid4()
        assert seal_with(RING, "patients.name", row, "张三") != seal_with(RING, "patients.name", row, "张三")

    def test_refuses_a_field_moved_to_another_row_or_column(self) -> None:
        row = uuid4()
        sealed = seal_with(RING, "patients.name", row, "张三")
        with pytest.raises(SealBroken):
            unseal_with(RING, "patients.name", uuid4(), sealed)
        with pytest.raises(SealBroken):
            unseal_with(RING, "patients.phone", row, sealed)

    def test_refuses_an_altered_field_and_an_unknown_key(self) -> None:
        row = uuid4()
        sealed = seal_with(RING, "patients.name", row, "张三")
        flipped = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
        for broken in (flipped, "k9" + sealed[2:], "nothing"):
            with pytest.raises(SealBroken):
                unseal_with(RING, "patients.name", row, broken)

    def test_an_old_key_still_opens_after_a_new_one_came(self) -> None:
        row = uuid4()
        sealed = seal_with(RING, "patients.name", row, "张三")
        newer = Keyring({**RING.keys, "k2": b"0" * 16}, "k2", RING.index_key)
        assert unseal_with(newer, "patients.name", row, sealed) == "张三"
        assert seal_with(newer, "patients.name", row, "张三").startswith("k2:")


class TestBlind:
    def test_is_equal_for_equal_texts_of_one_purpose_only(self) -> None:
        assert blind_with(RING, "phone", "15400000000") == blind_with(RING, "phone", "15400000000")
        assert blind_with(RING, "phone", "15400000000") != blind_with(RING, "identity", "15400000000")
        assert blind_with(RING, "phone", "15400000000") != blind_with(Keyring.create(), "phone", "15400000000")


class TestKeyring:
    def test_is_read_as_it_was_written_by_its_owner_only(self, tmp_path: Path) -> None:
        path = tmp_path / "keys" / "ring.json"
        RING.save(path)
        assert Keyring.load(path) == RING
        assert path.stat().st_mode & 0o077 == 0

    def test_says_when_the_file_is_something_else(self, tmp_path: Path) -> None:
        path = tmp_path / "ring.json"
        path.write_text("{}")
        with pytest.raises(ValueError, match="not a key ring"):
            Keyring.load(path)
