"""Everything 微信客服 needs of the web application, put together in one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sanic import Sanic

from bot.settings import Settings
from bot.sweeps import Sweep
from bot.wecom.account import kf_account_of
from bot.wecom.api import KfApi
from bot.wecom.channel import KfChannel
from bot.wecom.failing import has_failures, settle_failures
from bot.wecom.pulling import Hands, Puller
from bot.wecom.receiving import KfReceiver
from connectors.wecom.callback import blueprint


def set_up(app: Sanic[Any, Any], settings: Settings, clock: Callable[[], datetime]) -> None:
    """Open the channel if the company is configured; without it the callback answers 404."""
    context = app.ctx
    context.kf_account = account = kf_account_of(settings)
    app.blueprint(blueprint)
    if account is None:
        return
    api = KfApi(account, context.database, clock)
    channel = KfChannel(account, api, context.database, clock, context.attachments)
    receiver = KfReceiver(
        context.handoff, context.responses, settings.platform_name, context.binder
    )
    hands = Hands(context.turns, context.attachments)
    puller = Puller(account, api, receiver, context.database, context.bell, clock, hands)
    context.kf_channel, context.kf_puller = channel, puller
    context.senders.add(channel)
    context.sweeper.add(Sweep("kf_failures", 5, settle_failures, has_failures))

    async def begin(_app: Sanic[Any, Any]) -> None:
        puller.start()

    async def rest(_app: Sanic[Any, Any]) -> None:
        await puller.stop()

    async def close(_app: Sanic[Any, Any]) -> None:
        await channel.close()

    app.after_server_start(begin)
    app.before_server_stop(rest)
    app.after_server_stop(close)
