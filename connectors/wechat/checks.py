"""What every callback of Tencent's is checked for before anything of it is parsed."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from sanic import HTTPResponse, Request
from sanic.response import empty

from bot.wechat.crypto import KeyPair, Refused, Signed, open_envelope

logger = logging.getLogger(__name__)

_NUMBER = re.compile(r"[0-9]{1,12}")


def argument(request: Request, name: str) -> str:
    """A field of the query; empty if it is not there.

    Raises:
        Refused: It is there twice: which of them was signed?
    """
    values = request.args.getlist(name) or []
    if len(values) > 1:
        raise Refused("a query field twice")
    return str(values[0]) if values else ""


def signed_by(request: Request, window_seconds: int) -> Signed:
    """The signed fields of the query; the signature itself is not looked at.

    Raises:
        Refused: Older, or further ahead, than so many seconds (0: whatever they say).
    """
    signed = Signed(argument(request, "timestamp"), argument(request, "nonce"))
    if window_seconds:
        if not _NUMBER.fullmatch(signed.timestamp):
            raise Refused("no timestamp")
        age = request.app.ctx.clock().timestamp() - int(signed.timestamp)
        if abs(age) > window_seconds:
            raise Refused("too old, or ahead of time")
    return signed


def opened(
    request: Request, pairs: Sequence[KeyPair], signed: Signed, encrypted: str, receive_id: str
) -> bytes:
    """What is inside an envelope; as ``open_envelope``.

    While keys are rotated the log tells which of them Tencent uses, so that an administrator sees
    when the old ones can go.
    """
    given = argument(request, "msg_signature")
    found = open_envelope(pairs, given, signed, encrypted, receive_id)
    note_pair(pairs, found.pair)
    return found.message


def note_pair(pairs: Sequence[KeyPair], used: KeyPair) -> None:
    """Tell which of several tokens and keys was used, counted from the newest."""
    if len(pairs) > 1:
        tokens = list(dict.fromkeys(each.token for each in pairs))
        keys = list(dict.fromkeys(each.aes_key for each in pairs))
        token, key = tokens.index(used.token) + 1, keys.index(used.aes_key) + 1
        logger.info("wechat_key_used token=%d key=%d", token, key)


def refusal(refused: Refused) -> HTTPResponse:
    """The same answer for everything that is wrong."""
    logger.debug("wechat_refused reason=%s", refused)
    return empty(403)
