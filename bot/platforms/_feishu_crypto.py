"""Feishu's envelope: who signed a call, and what is encrypted in it with AES."""

import base64
import hmac
from hashlib import sha256

from config.errors import Refused

FORGED = "403"
BLOCK_BYTES = 16


def signature(encrypt_key: str, timestamp: str, nonce: str, body: bytes) -> str:
    """X-Lark-Signature: SHA-256 over the four, joined, as 64 hexadecimal digits."""
    return sha256(f"{timestamp}{nonce}{encrypt_key}".encode() + body).hexdigest()


def check_signature(encrypt_key: str, headers: dict[str, str], body: bytes) -> None:
    """Raises Refused when whoever called does not know the key; `headers` are in lower case."""
    timestamp = headers.get("x-lark-request-timestamp", "")
    nonce = headers.get("x-lark-request-nonce", "")
    wanted = signature(encrypt_key, timestamp, nonce, body)
    if not hmac.compare_digest(wanted.encode(), headers.get("x-lark-signature", "").encode()):
        raise Refused("签名不对", FORGED)


def decrypt(encrypt_key: str, encrypted: str) -> bytes:
    """The event in an encrypted text: base64 of 16 bytes IV and AES-256-CBC under the key's SHA-256.

    Raises Refused when it was not encrypted with `encrypt_key`.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    padding = PKCS7(BLOCK_BYTES * 8).unpadder()
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        key = algorithms.AES(sha256(encrypt_key.encode()).digest())
        opened = Cipher(key, modes.CBC(sealed[:BLOCK_BYTES])).decryptor()
        padded = opened.update(sealed[BLOCK_BYTES:]) + opened.finalize()
        return padding.update(padded) + padding.finalize()
    except ValueError:
        raise Refused("密文解不开", FORGED) from None
