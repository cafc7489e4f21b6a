"""Tencent's signature and encryption, from the side of the receiver.

Every way in which something can be wrong is the same ``Refused``: a stranger must not learn from
the answer how far a forged message got.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

# Tencent pads to 32 bytes although AES has blocks of 16: pads of 17 to 32 are legal.
_PAD_BLOCK = 32
_CIPHER_BLOCK = 16
_RANDOM, _LENGTH = 16, 4


class Refused(Exception):
    """A callback that is not answered; why is for our own tests and debug log only."""


@dataclass(frozen=True)
class KeyPair:
    """What the console holds for one account; ``aes_key`` is None in plain mode."""

    token: str
    aes_key: bytes | None = None


@dataclass(frozen=True)
class Opened:
    """What an envelope held, and the token and key that Tencent used for it."""

    message: bytes
    pair: KeyPair


@dataclass(frozen=True)
class Signed:
    """The query fields every callback carries, as they came."""

    timestamp: str
    nonce: str


def aes_key(encoding_aes_key: str) -> bytes:
    """The 32 bytes behind an EncodingAESKey.

    Its 43 characters carry two bits more than the key has. Real keys leave them set, so the
    decoding has to be lenient about them.

    Raises:
        ValueError: It is not 43 letters and digits.
    """
    if len(encoding_aes_key) != 43 or not (
        encoding_aes_key.isascii() and encoding_aes_key.isalnum()
    ):
        raise ValueError("应为 43 位字母和数字")
    return base64.b64decode(encoding_aes_key + "=")


def signature(token: str, *parts: str) -> str:
    """SHA-1 over the token and the parts, sorted by code unit."""
    joined = "".join(sorted([token, *parts]))
    return hashlib.sha1(joined.encode("utf-8", "surrogatepass")).hexdigest()


def check_query(pairs: Sequence[KeyPair], given: str, signed: Signed) -> KeyPair:
    """The pair whose token signed the query (which does not cover the body).

    Raises:
        Refused: None did.
    """
    return _signer(pairs, given, signed.timestamp, signed.nonce)


def open_envelope(
    pairs: Sequence[KeyPair], given: str, signed: Signed, encrypted: str, receive_id: str
) -> Opened:
    """Verify, then decrypt one ``Encrypt`` element (or an encrypted ``echostr``).

    While keys are rotated a message may be signed with one token and encrypted with the other
    key, so each key that comes with some token is tried.

    Raises:
        Refused: Wrong signature, no key opens it, or it is meant for somebody else.
    """
    signer = _signer(pairs, given, signed.timestamp, signed.nonce, encrypted)
    keys = {pair.aes_key: None for pair in pairs if pair.aes_key is not None}
    for key in keys:
        try:
            return Opened(decrypt(key, encrypted, receive_id), KeyPair(signer.token, key))
        except Refused:
            continue
    raise Refused("no key opens it")


def decrypt(key: bytes, encrypted: str, receive_id: str) -> bytes:
    """The message inside ``random(16) | length(4) | message | receive id | padding``.

    Raises:
        Refused: Anything about it is not as Tencent makes it.
    """
    try:
        cipher = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("not base64") from None
    if not cipher or len(cipher) % _CIPHER_BLOCK:
        raise Refused("not whole blocks")
    decryptor = Cipher(AES(key), CBC(key[:_CIPHER_BLOCK])).decryptor()
    content = _unpadded(decryptor.update(cipher) + decryptor.finalize())[_RANDOM:]
    if len(content) < _LENGTH:
        raise Refused("too short")
    (length,) = struct.unpack(">I", content[:_LENGTH])
    if length > len(content) - _LENGTH:
        raise Refused("length beyond the end")
    message, tail = content[_LENGTH : _LENGTH + length], content[_LENGTH + length :]
    if not hmac.compare_digest(tail, receive_id.encode()):
        raise Refused("meant for another account")
    return message


def encrypt(key: bytes, message: bytes, receive_id: str, random: bytes | None = None) -> str:
    """What ``decrypt`` opens; ``random`` (16 bytes) is for tests."""
    content = (random or secrets.token_bytes(_RANDOM)) + struct.pack(">I", len(message))
    content += message + receive_id.encode()
    pad = _PAD_BLOCK - len(content) % _PAD_BLOCK
    encryptor = Cipher(AES(key), CBC(key[:_CIPHER_BLOCK])).encryptor()
    cipher = encryptor.update(content + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(cipher).decode()


def _signer(pairs: Sequence[KeyPair], given: str, *parts: str) -> KeyPair:
    wanted = given.encode("utf-8", "surrogatepass")
    for pair in pairs:
        if hmac.compare_digest(signature(pair.token, *parts).encode(), wanted):
            return pair
    raise Refused("wrong signature")


def _unpadded(content: bytes) -> bytes:
    pad = content[-1]
    if not 1 <= pad <= min(_PAD_BLOCK, len(content)) or content[-pad:] != bytes([pad]) * pad:
        raise Refused("wrong padding")
    return content[:-pad]
