"""微信客服 as a channel of the outbox; see ``bot.delivery.channel.Channel``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.attachments.storage import Storage
from bot.conversations.models import Conversation, Customer
from bot.database import Database
from bot.delivery.channel import Batch, Failed, Held, Outcome, Parcel, Retry
from bot.wechat import windows
from bot.wechat.calls import WeChatAway, WeChatError
from bot.wechat.carrier import Carrier, Trip, text_body
from bot.wechat.carrying import item_of
from bot.wechat.choices import Choice, offer
from bot.wechat.codes import Act
from bot.wechat.links import link_to_message
from bot.wechat.planner import Send, numbered, plan
from bot.wechat.splitting import size
from bot.wechat.tokens import TokenUnavailable
from bot.wechat.windows import Budget
from bot.wecom import holding, sessions
from bot.wecom.account import CHANNEL, Address, KfAccount
from bot.wecom.api import KfApi, KfError
from bot.wecom.msgids import msgid_of
from bot.wecom.sessions import Standing

logger = logging.getLogger(__name__)

# What WeCom allows for an item of a menu, and for the words above the items.
_MOST_ITEM, _MOST_HEAD = 128, 1024
_THEIRS = "wecom_agent"


@dataclass(frozen=True)
class _Ready:
    """What is known before anything is sent."""

    budget: Budget
    standing: Standing
    offered: dict[str, list[Choice]]


class KfChannel(Carrier):
    """Plans, sends, and says what became of each parcel."""

    name = CHANNEL

    def __init__(
        self,
        account: KfAccount,
        api: KfApi,
        database: Database,
        clock: Callable[[], datetime],
        storage: Storage,
    ) -> None:
        super().__init__(api, database, clock, storage, "wecom_alarm")
        self._account = account
        self._api = api

    async def deliver(self, batch: Batch) -> Sequence[Outcome]:
        """Send as much of a batch as WeCom allows; one outcome for each parcel dealt with."""
        now = self._clock()
        if (standstill := self._standstill.now()) is not None:
            return [standstill]
        batch = _repeated_first(batch)
        ready = await self._database.write(_prepare, batch, now=now)
        standing, code = ready.standing, ready.standing.code
        if standing.state in sessions.THEIRS:
            return [Failed(_THEIRS)] * len(batch.parcels)
        is_over = standing.state == sessions.OVER
        left = (0 if is_over else ready.budget.left) + (1 if code else 0)
        if not left:
            reason = "session_ended" if is_over else ready.budget.why_closed(now)
            return [Held(reason)] * len(batch.parcels)
        if not standing.is_ours and not is_over and ready.budget.is_open:
            # Who has entered and not written yet has no session that could be claimed.
            await self._claim(batch)
        items = [
            item_of(
                each,
                ready.offered.get(each.message_id, ()),
                link_to_message(self._account, each.message_id, now=now),
            )
            for each in batch.parcels
        ]
        # A code is for exactly such words: nothing has to be kept back for others.
        items = [replace(each, is_notice=each.is_notice and not code) for each in items]
        return await self._carry(Trip(batch, code), plan(items, left))

    async def close(self) -> None:
        """Let go of everything."""
        await self._api.close()

    async def _claim(self, batch: Batch) -> None:
        """Tell WeCom once a session that the assistant serves, so that it gives nobody else it."""
        state = sessions.ASSISTANT
        try:
            await self._api.move(Address.read(batch.address), state)
        except WeChatError as error:
            # Not set up for it, or somebody was faster: sending will tell.
            logger.info("kf_not_claimed customer=%d %s", batch.customer_id, error)
            state = sessions.NEW
        except (WeChatAway, TokenUnavailable):
            return
        await self._database.write(sessions.note_ours, batch.customer_id, state)

    async def _send(self, trip: Trip, send: Send) -> tuple[str | None, int]:
        to = Address.read(trip.batch.address)
        first = trip.batch.parcels[send.items[0]]
        part = first.pieces + trip.progress.pieces.get(send.items[0], 0)
        msgid = msgid_of(first.message_id, part, send.pieces)
        body = await self._body(send)
        if trip.code is not None and not send.media:
            receipt = await self._send_by_code(trip, msgid, body)
            if receipt is not None:
                return receipt, 0
        try:
            return await self._api.send(to, msgid, body), 1
        except KfError as error:
            if first.repeated and error.names_msgid:
                # The attempt of which nothing was heard had got through.
                return msgid, 1
            if error.rule.act is Act.UPLOAD and send.media:
                return await self._api.send(to, msgid, await self._body(send)), 1
            raise

    async def _send_by_code(self, trip: Trip, msgid: str, body: dict[str, Any]) -> str | None:
        code, trip.code = trip.code or "", None
        customer_id = trip.batch.customer_id
        # Noted as used before it is: a code works once, whatever becomes of us meanwhile.
        if not await self._database.write(sessions.use_code, customer_id, code):
            return None
        try:
            return await self._api.send_on_event(code, msgid, body)
        except WeChatError as error:
            logger.info("kf_code_refused customer=%d %s", customer_id, error)
            return None

    async def _stopped(self, trip: Trip, send: Send, error: WeChatError) -> Outcome:
        if error.rule.act is Act.LOOK:
            return await self._look(trip, send)
        return await super()._stopped(trip, send, error)

    async def _look(self, trip: Trip, send: Send) -> Outcome:
        """WeCom says that somebody else speaks: ask once who does, and never in a loop."""
        batch, first = trip.batch, trip.batch.parcels[send.items[0]]
        try:
            state = await self._api.state(Address.read(batch.address))
        except (WeChatError, WeChatAway, TokenUnavailable, KeyError, ValueError) as trouble:
            logger.info("kf_state_unknown customer=%d %s", batch.customer_id, trouble)
            state = None
        now = self._clock()
        if state is not None:
            await self._database.write(_note_look, batch, state, now=now)
        if state in sessions.THEIRS:
            logger.warning("kf_served_in_wecom customer=%d state=%d", batch.customer_id, state)
            return Failed(_THEIRS)
        if state == sessions.OVER:
            return Held("session_ended")
        # WeCom contradicts itself: once more when it may have settled, then staff must look.
        return Retry(60, "session_state") if first.attempts == 0 else Failed("session_state")

    async def _body(self, send: Send) -> dict[str, Any]:
        if send.media:
            return await self._picture(send)
        fits = size(send.text) <= _MOST_HEAD and all(
            size(each.title) <= _MOST_ITEM for each in send.choices
        )
        if send.choices and fits:
            items = [
                {"type": "click", "click": {"id": str(each.id), "content": each.title}}
                for each in send.choices
            ]
            return {"msgtype": "msgmenu", "msgmenu": {"head_content": send.text, "list": items}}
        return text_body(numbered(send.text, send.choices) if send.choices else send.text)


def _prepare(session: Session, batch: Batch, *, now: datetime) -> _Ready:
    with_buttons = [each.message_id for each in batch.parcels if each.data]
    return _Ready(
        windows.budget_of(session, batch.customer_id, now=now),
        sessions.standing(session, batch.customer_id, now=now),
        offer(session, batch.customer_id, with_buttons),
    )


def _repeated_first(batch: Batch) -> Batch:
    """Only what was cut off, if anything was: together with others it would get another name."""
    repeated: list[Parcel] = []
    for each in batch.parcels:
        if not each.repeated:
            break
        repeated.append(each)
    return replace(batch, parcels=tuple(repeated)) if repeated else batch


def _note_look(session: Session, batch: Batch, state: int, *, now: datetime) -> None:
    customer = session.get_one(Customer, batch.customer_id)
    sessions.note_state(session, customer.id, state, asked_at=now)
    if state in sessions.THEIRS:
        conversation = session.get_one(Conversation, batch.conversation_id)
        holding.take(session, customer, conversation, now=now)
