"""WeChat's message signature and encryption.

SHA-1 over sorted parts, and AES-256-CBC with PKCS#7 to 32 bytes around: 16 random bytes, the length in network order,
the message, the app id (WeChat's developer documents, 消息加解密说明). SHA-1 is theirs, not our choice.
"""

import base64
import binascii
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from core_api.kit.errors import Forbidden

BLOCK_BYTES = 32
RANDOM_BYTES = 16
LENGTH_BYTES = 4
KEY_CHARS = 43


def signature(*parts: str) -> str:
    """The hex SHA-1 of the parts, sorted and joined."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def check_signature(given: str, *parts: str) -> None:
    """Lets pass what WeChat signed.

    Raises:
        Forbidden: The signature is another.
    """
    if not hmac.compare_digest(given.encode(), signature(*parts).encode()):
        raise Forbidden("签名不符", code="wechat_signature")


def encrypt(key: str, app_id: str, message: bytes) -> str:
    """A message as WeChat encrypts it, base64."""
    secret = _secret(key)
    plain = os.urandom(RANDOM_BYTES) + struct.pack("!I", len(message)) + message + app_id.encode()
    pad = BLOCK_BYTES - len(plain) % BLOCK_BYTES
    encryptor = Cipher(AES(secret), CBC(secret[:RANDOM_BYTES])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()


def decrypt(key: str, app_id: str, encrypted: str) -> bytes:
    """The message inside.

    Raises:
        Forbidden: It was not made with this key, or for another app.
    """
    secret = _secret(key)
    try:
        raw = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(AES(secret), CBC(secret[:RANDOM_BYTES])).decryptor()
        padded = decryptor.update(raw) + decryptor.finalize()
        body = padded[RANDOM_BYTES : len(padded) - _padding(padded)]
        (length,) = struct.unpack("!I", body[:LENGTH_BYTES])
    except (binascii.Error, ValueError, struct.error) as error:
        raise Forbidden("消息无法解密", code="wechat_encryption") from error
    message, owner = body[LENGTH_BYTES : LENGTH_BYTES + length], body[LENGTH_BYTES + length :]
    if owner != app_id.encode():
        raise Forbidden("消息不属于这个应用", code="wechat_encryption")
    return message


def _padding(padded: bytes) -> int:
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= BLOCK_BYTES or padded[-pad:] != bytes([pad]) * pad:
        message = "padding"
        raise ValueError(message)
    return pad


def _secret(key: str) -> bytes:
    if len(key) != KEY_CHARS:
        raise Forbidden("EncodingAESKey 应为 43 个字符", code="wechat_encryption")
    return base64.b64decode(key + "=")
