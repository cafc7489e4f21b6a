"""WeChat as a channel of the outbox: plans, sends, and says what became of each parcel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.attachments.storage import Storage
from bot.database import Database
from bot.delivery.channel import Batch, Failed, Held, Outcome, Parcel, Retry
from bot.errors import ChannelAway
from bot.wechat import modes, windows
from bot.wechat.account import Account
from bot.wechat.api import WeChatApi
from bot.wechat.asides import Asides
from bot.wechat.calls import WeChatAway, WeChatError
from bot.wechat.carrying import Progress, item_of, what_is_left
from bot.wechat.choices import Choice, offer
from bot.wechat.codes import Act
from bot.wechat.fetching import fetch_media
from bot.wechat.links import link_to_message
from bot.wechat.noticing import Noticer
from bot.wechat.planner import Item, Send, in_halves, numbered, plan
from bot.wechat.tokens import TokenUnavailable
from bot.wechat.windows import Budget

logger = logging.getLogger(__name__)

# The account's configuration is wrong: nobody is called again before somebody may have mended it.
_PAUSE = timedelta(seconds=60)
# Tencent shows messages in another order when they come too fast after each other.
_BETWEEN_SECONDS = 0.3


class WeChatChannel:
    """See ``bot.delivery.channel.Channel``."""

    name = "wechat"

    def __init__(
        self,
        account: Account,
        api: WeChatApi,
        database: Database,
        clock: Callable[[], datetime],
        storage: Storage,
        noticer: Noticer | None = None,
        between_seconds: float = _BETWEEN_SECONDS,
    ) -> None:
        self._account = account
        self._api = api
        self._database = database
        self._clock = clock
        self._storage = storage
        self._between_seconds = between_seconds
        self._noticer = noticer
        self._menus = True
        self._paused_until: datetime | None = None
        self._no_token_helps = False
        self._asides = Asides()

    async def deliver(self, batch: Batch) -> Sequence[Outcome]:
        """Send as much of a batch as Tencent allows; one outcome for each parcel dealt with."""
        outcomes = await self._deliver(batch)
        return await self._noticer.instead(batch, outcomes) if self._noticer else outcomes

    async def _deliver(self, batch: Batch) -> Sequence[Outcome]:
        now = self._clock()
        if self._paused_until is not None and now < self._paused_until:
            return [Retry((self._paused_until - now).total_seconds(), "configuration")]
        if await self._database.read(modes.is_passive, now=now):
            return [Held("passive_mode")] * len(batch.parcels)
        budget, offered = await self._database.write(_prepare, batch, now=now)
        if not budget.is_open:
            is_used_up = budget.until is not None and budget.until > now
            reason = "quota_used" if is_used_up else "window_closed"
            return [Held(reason)] * len(batch.parcels)
        items = [self._item(parcel, offered) for parcel in batch.parcels]
        planned = plan(items, budget.left, menus=self._menus)
        progress = Progress()
        for number, send in enumerate(planned.sends):
            if number:
                await asyncio.sleep(self._between_seconds)
            stopped = await self._attempt(batch, send, progress)
            if stopped is not None:
                return progress.outcomes(batch, stopped)
        return progress.outcomes(batch, what_is_left(planned))

    def is_typing(self, openid: str) -> None:
        """Show the customer that an answer is on its way; whether it works does not matter."""
        self._asides.do(self._type(openid))

    def fetch(self, message_id: str, media_id: str) -> None:
        """Fetch what a customer sent, before Tencent deletes it."""
        work = fetch_media(
            self._api, self._database, self._storage, self._clock, message_id, media_id
        )
        self._asides.do(work)

    async def code(self, scene: str, seconds: int) -> str:
        """The address of a passing QR code's picture.

        Raises:
            ChannelAway: Tencent gave none.
        """
        try:
            return await self._api.create_code(scene, seconds)
        except (WeChatError, WeChatAway, TokenUnavailable) as trouble:
            logger.warning("wechat_no_code %s", trouble)
            raise ChannelAway("微信没有给出二维码，请稍后再试，或者改用绑定码。") from None

    async def settle(self) -> None:
        """Wait for what goes on beside the sending."""
        await self._asides.settle()

    async def close(self) -> None:
        """Let go of everything."""
        await self._asides.end()
        await self._api.close()

    async def _attempt(self, batch: Batch, send: Send, progress: Progress) -> Outcome | None:
        """Send one message; what stops the batch, or None when it may go on."""
        try:
            receipt = await self._send(batch.address, send)
        except WeChatAway as away:
            return Retry(None, f"unreachable:{away}")
        except TokenUnavailable:
            return Retry(None, "access_token")
        except WeChatError as error:
            if error.rule.act is Act.SPLIT and len(send.halves) > 1:
                return await self._in_halves(batch, send, progress)
            return await self._stopped(batch, error)
        self._no_token_helps = False
        await self._database.write(windows.spend, batch.customer_id)
        progress.note(send, receipt)
        return None

    async def _in_halves(self, batch: Batch, send: Send, progress: Progress) -> Outcome | None:
        """Each is spent and noted by itself, so that what stops one repeats none before it."""
        for half in in_halves(send):
            stopped = await self._attempt(batch, half, progress)
            if stopped is not None:
                return stopped
        return None

    async def _send(self, openid: str, send: Send) -> str | None:
        try:
            return await self._api.send(openid, await self._body(send))
        except WeChatError as error:
            match error.rule.act:
                case Act.NUMBER if send.choices:
                    # Not for this kind of account, so not for the next message either.
                    self._menus = False
                    text = numbered(send.text, send.choices)
                    return await self._api.send(openid, _text(text))
                case Act.UPLOAD if send.media:
                    return await self._api.send(openid, await self._body(send))
                case _:
                    raise

    async def _stopped(self, batch: Batch, error: WeChatError) -> Outcome:
        rule = error.rule
        match rule.act:
            case Act.HOLD:
                first = batch.parcels[0].attempts == 0
                if rule.reason == "window_closed" and first:
                    # It has been seen minutes after a customer wrote, and passed.
                    return Retry(60, rule.reason)
                await self._database.write(windows.exhaust, batch.customer_id)
                return Held(rule.reason)
            case Act.ALARM:
                if self._paused_until is None or self._clock() >= self._paused_until:
                    logger.error("wechat_alarm code=%d %s", error.code, error)
                seconds = rule.seconds or _PAUSE.total_seconds()
                self._paused_until = self._clock() + timedelta(seconds=seconds)
                return Retry(seconds, rule.reason)
            case Act.ANSWER:
                until = await self._database.write(
                    modes.note_refusal, self._account, now=self._clock()
                )
                logger.error("wechat_passive code=%d until=%s %s", error.code, until, error)
                return Held(rule.reason)
            case Act.RENEW:
                # Every message fails alike until somebody mends it: said once.
                if not self._no_token_helps:
                    logger.error("wechat_alarm code=%d %s", error.code, error)
                self._no_token_helps = True
                return Retry(None, rule.reason)
            case Act.WAIT:
                return Retry(rule.seconds, rule.reason)
            case _:
                logger.warning("wechat_not_sent customer=%d %s", batch.customer_id, error)
                return Failed(rule.reason)

    async def _body(self, send: Send) -> dict[str, Any]:
        if send.media:
            content = await asyncio.to_thread(self._storage.path(send.media).read_bytes)
            media_id = await self._api.upload(content, "picture.jpg", "image/jpeg")
            return {"msgtype": "image", "image": {"media_id": media_id}}
        if send.choices:
            items = [{"id": str(each.id), "content": each.title} for each in send.choices]
            menu = {"head_content": send.text, "list": items, "tail_content": ""}
            return {"msgtype": "msgmenu", "msgmenu": menu}
        return _text(send.text)

    def _item(self, parcel: Parcel, offered: dict[str, list[Choice]]) -> Item:
        link = link_to_message(self._account, parcel.message_id, now=self._clock())
        return item_of(parcel, offered.get(parcel.message_id, ()), link)

    async def _type(self, openid: str) -> None:
        try:
            await self._api.typing(openid)
        except (WeChatError, WeChatAway, TokenUnavailable) as trouble:
            logger.debug("wechat_typing %s", trouble)


def _prepare(
    session: Session, batch: Batch, *, now: datetime
) -> tuple[Budget, dict[str, list[Choice]]]:
    budget = windows.budget_of(session, batch.customer_id, now=now)
    if not budget.is_open:
        return budget, {}
    with_buttons = [each.message_id for each in batch.parcels if each.data]
    return budget, offer(session, batch.customer_id, with_buttons)


def _text(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}
