"""WeChat as a channel of the outbox: plans, sends, and says what became of each parcel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.attachments.storage import Storage
from bot.database import Database
from bot.delivery.channel import Batch, Held, Outcome, Parcel, Retry
from bot.errors import ChannelAway
from bot.wechat import modes, windows
from bot.wechat.account import Account
from bot.wechat.api import WeChatApi
from bot.wechat.asides import Asides
from bot.wechat.calls import WeChatAway, WeChatError
from bot.wechat.carrier import Carrier, Trip, text_body
from bot.wechat.carrying import item_of
from bot.wechat.choices import Choice, offer
from bot.wechat.codes import Act
from bot.wechat.fetching import fetch_media
from bot.wechat.links import link_to_message
from bot.wechat.noticing import Noticer
from bot.wechat.planner import Item, Send, numbered, plan
from bot.wechat.tokens import TokenUnavailable
from bot.wechat.windows import Budget

logger = logging.getLogger(__name__)


class WeChatChannel(Carrier):
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
    ) -> None:
        super().__init__(api, database, clock, storage, "wechat_alarm")
        self._account = account
        self._api = api
        self._noticer = noticer
        self._menus = True
        self._asides = Asides()

    async def deliver(self, batch: Batch) -> Sequence[Outcome]:
        """Send as much of a batch as Tencent allows; one outcome for each parcel dealt with."""
        outcomes = await self._deliver(batch)
        return await self._noticer.instead(batch, outcomes) if self._noticer else outcomes

    async def _deliver(self, batch: Batch) -> Sequence[Outcome]:
        now = self._clock()
        if (standstill := self._standstill.now()) is not None:
            return [standstill]
        if await self._database.read(modes.is_passive, now=now):
            return [Held("passive_mode")] * len(batch.parcels)
        budget, offered = await self._database.write(_prepare, batch, now=now)
        if not budget.is_open:
            return [Held(budget.why_closed(now))] * len(batch.parcels)
        items = [self._item(parcel, offered) for parcel in batch.parcels]
        return await self._carry(Trip(batch), plan(items, budget.left, menus=self._menus))

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

    async def _send(self, trip: Trip, send: Send) -> tuple[str | None, int]:
        openid = trip.batch.address
        try:
            return await self._api.send(openid, await self._body(send)), 1
        except WeChatError as error:
            match error.rule.act:
                case Act.NUMBER if send.choices:
                    # Not for this kind of account, so not for the next message either.
                    self._menus = False
                    text = numbered(send.text, send.choices)
                    return await self._api.send(openid, text_body(text)), 1
                case Act.UPLOAD if send.media:
                    return await self._api.send(openid, await self._body(send)), 1
                case _:
                    raise

    async def _stopped(self, trip: Trip, send: Send, error: WeChatError) -> Outcome:
        rule = error.rule
        if rule.act is Act.ANSWER:
            until = await self._database.write(modes.note_refusal, self._account, now=self._clock())
            logger.error("wechat_passive code=%d until=%s %s", error.code, until, error)
            return Held(rule.reason)
        if rule.reason == "window_closed" and trip.batch.parcels[0].attempts == 0:
            # It has been seen minutes after a customer wrote, and passed.
            return Retry(60, rule.reason)
        return await super()._stopped(trip, send, error)

    async def _body(self, send: Send) -> dict[str, Any]:
        if send.media:
            return await self._picture(send)
        if send.choices:
            items = [{"id": str(each.id), "content": each.title} for each in send.choices]
            menu = {"head_content": send.text, "list": items, "tail_content": ""}
            return {"msgtype": "msgmenu", "msgmenu": menu}
        return text_body(send.text)

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
