"""Answers a delivery with what there is to say, or lets Tencent hang up and come again."""

from __future__ import annotations

import asyncio

from sanic import HTTPResponse, Request
from sanic.response import empty, text

from bot.wechat.account import Account
from bot.wechat.crypto import Signed, open_envelope
from bot.wechat.messages import Callback
from bot.wechat.reading import read_fields
from bot.wechat.receiving import Waiting
from bot.wechat.replying import sealed_reply, text_reply

# Tencent has hung up long before; whoever has not is somebody else.
_HUNG_UP_SECONDS = 10.0


async def answer(
    request: Request, account: Account, callback: Callback, waiting: Waiting
) -> HTTPResponse:
    """The reply as XML, ``success`` if there is none, or nothing while it is being made."""
    context = request.app.ctx
    reply = await context.wechat_passive.reply(waiting)
    if reply is None:
        # Any answer would count as one. Hanging up ends this wait.
        await asyncio.sleep(_HUNG_UP_SECONDS)
        return empty(500)
    if not reply:
        return text("success")
    now = context.clock()
    xml = text_reply(callback.openid, callback.account, reply, now=now)
    if account.is_secure:
        encrypted = str(read_fields(request.body)["Encrypt"]).strip()
        signed = Signed(request.args.get("timestamp", ""), request.args.get("nonce", ""))
        given = request.args.get("msg_signature", "")
        pair = open_envelope(account.pairs, given, signed, encrypted, account.app_id).pair
        xml = sealed_reply(pair, xml, account.app_id, now=now)
    return text(xml, content_type="text/xml; charset=utf-8")
