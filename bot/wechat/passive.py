"""Answering in the callback itself, for accounts that may not send.

Tencent waits five seconds, then delivers the same thing again, three times in all. The turn runs
as always; whichever of the deliveries is there when it has ended takes along everything that
waits for the customer. What is said to a key is stored with it, so that all its deliveries are
answered alike, in whichever process they arrive.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attachments.service import KIND
from bot.conversations.bell import Bell
from bot.conversations.changes import topic
from bot.conversations.ledger import Incoming, conversation_at, record_incoming
from bot.conversations.models import Author, Conversation, ConversationStatus, Customer, Message
from bot.database import Database
from bot.delivery.channel import Batch, Held
from bot.delivery.lanes import claim_for, record
from bot.responses import Responses
from bot.wechat import modes, windows
from bot.wechat.account import Account
from bot.wechat.carrying import Progress, item_of
from bot.wechat.choices import chosen, offer
from bot.wechat.deliveries import claim
from bot.wechat.links import link_to_message
from bot.wechat.messages import Callback, Text
from bot.wechat.models import WeChatDelivery
from bot.wechat.planner import Item, plan
from bot.wechat.receiving import CHANNEL, NOTHING, Receiver, Taken, Waiting
from bot.wechat.splitting import MOST_BYTES, size

# Tencent hangs up after five seconds; what is answered later is lost.
ANSWER_SECONDS = 4.5
_LAST = 3
# The third delivery comes some ten seconds after the first, even if we missed the second.
_LAST_AFTER = timedelta(seconds=8)
# Where the bell does not carry: another process over SQLite, a turn that ended without a word.
_LOOK_SECONDS = 0.5
# Said only to get what was promised; there is nothing in it for the bot to understand.
_NUDGE = re.compile(r"(?:1|好+的?|嗯+|哦+|噢|行|是|对|ok|okay|继续|获取|查看|收到|[?.!,~]*)", re.I)
_GAP = "\n\n"


class PassiveReplies:
    """Takes deliveries in and finds out what they are answered with."""

    def __init__(
        self,
        account: Account,
        database: Database,
        bell: Bell,
        clock: Callable[[], datetime],
        responses: Responses,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._account = account
        self._database = database
        self._bell = bell
        self._clock = clock
        self._responses = responses
        self._seconds = seconds

    def receive(
        self, session: Session, receiver: Receiver, callback: Callback, *, now: datetime
    ) -> Taken:
        """As ``Receiver.receive``; where the account may only answer, say how to."""
        if not modes.is_passive(session, now=now):
            return receiver.receive(session, callback, now=now)
        if _is_nudge(session, callback, now):
            taken = _note_nudge(session, callback, now)
        else:
            taken = receiver.receive(session, callback, now=now)
        delivery = session.get(
            WeChatDelivery, callback.key, with_for_update=True, populate_existing=True
        )
        if delivery is None or delivery.customer_id is None:
            return taken
        delivery.deliveries += 1
        delivery.awaits_turn = delivery.awaits_turn or taken.bot_answers
        is_last = delivery.deliveries >= _LAST or now - delivery.received_at >= _LAST_AFTER
        return replace(taken, waiting=Waiting(callback.key, delivery.customer_id, is_last))

    async def reply(self, waiting: Waiting) -> str | None:
        """What to answer a delivery with; empty: that it has arrived, None: nothing at all.

        Nobody is kept from working meanwhile: between looks there is neither a thread nor a
        unit of work.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._seconds
        async with self._bell.listening(topic(waiting.customer_id)) as rung:
            while True:
                rung.clear()
                left = deadline - loop.time()
                is_ready = await self._database.read(_is_ready, waiting.key)
                if is_ready or (left <= 0 and waiting.is_last):
                    return await self._database.write(
                        self._compose, waiting.key, is_ready, now=self._clock()
                    )
                if left <= 0:
                    return None
                try:
                    await asyncio.wait_for(rung.wait(), min(left, _LOOK_SECONDS))
                except TimeoutError:
                    continue

    def _compose(self, session: Session, key: str, is_ready: bool, *, now: datetime) -> str:
        """Take along what waits for the customer; said before: the same again."""
        delivery = session.get_one(
            WeChatDelivery, key, with_for_update=True, populate_existing=True
        )
        if delivery.reply is not None or delivery.customer_id is None:
            return delivery.reply or ""
        text, has_more = self._carry(session, delivery.customer_id, now)
        if not is_ready:
            text = _joined(text, self._responses.text("utter_system_wechat_working"))
        elif has_more:
            text = _joined(text, self._responses.text("utter_system_wechat_more"))
        delivery.reply, delivery.promises = text, has_more or not is_ready
        return text

    def _carry(self, session: Session, customer_id: int, now: datetime) -> tuple[str, bool]:
        """As much as one message holds, recorded as sent, and whether that is not all."""
        claimed = claim_for(session, CHANNEL, customer_id, now=now)
        if claimed is None:
            return "", False
        batch, progress = claimed.batch, Progress()
        planned = plan(self._items(session, batch, now), 1, menus=False, saves_one=False)
        for send in planned.sends:
            progress.note(send, None)
        record(session, claimed, progress.outcomes(batch, Held("passive_mode")), now=now)
        return planned.sends[0].text, planned.held_from is not None

    def _items(self, session: Session, batch: Batch, now: datetime) -> list[Item]:
        with_buttons = [each.message_id for each in batch.parcels if each.data]
        offered = offer(session, batch.customer_id, with_buttons)
        items = []
        for parcel in batch.parcels:
            link = link_to_message(self._account, parcel.message_id, now=now)
            item = item_of(parcel, offered.get(parcel.message_id, ()), link)
            if item.media:
                # Uploading is another thing such accounts may not do.
                item = replace(
                    item, media="", text=f"{item.text}\n查看：{link}" if link else item.text
                )
            items.append(item)
        return items


def _is_ready(session: Session, key: str) -> bool:
    """Whether nothing more is to be waited for before this delivery is answered."""
    delivery = session.get_one(WeChatDelivery, key)
    if delivery.reply is not None or not delivery.awaits_turn:
        return True
    message = session.scalar(
        select(Message).where(
            Message.channel == CHANNEL,
            Message.channel_message_id == f"{delivery.customer_id}:{key}",
        )
    )
    if message is None:
        return True
    conversation = session.get_one(Conversation, message.conversation_id)
    unanswered = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.author == Author.CUSTOMER,
        Message.kind != KIND,
        Message.seq > conversation.answered_seq,
        Message.seq <= message.seq,
    )
    is_ours = conversation.status == ConversationStatus.BOT
    return not is_ours or session.scalar(unanswered.limit(1)) is None


def _is_nudge(session: Session, callback: Callback, now: datetime) -> bool:
    """Whether a text only asks for what we said would come next."""
    content = callback.content
    if not isinstance(content, Text) or content.menu_id is not None:
        return False
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", content.text)).replace("。", ".")
    if not _NUDGE.fullmatch(plain):
        return False
    customer = session.scalar(
        select(Customer).where(Customer.channel == CHANNEL, Customer.address == callback.openid)
    )
    if customer is None or not _is_promised(session, customer.id):
        return False
    customer, conversation = conversation_at(session, CHANNEL, callback.openid, now=now)
    picked = chosen(session, customer.id, conversation.id, content.text, None)
    return picked is None and conversation.status == ConversationStatus.BOT


def _is_promised(session: Session, customer_id: int) -> bool:
    newest = (
        select(WeChatDelivery.promises)
        .where(WeChatDelivery.customer_id == customer_id, WeChatDelivery.reply.is_not(None))
        .order_by(WeChatDelivery.received_at.desc())
        .limit(1)
    )
    return bool(session.scalar(newest))


def _note_nudge(session: Session, callback: Callback, now: datetime) -> Taken:
    """Store it without a turn, and let what was promised go."""
    if not claim(session, callback.key, now):
        return NOTHING
    customer, conversation = conversation_at(session, CHANNEL, callback.openid, now=now)
    delivery = session.get_one(WeChatDelivery, callback.key)
    # What was promised may still be on its way.
    delivery.customer_id, delivery.awaits_turn = customer.id, True
    windows.note_message(session, customer.id, now=now)
    text = callback.content.text if isinstance(callback.content, Text) else ""
    incoming = Incoming(callback.key, text or "？")
    received = record_incoming(session, conversation.id, customer, incoming, now=now)
    # As with a file: no turn takes it up.
    received.message.kind = KIND
    conversation, seq = received.conversation, received.message.seq
    # What is still being worked on must not count as answered with it.
    if conversation.answered_seq == seq - 1:
        conversation.answered_seq = seq
    return NOTHING


def _joined(text: str, more: str) -> str:
    joined = f"{text}{_GAP}{more}" if text else more
    return joined if size(joined) <= MOST_BYTES else text
