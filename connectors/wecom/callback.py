"""``/wechat/kf/callback``: checked and noted; what there is to read is read afterwards."""

from __future__ import annotations

import logging
import re

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import empty, text

from bot.wechat.crypto import Refused
from bot.wechat.messages import storable
from bot.wechat.reading import LARGEST_BODY, read_fields
from bot.wecom.account import KfAccount, is_id
from bot.wecom.mailboxes import note_mail
from connectors.wechat.checks import argument, opened, refusal, signed_by

logger = logging.getLogger(__name__)

PATH = "/wechat/kf/callback"
blueprint = Blueprint("wecom_callback")

# Sent back as it came, so nothing but what WeCom really sends may come back.
_ECHO = re.compile(r"[\w.=+/-]{1,256}", re.ASCII)
_EVENT = "kf_msg_or_event"
_LONGEST_TOKEN = 128


@blueprint.get(PATH)
async def verify(request: Request) -> HTTPResponse:
    """The console asks whether we can read what it encrypts."""
    account: KfAccount | None = request.app.ctx.kf_account
    if account is None:
        return empty(404)
    try:
        echo = _opened(request, account, argument(request, "echostr")).decode("utf-8", "replace")
        if not _ECHO.fullmatch(echo):
            raise Refused("an echostr of another form")
    except Refused as refused:
        return refusal(refused)
    return text(echo, headers={"X-Content-Type-Options": "nosniff"})


@blueprint.post(PATH)
async def receive(request: Request) -> HTTPResponse:
    """Note that one of the company's accounts has something to read."""
    context = request.app.ctx
    account: KfAccount | None = context.kf_account
    if account is None:
        return empty(404)
    try:
        mail = _mail(request, account)
    except Refused as refused:
        return refusal(refused)
    if mail is None:
        return empty(200)
    try:
        await context.database.write(note_mail, *mail, now=context.clock())
    except Exception:
        # The outermost edge. Not noted, so not acknowledged: WeCom calls again.
        logger.exception("kf_callback_not_noted")
        return empty(500)
    return empty(200)


def _mail(request: Request, account: KfAccount) -> tuple[str, str] | None:
    """Which account, and the token that lets us read it; None for events of another kind."""
    if len(request.body) > LARGEST_BODY:
        raise Refused("too large")
    # Before anything is parsed: the time limit, and that there is a signature at all.
    signed_by(request, account.replay_window_seconds)
    if not argument(request, "msg_signature"):
        raise Refused("not signed")
    encrypted = read_fields(request.body).get("Encrypt")
    if not isinstance(encrypted, str):
        raise Refused("not encrypted")
    fields = read_fields(_opened(request, account, encrypted.strip()))
    event, open_kfid = fields.get("Event"), fields.get("OpenKfId")
    if event != _EVENT:
        logger.info("kf_callback_other")
        return None
    token = fields.get("Token", "")
    if not isinstance(open_kfid, str) or not is_id(open_kfid) or not isinstance(token, str):
        raise Refused("not an account")
    token = storable(token)
    return open_kfid, token if len(token) <= _LONGEST_TOKEN else ""


def _opened(request: Request, account: KfAccount, encrypted: str) -> bytes:
    signed = signed_by(request, account.replay_window_seconds)
    return opened(request, account.pairs, signed, encrypted, account.corp_id)
