"""WeChat's side of the encryption, by wechatpy: a peer that shares no code with ours."""

from __future__ import annotations

import base64
import hashlib

from wechatpy.crypto import PrpCrypto

APP_ID = "wx0123456789abcdef"
TOKEN = "TokenForTests"
# The last letter leaves bits set that the 32 bytes of the key have no room for.
ENCODING_AES_KEY = "k9TestKey0000000000000000000000000000000009"
OPENID = "oTESTaaaaaaaaaaaaaaaaaaaaaa1"


def sign(token: str, *parts: str) -> str:
    """SHA-1 over everything, sorted."""
    return hashlib.sha1("".join(sorted([token, *parts])).encode()).hexdigest()


def sealed(plain: str, *, key: str = ENCODING_AES_KEY, app_id: str = APP_ID) -> str:
    """An ``Encrypt`` element as WeChat makes it."""
    encrypted: bytes = PrpCrypto(_raw(key)).encrypt(plain, app_id)
    return encrypted.decode()


def opened(encrypted: str, *, key: str = ENCODING_AES_KEY, app_id: str = APP_ID) -> str:
    """What WeChat reads in a reply of ours; raises where it would refuse."""
    return str(PrpCrypto(_raw(key)).decrypt(encrypted, app_id))


def _raw(key: str) -> bytes:
    return base64.b64decode(key + "=")
