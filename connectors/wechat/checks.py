"""What every callback of Tencent's is checked for before anything of it is parsed."""

from __future__ import annotations

import logging
import re

from sanic import HTTPResponse, Request
from sanic.response import empty

from bot.wechat.crypto import Refused, Signed

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


def refusal(refused: Refused) -> HTTPResponse:
    """The same answer for everything that is wrong."""
    logger.debug("wechat_refused reason=%s", refused)
    return empty(403)
