"""The XML of an answer in the callback itself, encrypted where the account is."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from bot.wechat.crypto import KeyPair, encrypt, signature

# XML 1.0 has no way of writing these at all.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_reply(to: str, sender: str, text: str, *, now: datetime) -> str:
    """A text to a customer; ``sender`` is the account's own id (``gh_…``)."""
    return (
        f"<xml><ToUserName>{_cdata(to)}</ToUserName>"
        f"<FromUserName>{_cdata(sender)}</FromUserName>"
        f"<CreateTime>{int(now.timestamp())}</CreateTime>"
        f"<MsgType>{_cdata('text')}</MsgType><Content>{_cdata(text)}</Content></xml>"
    )


def sealed_reply(pair: KeyPair, xml: str, app_id: str, *, now: datetime) -> str:
    """The same for Tencent's eyes only.

    Raises:
        ValueError: The pair has no key.
    """
    if pair.aes_key is None:
        raise ValueError("a key is needed")
    encrypted = encrypt(pair.aes_key, xml.encode(), app_id)
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(8)
    signed = signature(pair.token, timestamp, nonce, encrypted)
    return (
        f"<xml><Encrypt>{_cdata(encrypted)}</Encrypt>"
        f"<MsgSignature>{_cdata(signed)}</MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    )


def _cdata(text: str) -> str:
    clean = _FORBIDDEN.sub("", text)
    return f"<![CDATA[{clean.replace(']]>', ']]]]><![CDATA[>')}]]>"
