"""WeCom's envelope: who signed a call, and what is sealed in it with AES."""

import base64
import binascii
import hmac
from hashlib import sha1

from config.errors import Refused, UserError

FORGED = "403"
KEY_LENGTH = 43  # characters, base64 without its padding: 32 bytes
BLOCK_BITS = 256  # padding goes to 32 bytes, twice the block of AES
RANDOM_BYTES, LENGTH_BYTES = 16, 4


def read_key(encoding_aes_key: str) -> bytes:
    """The 32 bytes of an EncodingAESKey; raises UserError when it is none."""
    try:
        key = base64.b64decode(f"{encoding_aes_key}=", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(encoding_aes_key) != KEY_LENGTH or len(key) != 32:
        raise UserError(
            f"DUBAN_WECOM_AES_KEY 应为应用“接收消息”页上的 EncodingAESKey，{KEY_LENGTH} 个字符。"
        )
    return key


def signature(token: str, timestamp: str, nonce: str, sealed: str) -> str:
    """msg_signature: SHA-1 over the four, sorted and joined, as 40 hexadecimal digits."""
    return sha1("".join(sorted((token, timestamp, nonce, sealed))).encode()).hexdigest()


def check_signature(token: str, query: dict[str, str], sealed: str) -> None:
    """Raises Refused when whoever called does not know the token."""
    wanted = signature(token, query.get("timestamp", ""), query.get("nonce", ""), sealed)
    if not hmac.compare_digest(wanted.encode(), query.get("msg_signature", "").encode()):
        raise Refused("签名不对", FORGED)


def unseal(key: bytes, sealed: str, receiver: str) -> bytes:
    """The message in a sealed text (base64), which must be for `receiver`, the corp id.

    It is 16 random bytes, the length of the message (4 bytes, big-endian), the message, the
    receiver. Raises Refused when it was not sealed with `key`, or for somebody else.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    opened = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    padding = PKCS7(BLOCK_BITS).unpadder()
    try:
        padded = opened.update(base64.b64decode(sealed, validate=True)) + opened.finalize()
        plain = padding.update(padded) + padding.finalize()
    except ValueError:
        raise Refused("密文解不开", FORGED) from None
    start = RANDOM_BYTES + LENGTH_BYTES
    end = start + int.from_bytes(plain[RANDOM_BYTES:start], "big")
    if len(plain) < end or not hmac.compare_digest(plain[end:], receiver.encode()):
        raise Refused("密文不是发给本企业的", FORGED)
    return plain[start:end]
