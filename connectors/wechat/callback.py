"""``/wechat/callback``: checked, stored and answered at once; the turn runs afterwards."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty, text

from bot.errors import ServiceError
from bot.wechat.account import Account
from bot.wechat.consents import TooEarly
from bot.wechat.crypto import Refused, Signed, check_query
from bot.wechat.messages import Callback, read_callback
from bot.wechat.passive import PassiveReplies
from bot.wechat.reading import LARGEST_BODY, Fields, read_fields
from bot.wechat.receiving import Receiver, Taken
from connectors.leftovers import remove_leftovers
from connectors.wechat.checks import argument, note_pair, opened, refusal, signed_by
from connectors.wechat.passive import answer

logger = logging.getLogger(__name__)

PATH = "/wechat/callback"
blueprint = Blueprint("wechat_callback")

# Served back as it came, so nothing but what Tencent really sends may come back.
_ECHO = re.compile(r"[A-Za-z0-9_-]{1,128}")


@blueprint.get(PATH)
async def verify(request: Request) -> HTTPResponse:
    """Tencent's console asks whether we know the token; the answer is the bare ``echostr``."""
    account: Account | None = request.app.ctx.wechat_account
    if account is None:
        return empty(404)
    try:
        return text(_echo(request, account), headers={"X-Content-Type-Options": "nosniff"})
    except Refused as refused:
        return refusal(refused)


@blueprint.post(PATH)
async def receive(request: Request) -> HTTPResponse:
    """Take one delivery; ``success`` means that it is stored."""
    context = request.app.ctx
    account: Account | None = context.wechat_account
    if account is None:
        return empty(404)
    try:
        callback = _callback(request, account)
    except Refused as refused:
        return refusal(refused)
    try:
        # Whoever hangs up meanwhile must not keep the turn from being run.
        taken = await asyncio.shield(_store(context, callback))
    except ServiceError as error:
        # Nothing that can be kept; delivering it again would not change that.
        logger.info(
            "wechat_dropped customer=%s code=%s",
            context.wechat_account.masked(callback.openid),
            error.code,
        )
        return text("success")
    except TooEarly:
        logger.info("wechat_too_early kind=%s", type(callback.content).__name__)
        return empty(500)
    except Exception:
        # The outermost edge. Not stored, so not acknowledged: Tencent delivers it again. No body,
        # because the customer would be shown whatever stood there.
        logger.exception("wechat_not_stored")
        return empty(500)
    if taken.waiting is not None:
        return await answer(request, account, callback, taken.waiting)
    return text("success")


async def _store(context: Any, callback: Callback) -> Taken:
    receiver: Receiver = context.wechat_receiver
    passive: PassiveReplies = context.wechat_passive
    taken: Taken = await context.database.write(
        passive.receive, receiver, callback, now=context.clock()
    )
    await remove_leftovers(context, taken.remove, taken.forget)
    _go_on(context, callback, taken)
    return taken


def _go_on(context: Any, callback: Callback, taken: Taken) -> None:
    logger.info(
        "wechat_received customer=%s kind=%s",
        context.wechat_account.masked(callback.openid),
        type(callback.content).__name__,
    )
    if taken.bot_answers and taken.conversation_id is not None:
        context.turns.wake(taken.conversation_id, taken.begun)
        if taken.waiting is None:
            context.wechat_channel.is_typing(callback.openid)
    if taken.fetch is not None:
        context.wechat_channel.fetch(*taken.fetch)


def _echo(request: Request, account: Account) -> str:
    signed = signed_by(request, account.replay_window_seconds)
    echo = argument(request, "echostr")
    if (
        argument(request, "msg_signature")
        and not argument(request, "signature")
        and account.is_secure
    ):
        # WeCom encrypts it, and wants to see it in plain.
        plain = opened(request, account.pairs, signed, echo, account.app_id)
        echo = plain.decode("utf-8", "replace")
    else:
        check_query(account.pairs, argument(request, "signature"), signed)
    if not _ECHO.fullmatch(echo):
        raise Refused("an echostr of another form")
    return echo


def _callback(request: Request, account: Account) -> Callback:
    """The cheap checks come first: nothing is parsed that a stranger could have sent."""
    if len(request.body) > LARGEST_BODY:
        raise Refused("too large")
    signed = signed_by(request, account.replay_window_seconds)
    given = argument(request, "msg_signature")
    # WeCom signs the envelope only; it says more than the query's signature does.
    if argument(request, "signature") or not (given and account.is_secure):
        pair = check_query(account.pairs, argument(request, "signature"), signed)
    fields = read_fields(request.body)
    if account.is_secure:
        fields = _inner(request, account, signed, fields)
    else:
        note_pair(account.pairs, pair)
    callback = read_callback(fields, account.app_id)
    openid = argument(request, "openid")
    if openid and callback.openid and openid != callback.openid:
        raise Refused("about somebody else")
    return callback


def _inner(request: Request, account: Account, signed: Signed, fields: Fields) -> Fields:
    # What compatible mode puts beside it in plain is signed by nobody and never read.
    encrypted = fields.get("Encrypt")
    if not isinstance(encrypted, str) or argument(request, "encrypt_type") not in ("", "aes"):
        raise Refused("not encrypted")
    return read_fields(opened(request, account.pairs, signed, encrypted.strip(), account.app_id))
