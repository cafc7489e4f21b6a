"""What WeCom tells us, stored: each item once, one unit of work for a whole page."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.attachments.models import Attachment
from bot.conversations.ledger import conversation_at
from bot.conversations.models import Conversation, ConversationStatus, Customer, Message, Turn
from bot.delivery.outbox import release
from bot.errors import ServiceError
from bot.wechat import windows
from bot.wechat.deliveries import claim
from bot.wechat.messages import Callback, Link, Media, Place, Text, Unknown, Unsupported
from bot.wechat.models import WeChatDelivery
from bot.wechat.receiving import NOTHING, Receiver, Taken, asked_by
from bot.wechat.scenes import CASE_SCENE, note_station
from bot.wecom import holding, sessions
from bot.wecom.account import CHANNEL, Address
from bot.wecom.failing import note_failure
from bot.wecom.messages import (
    AGENT,
    CUSTOMER,
    Entered,
    Item,
    NotDelivered,
    Recalled,
    SessionChanged,
)

logger = logging.getLogger(__name__)

# A mailbox read for the first time holds three days; nobody waits for answers to those.
_STILL_ANSWERED = timedelta(minutes=10)
_RECALLED = "［客户撤回了一条消息］"
_ENDED = 3
_NAMES = {"image": "［图片］", "voice": "［语音］", "video": "［视频］", "file": "［文件］"}
_Said = Text | Media | Place | Link | Unsupported


@dataclass(frozen=True)
class Look:
    """What WeCom says of a customer's session at a moment, because we asked."""

    state: int
    at: datetime


class KfReceiver(Receiver):
    """Takes in what ``sync_msg`` brings."""

    def take_in(
        self,
        session: Session,
        item: Item,
        opened_at: datetime,
        looks: Mapping[Address, Look],
        *,
        now: datetime,
    ) -> Taken:
        """Store one item; one that has been stored before changes nothing.

        Args:
            session: The unit of work, in which the cursor moves on, too.
            item: The message or event.
            opened_at: When the mailbox was first read.
            looks: What has just been asked of WeCom, by address.
            now: The present moment.
        """
        if item.sent_at < opened_at - _STILL_ANSWERED:
            return NOTHING
        key = key_of(item.address.open_kfid, item.msgid)
        if not claim(session, key, now):
            return NOTHING
        content = item.content
        if isinstance(content, NotDelivered):
            note_failure(session, content.msgid, content.fail_type, now=now)
            return NOTHING
        if isinstance(content, Unknown):
            logger.info("kf_unknown kind=%s", content.kind)
            return NOTHING
        if not item.address.external_userid:
            return NOTHING
        if isinstance(content, Recalled):
            return self._recall(session, item.address, content.msgid)
        if not isinstance(content, _Said | Entered | SessionChanged):
            return NOTHING
        address = str(item.address)
        customer, conversation = conversation_at(session, CHANNEL, address, now=now)
        session.get_one(WeChatDelivery, key).customer_id = customer.id
        self._look(session, customer, conversation, looks.get(item.address), now)
        try:
            # What is wrong with one item must not be stored by halves.
            with session.begin_nested():
                return self._take(session, customer, conversation, item, key, now)
        except ServiceError as error:
            # Nothing that can be kept; reading it again would not change that.
            logger.info("kf_dropped customer=%d code=%s", customer.id, error.code)
            return NOTHING

    def _take(
        self,
        session: Session,
        customer: Customer,
        conversation: Conversation,
        item: Item,
        key: str,
        now: datetime,
    ) -> Taken:
        match item.content:
            case Entered() as entered:
                return self._welcome(session, customer, conversation, entered, item, key, now)
            case SessionChanged() as changed:
                self._change(session, customer, conversation, changed, item.sent_at, now)
            case Text() | Media() | Place() | Link() | Unsupported() if item.origin == AGENT:
                sessions.note_state(session, customer.id, sessions.AGENT)
                text = _words(item.content)
                holding.say_for(session, customer, conversation, text, key, now=now)
            case Text() | Media() | Place() | Link() | Unsupported() if item.origin == CUSTOMER:
                return self._hear(session, customer, conversation, item, key, now)
            case _:
                logger.info("kf_unknown origin=%d", item.origin)
        return NOTHING

    def _hear(
        self,
        session: Session,
        customer: Customer,
        conversation: Conversation,
        item: Item,
        key: str,
        now: datetime,
    ) -> Taken:
        sessions.note_said(session, customer.id)
        if sessions.standing(session, customer.id, now=now).state in sessions.THEIRS:
            conversation = holding.take(session, customer, conversation, now=now)
        content = item.content
        if isinstance(content, Text):
            taken = self._text(session, customer, conversation, key, content, now)
        else:
            assert isinstance(content, Media | Place | Link | Unsupported)
            callback = Callback(str(item.address), item.address.open_kfid, key, content)
            taken = self._not_text(session, customer, conversation, callback, now)
        # Here a pressed item is a message like any other.
        windows.note_message(session, customer.id, now=now)
        return taken

    def _welcome(
        self,
        session: Session,
        customer: Customer,
        conversation: Conversation,
        entered: Entered,
        item: Item,
        key: str,
        now: datetime,
    ) -> Taken:
        # The parameter of the link that led here; the scene is WeCom's own word for its kind.
        scene = entered.parameter
        station = note_station(session, customer.id, scene, now=now)
        if conversation.status != ConversationStatus.BOT:
            return NOTHING
        until = item.sent_at + sessions.CODE_SECONDS
        has_code = bool(entered.code) and until > now
        if has_code:
            sessions.note_code(session, customer.id, entered.code, until)
        can_answer = has_code or windows.budget_of(session, customer.id, now=now).is_open
        if scene.startswith(CASE_SCENE) and can_answer:
            # The one message of a code is for what is asked; a greeting would use it up.
            return self._words(session, customer, conversation, key, asked_by(scene), now)
        # Later it would be no greeting, and without a code none is allowed.
        if has_code:
            self._greet(session, conversation, station, now)
        return NOTHING

    def _change(
        self,
        session: Session,
        customer: Customer,
        conversation: Conversation,
        changed: SessionChanged,
        changed_at: datetime,
        now: datetime,
    ) -> None:
        if changed.change != _ENDED:
            sessions.note_state(session, customer.id, sessions.AGENT)
            holding.take(session, customer, conversation, now=now)
            return
        sessions.note_state(session, customer.id, sessions.OVER)
        until = changed_at + sessions.CODE_SECONDS
        if changed.code and until > now:
            sessions.note_code(session, customer.id, changed.code, until)
        holding.end(session, conversation, self._handoff, now=now)
        # A survey of ours that found no room may go with the code.
        release(session, customer.id, CHANNEL, now=now)

    def _look(
        self,
        session: Session,
        customer: Customer,
        conversation: Conversation,
        look: Look | None,
        now: datetime,
    ) -> None:
        if look is None:
            return
        sessions.note_state(session, customer.id, look.state, asked_at=look.at)
        if look.state not in sessions.THEIRS:
            holding.hand_back(session, conversation, now=now)

    def _recall(self, session: Session, address: Address, msgid: str) -> Taken:
        """Remove our copy of what somebody took back: words, files and what was made of them."""
        customer_id = session.scalar(
            select(Customer.id).where(Customer.channel == CHANNEL, Customer.address == str(address))
        )
        key = key_of(address.open_kfid, msgid)
        message = session.scalar(
            select(Message)
            .where(Message.channel == CHANNEL, Message.channel_message_id == f"{customer_id}:{key}")
            .with_for_update()
        )
        if message is None:
            return NOTHING
        message.text, message.data, message.kind = _RECALLED, {}, "text"
        session.execute(
            update(Turn)
            .where(
                Turn.conversation_id == message.conversation_id,
                Turn.first_seq <= message.seq,
                Turn.last_seq >= message.seq,
            )
            .values(entities=[], slots={})
        )
        gone = delete(Attachment).where(Attachment.message_id == message.id)
        files = tuple(session.scalars(gone.returning(Attachment.id)))
        session.flush()
        return Taken(remove=files)


def key_of(open_kfid: str, msgid: str) -> str:
    """What names an item among all that were ever taken in."""
    return hashlib.sha256(f"kf|{open_kfid}|{msgid}".encode()).hexdigest()[:40]


def _words(content: object) -> str:
    if isinstance(content, Text):
        return content.text
    if isinstance(content, Media):
        return _NAMES.get(content.kind, "［文件］")
    return "［无法显示的消息］"
