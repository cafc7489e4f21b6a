"""Everything WeChat needs of the web application, put together in one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sanic import Blueprint, Sanic

from bot.settings import ROOT, Settings
from bot.sweeps import Sweep
from bot.wechat import modes
from bot.wechat.account import account_of
from bot.wechat.api import WeChatApi
from bot.wechat.channel import WeChatChannel
from bot.wechat.deliveries import drop_old_deliveries, has_old_deliveries
from bot.wechat.notices import load_templates
from bot.wechat.noticing import Noticer
from bot.wechat.passive import PassiveReplies
from bot.wechat.receiving import Receiver
from connectors.wechat.callback import blueprint as callback
from connectors.wechat.pages import blueprint as pages

blueprint = Blueprint.group(callback, pages)


def set_up(app: Sanic[Any, Any], settings: Settings, clock: Callable[[], datetime]) -> None:
    """Open the channel if the account is configured; without it the callback answers 404."""
    context = app.ctx
    context.wechat_account = account = account_of(settings)
    context.wechat_receiver = Receiver(
        context.handoff, context.responses, settings.platform_name, context.binder
    )
    app.blueprint(blueprint)
    if account is None:
        return
    api = WeChatApi(account, context.database, clock)
    templates = load_templates(settings.wechat_notices, ROOT)
    noticer = Noticer(account, api, context.database, clock, templates) if templates else None
    channel = WeChatChannel(account, api, context.database, clock, context.attachments, noticer)
    context.wechat_channel = channel
    context.wechat_passive = PassiveReplies(
        account, context.database, context.bell, clock, context.responses
    )
    context.senders.add(channel)
    context.sweeper.add(Sweep("wechat_deliveries", 3600, drop_old_deliveries, has_old_deliveries))

    async def close(_app: Sanic[Any, Any]) -> None:
        await channel.close()

    async def declare(_app: Sanic[Any, Any]) -> None:
        await context.database.write(modes.declare, account)

    app.before_server_start(declare)
    app.after_server_stop(close)
