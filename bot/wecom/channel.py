"""微信客服 as a channel of the outbox; see ``bot.delivery.channel.Channel``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.attachments.storage import Storage
from bot.conversations.models import Conversation, Customer
from bot.database import Database
from bot.delivery.channel import Batch, Failed, Held, Outcome, Parcel, Retry
from bot.wechat import windows
from bot.wechat.calls import WeChatAway, WeChatError
from bot.wechat.carrying import Progress, item_of, what_is_left
from bot.wechat.choices import Choice, offer
from bot.wechat.codes import Act
from bot.wechat.links import link_to_message
from bot.wechat.planner import Send, in_halves, numbered, plan
from bot.wechat.splitting import size
from bot.wechat.tokens import TokenUnavailable
from bot.wechat.windows import Budget
from bot.wecom import holding, sessions
from bot.wecom.account import CHANNEL, Address, KfAccount
from bot.wecom.api import KfApi, KfError
from bot.wecom.msgids import msgid_of
from bot.wecom.sessions import Standing

logger = logging.getLogger(__name__)

# The company's configuration is wrong: nobody is called again before somebody may have mended it.
_PAUSE = timedelta(seconds=60)
_BETWEEN_SECONDS = 0.3
# What WeCom allows for an item of a menu, and for the words above the items.
_MOST_ITEM, _MOST_HEAD = 128, 1024
_THEIRS = "wecom_agent"


@dataclass(frozen=True)
class _Ready:
    """What is known before anything is sent."""

    budget: Budget
    standing: Standing
    offered: dict[str, list[Choice]]


@dataclass
class _Trip:
    """One batch under way; ``code`` is gone once it has been used."""

    batch: Batch
    address: Address
    code: str | None
    progress: Progress


class KfChannel:
    """Plans, sends, and says what became of each parcel."""

    name = CHANNEL

    def __init__(
        self,
        account: KfAccount,
        api: KfApi,
        database: Database,
        clock: Callable[[], datetime],
        storage: Storage,
        between_seconds: float = _BETWEEN_SECONDS,
    ) -> None:
        self._account = account
        self._api = api
        self._database = database
        self._clock = clock
        self._storage = storage
        self._between_seconds = between_seconds
        self._paused_until: datetime | None = None

    async def deliver(self, batch: Batch) -> Sequence[Outcome]:
        """Send as much of a batch as WeCom allows; one outcome for each parcel dealt with."""
        now = self._clock()
        if self._paused_until is not None and now < self._paused_until:
            return [Retry((self._paused_until - now).total_seconds(), "configuration")]
        batch = _repeated_first(batch)
        ready = await self._database.write(_prepare, batch, now=now)
        standing, code = ready.standing, ready.standing.code
        if standing.state in sessions.THEIRS:
            return [Failed(_THEIRS)] * len(batch.parcels)
        is_over = standing.state == sessions.OVER
        left = (0 if is_over else ready.budget.left) + (1 if code else 0)
        if not left:
            return [Held(_closed(ready.budget, is_over, now))] * len(batch.parcels)
        trip = _Trip(batch, Address.read(batch.address), code, Progress())
        if not standing.is_ours and not is_over and ready.budget.is_open:
            # Who has entered and not written yet has no session that could be claimed.
            await self._claim(batch, trip.address)
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
        planned = plan(items, left)
        for number, send in enumerate(planned.sends):
            if number:
                await asyncio.sleep(self._between_seconds)
            stopped = await self._attempt(trip, send)
            if stopped is not None:
                return trip.progress.outcomes(batch, stopped)
        return trip.progress.outcomes(batch, what_is_left(planned))

    async def close(self) -> None:
        """Let go of everything."""
        await self._api.close()

    async def _claim(self, batch: Batch, address: Address) -> None:
        """Tell WeCom once a session that the assistant serves, so that it gives nobody else it."""
        state = sessions.ASSISTANT
        try:
            await self._api.move(address, state)
        except WeChatError as error:
            # Not set up for it, or somebody was faster: sending will tell.
            logger.info("kf_not_claimed customer=%d %s", batch.customer_id, error)
            state = sessions.NEW
        except (WeChatAway, TokenUnavailable):
            return
        await self._database.write(sessions.note_ours, batch.customer_id, state)

    async def _attempt(self, trip: _Trip, send: Send) -> Outcome | None:
        """Send one message; what stops the batch, or None when it may go on."""
        try:
            receipt, used = await self._send(trip, send)
        except WeChatAway as away:
            return Retry(None, f"unreachable:{away}")
        except TokenUnavailable:
            return Retry(None, "access_token")
        except WeChatError as error:
            if error.rule.act is Act.SPLIT and len(send.halves) > 1:
                return await self._in_halves(trip, send)
            return await self._stopped(trip, send, error)
        await self._database.write(windows.spend, trip.batch.customer_id, used)
        trip.progress.note(send, receipt)
        return None

    async def _in_halves(self, trip: _Trip, send: Send) -> Outcome | None:
        """Each is spent and noted by itself, so that what stops one repeats none before it."""
        for half in in_halves(send):
            stopped = await self._attempt(trip, half)
            if stopped is not None:
                return stopped
        return None

    async def _send(self, trip: _Trip, send: Send) -> tuple[str, int]:
        """Send it; the name it was given, and how much of the budget went with it."""
        first = trip.batch.parcels[send.items[0]]
        part = first.pieces + trip.progress.pieces.get(send.items[0], 0)
        msgid = msgid_of(first.message_id, part, send.pieces)
        body = await self._body(send)
        if trip.code is not None and not send.media:
            receipt = await self._send_by_code(trip, msgid, body)
            if receipt is not None:
                return receipt, 0
        try:
            return await self._api.send(trip.address, msgid, body), 1
        except KfError as error:
            if first.repeated and error.names_msgid:
                # The attempt that was cut off had got through.
                return msgid, 0
            match error.rule.act:
                case Act.UPLOAD if send.media:
                    return await self._api.send(trip.address, msgid, await self._body(send)), 1
                case _:
                    raise

    async def _send_by_code(self, trip: _Trip, msgid: str, body: dict[str, Any]) -> str | None:
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

    async def _stopped(self, trip: _Trip, send: Send, error: WeChatError) -> Outcome:
        rule, batch = error.rule, trip.batch
        match rule.act:
            case Act.LOOK:
                return await self._look(trip, send)
            case Act.HOLD:
                await self._database.write(windows.exhaust, batch.customer_id)
                return Held(rule.reason)
            case Act.ALARM:
                if self._paused_until is None or self._clock() >= self._paused_until:
                    logger.error("wecom_alarm code=%d %s", error.code, error)
                self._paused_until = self._clock() + _PAUSE
                return Retry(_PAUSE.total_seconds(), rule.reason)
            case Act.RENEW:
                logger.error("wecom_alarm code=%d %s", error.code, error)
                return Retry(None, rule.reason)
            case Act.WAIT:
                return Retry(rule.seconds, rule.reason)
            case _:
                logger.warning("kf_not_sent customer=%d %s", batch.customer_id, error)
                return Failed(rule.reason)

    async def _look(self, trip: _Trip, send: Send) -> Outcome:
        """WeCom says that somebody else speaks: ask once who does, and never in a loop."""
        batch, first = trip.batch, trip.batch.parcels[send.items[0]]
        try:
            state = await self._api.state(trip.address)
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
            content = await asyncio.to_thread(self._storage.path(send.media).read_bytes)
            media_id = await self._api.upload(content, "picture.jpg", "image/jpeg")
            return {"msgtype": "image", "image": {"media_id": media_id}}
        fits = size(send.text) <= _MOST_HEAD and all(
            size(each.title) <= _MOST_ITEM for each in send.choices
        )
        if send.choices and fits:
            items = [
                {"type": "click", "click": {"id": str(each.id), "content": each.title}}
                for each in send.choices
            ]
            return {"msgtype": "msgmenu", "msgmenu": {"head_content": send.text, "list": items}}
        return _text(numbered(send.text, send.choices) if send.choices else send.text)


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


def _closed(budget: Budget, is_over: bool, now: datetime) -> str:
    if is_over:
        return "session_ended"
    is_used_up = budget.until is not None and budget.until > now
    return "quota_used" if is_used_up else "window_closed"


def _text(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}
