"""Field encryption: SM4-GCM per field, HMAC-SM3 blind indexes, a key ring with key ids.

GB/T 32907 (SM4), GB/T 32905 (SM3). Bulk work is the `cryptography` package's; test vectors are in tests/core_api/kit.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy.orm import Session

KEY_BYTES = 16
INDEX_KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
SEALED_PARTS = 2


class SealBroken(Exception):
    """A sealed field cannot be opened: altered, moved to another row, or its key is not in the ring."""


@dataclass(frozen=True)
class Keyring:
    """Keys by id, the id that seals new fields, and the key of the blind indexes.

    Attributes:
        keys: key id -> 16 bytes (SM4).
        current: The id used for sealing.
        index_key: 32 bytes for HMAC-SM3.
    """

    keys: Mapping[str, bytes]
    current: str
    index_key: bytes

    @classmethod
    def create(cls) -> "Keyring":
        """A new ring with one random key."""
        return cls({"k1": secrets.token_bytes(KEY_BYTES)}, "k1", secrets.token_bytes(INDEX_KEY_BYTES))

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Reads a ring that `save` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is not a key ring.
        """
        try:
            data = json.loads(path.read_text("utf-8"))
            keys = {key_id: base64.b64decode(key) for key_id, key in data["keys"].items()}
            return cls(keys, data["current"], base64.b64decode(data["index_key"]))
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            message = f"{path.name} is not a key ring"
            raise ValueError(message) from error

    def save(self, path: Path) -> None:
        """Writes the ring readable by its owner only; the file appears whole or not at all."""
        data = {
            "current": self.current,
            "keys": {key_id: base64.b64encode(key).decode() for key_id, key in self.keys.items()},
            "index_key": base64.b64encode(self.index_key).decode(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


def seal_with(keyring: Keyring, column: str, row_id: UUID, text: str) -> str:
    """Encrypts one field; `key id:base64(nonce + tag + ciphertext)`. The place it belongs to is authenticated."""
    key_id = keyring.current
    nonce = os.urandom(NONCE_BYTES)
    encryptor = Cipher(SM4(keyring.keys[key_id]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(_place(key_id, column, row_id))
    body = encryptor.update(text.encode()) + encryptor.finalize()
    return f"{key_id}:{base64.b64encode(nonce + encryptor.tag + body).decode()}"


def unseal_with(keyring: Keyring, column: str, row_id: UUID, sealed: str) -> str:
    """Decrypts what `seal_with` made for this column and row.

    Raises:
        SealBroken: The text was altered, belongs elsewhere, or its key is missing.
    """
    parts = sealed.split(":", 1)
    if len(parts) != SEALED_PARTS or parts[0] not in keyring.keys:
        raise SealBroken(column)
    key_id, raw = parts[0], base64.b64decode(parts[1])
    nonce, tag, body = raw[:NONCE_BYTES], raw[NONCE_BYTES : NONCE_BYTES + TAG_BYTES], raw[NONCE_BYTES + TAG_BYTES :]
    decryptor = Cipher(SM4(keyring.keys[key_id]), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(_place(key_id, column, row_id))
    try:
        return (decryptor.update(body) + decryptor.finalize()).decode()
    except InvalidTag as error:
        raise SealBroken(column) from error


def seal_bytes(keyring: Keyring, place: str, row_id: UUID, content: bytes) -> bytes:
    """Encrypts a file: `key id:` and nonce + tag + ciphertext. The place it belongs to is authenticated."""
    key_id, nonce = keyring.current, os.urandom(NONCE_BYTES)
    encryptor = Cipher(SM4(keyring.keys[key_id]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(_place(key_id, place, row_id))
    body = encryptor.update(content) + encryptor.finalize()
    return key_id.encode() + b":" + nonce + encryptor.tag + body


def unseal_bytes(keyring: Keyring, place: str, row_id: UUID, sealed: bytes) -> bytes:
    """Decrypts what `seal_bytes` made for this place and row.

    Raises:
        SealBroken: The content was altered, belongs elsewhere, or its key is missing.
    """
    key_id, _, raw = sealed.partition(b":")
    key = keyring.keys.get(key_id.decode("ascii", "replace"))
    if key is None:
        raise SealBroken(place)
    nonce, tag, body = raw[:NONCE_BYTES], raw[NONCE_BYTES : NONCE_BYTES + TAG_BYTES], raw[NONCE_BYTES + TAG_BYTES :]
    try:
        decryptor = Cipher(SM4(key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(_place(key_id.decode(), place, row_id))
        return decryptor.update(body) + decryptor.finalize()
    except (InvalidTag, ValueError) as error:
        raise SealBroken(place) from error


def blind_with(keyring: Keyring, purpose: str, text: str) -> str:
    """HMAC-SM3 of a purpose and a normalised text, 64 hex digits: equal texts of one purpose are equal."""
    mac = HMAC(keyring.index_key, SM3())
    mac.update(purpose.encode() + b"\0" + text.encode())
    return mac.finalize().hex()


def seal(session: Session, column: str, row_id: UUID, text: str | None) -> str | None:
    """Encrypts a field with the session's key ring; None stays None. `column` is "table.column"."""
    return None if text is None else seal_with(ring_of(session), column, row_id, text)


def unseal(session: Session, column: str, row_id: UUID, sealed: str | None) -> str | None:
    """Decrypts a field with the session's key ring; None stays None."""
    return None if sealed is None else unseal_with(ring_of(session), column, row_id, sealed)


def blind(session: Session, purpose: str, text: str) -> str:
    """The blind index of a text under the session's key ring."""
    return blind_with(ring_of(session), purpose, text)


def ring_of(session: Session) -> Keyring:
    """The session's key ring."""
    ring = session.info["keyring"]
    if not isinstance(ring, Keyring):
        raise TypeError
    return ring


def _place(key_id: str, column: str, row_id: UUID) -> bytes:
    return f"{key_id}|{column}|{row_id}".encode()
