"""The ledger: every message once, numbered without a gap, before anything is done with it."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from bot.conversations.changes import note_message, note_status
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Customer,
    Message,
    Waking,
)
from bot.conversations.pace import keep_pace
from bot.conversations.postponing import wake
from bot.delivery.outbox import PUSH_CHANNELS, enqueue, note_contact
from bot.errors import (
    BadInput,
    ConversationNotFound,
    MessageNotFound,
    PayloadNotOffered,
    TooLarge,
    Unauthorized,
)

MAX_TEXT = 2000
# A browser's own id for a message; a UUID in our widget.
_CLIENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
# Buttons stay valid for this many messages back; older ones have scrolled away.
_OFFERS_LOOKED_AT = 60

# Made once: building a statement takes longer than SQLite needs to carry it out.
_CUSTOMER = select(Customer).where(Customer.token_hash == bindparam("token_hash"))
_EARLIER = select(Message).where(
    Message.channel == bindparam("channel"), Message.channel_message_id == bindparam("key")
)
_conversations = Conversation.__table__.c
_NEXT_SEQ = (
    update(Conversation.__table__)  # type: ignore[arg-type]
    .where(_conversations.id == bindparam("conversation_id"))
    .values(last_seq=_conversations.last_seq + 1, last_message_at=bindparam("now"))
    .returning(_conversations.last_seq)
)


@dataclass(frozen=True)
class Opened:
    """A new conversation and the secret that proves it is the caller's."""

    conversation: Conversation
    token: str


@dataclass(frozen=True)
class Incoming:
    """What a channel received, before it is checked."""

    client_id: str
    text: str = ""
    payload: str | None = None
    # What a stored file is called and where it is (``bot.attachments``); ``text`` names it.
    attachment: dict[str, Any] | None = None


@dataclass(frozen=True)
class Received:
    """What became of it; ``is_new`` is false for a second delivery."""

    message: Message
    is_new: bool
    conversation: Conversation


def open_conversation(session: Session, channel: str, *, now: datetime) -> Opened:
    """Begin a conversation with a customer we have not met."""
    token = secrets.token_urlsafe(32)
    customer = Customer(channel=channel, token_hash=_hash(token), created_at=now)
    session.add(customer)
    session.flush()
    return Opened(_new_conversation(session, customer, now), token)


def conversation_at(
    session: Session, channel: str, address: str, *, now: datetime
) -> tuple[Customer, Conversation]:
    """The customer at an address of a push channel, and the newest conversation with them.

    Either is made where there is none; two first messages at once find the same. The conversation
    may be resolved: ``record_incoming`` then opens the next.
    """
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    # Nobody is ever told the token: whoever writes from the address has proved who they are.
    made = insert(Customer).values(
        channel=channel,
        address=address,
        token_hash=_hash(secrets.token_urlsafe(32)),
        created_at=now,
        seen_cursor=0,
    )
    session.execute(made.on_conflict_do_nothing(index_elements=["channel", "address"]))
    customer = session.scalars(
        select(Customer)
        .where(Customer.channel == channel, Customer.address == address)
        .with_for_update()
    ).one()
    newest = session.scalar(_newest_of(customer.id))
    return customer, newest or _new_conversation(session, customer, now)


def customer_of(session: Session, token: str) -> Customer:
    """The customer who holds this token.

    Raises:
        Unauthorized: Nobody does.
    """
    found = session.scalar(_CUSTOMER, {"token_hash": _hash(token)})
    if found is None:
        raise Unauthorized
    return found


def conversation_for(
    session: Session, conversation_id: str, customer: Customer, *, lock: bool = False
) -> Conversation:
    """A conversation of this customer; ``lock`` keeps other writers away from it.

    Raises:
        ConversationNotFound: There is none of that id, or it is somebody else's.
    """
    found = session.get(Conversation, conversation_id, with_for_update=lock or None)
    if found is None or found.customer_id != customer.id:
        raise ConversationNotFound
    return found


def current_conversation(session: Session, conversation: Conversation) -> Conversation:
    """The conversation itself, or the customer's newest one if it has been resolved."""
    if conversation.status != ConversationStatus.RESOLVED:
        return conversation
    return session.scalars(_newest_of(conversation.customer_id)).one()


def open_one(
    session: Session, customer: Customer, conversation: Conversation, *, now: datetime
) -> Conversation:
    """The conversation itself, or the next of this customer if it is over."""
    if conversation.status != ConversationStatus.RESOLVED:
        return conversation
    return _new_conversation(session, customer, now)


def record_incoming(
    session: Session,
    conversation_id: str,
    customer: Customer,
    incoming: Incoming,
    *,
    now: datetime,
) -> Received:
    """Store a customer's message, once.

    The same ``client_id`` again returns the message stored the first time. A message to a
    resolved conversation opens a new one for the same customer.

    Raises:
        BadInput: Empty, without a usable ``client_id``, or a payload that was not offered.
        TooLarge: More than 2,000 characters.
        ConversationNotFound: Not this customer's conversation.
        TooManyRequests: Faster than a person writes; see ``pace``.
    """
    # Two deliveries at once wait here for each other, so that the second finds the first.
    conversation = conversation_for(session, conversation_id, customer, lock=True)
    if not _CLIENT_ID.fullmatch(incoming.client_id):
        raise BadInput("消息缺少有效的 client_id。")
    key = f"{customer.id}:{incoming.client_id}"
    earlier = session.scalar(_EARLIER, {"channel": customer.channel, "key": key})
    if earlier is not None:
        return Received(earlier, False, session.get_one(Conversation, earlier.conversation_id))
    text, data = _checked(session, customer, incoming)
    if customer.channel not in PUSH_CHANNELS:
        # Where the far side never repeats what was refused, everything is taken.
        keep_pace(session, customer, now=now)
    conversation = open_one(session, customer, current_conversation(session, conversation), now=now)
    message = append(
        session,
        conversation,
        Author.CUSTOMER,
        text,
        now=now,
        kind="file" if incoming.attachment else "text",
        data=data,
        channel_message_id=key,
    )
    note_contact(session, customer, now=now)
    if conversation.status == ConversationStatus.STAFF:
        wake(session, conversation, Waking.CUSTOMER, now=now)
    return Received(message, True, conversation)


def append(
    session: Session,
    conversation: Conversation,
    author: Author,
    text: str,
    *,
    now: datetime,
    kind: str = "text",
    data: dict[str, Any] | None = None,
    private: bool = False,
    channel_message_id: str | None = None,
    turn_id: int | None = None,
    staff_id: int | None = None,
) -> Message:
    """Add the next message of a conversation and announce it."""
    session.flush()
    seq = session.execute(_NEXT_SEQ, {"conversation_id": conversation.id, "now": now}).scalar_one()
    # The row was changed past the session; what it holds now is known without asking.
    set_committed_value(conversation, "last_seq", seq)
    set_committed_value(conversation, "last_message_at", now)
    message = Message(
        id=secrets.token_hex(16),
        conversation_id=conversation.id,
        seq=seq,
        author=author,
        kind=kind,
        text=text,
        data=data or {},
        private=private,
        channel=conversation.channel,
        channel_message_id=channel_message_id,
        turn_id=turn_id,
        staff_id=staff_id,
        created_at=now,
    )
    session.add(message)
    note_message(session, conversation, message)
    enqueue(session, conversation, message, now=now)
    return message


def messages_of(session: Session, conversation_id: str) -> list[Message]:
    """All messages of a conversation in their order."""
    query = select(Message).where(Message.conversation_id == conversation_id)
    return list(session.scalars(query.order_by(Message.seq)))


def message_for(session: Session, message_id: str, customer: Customer) -> Message:
    """A message in one of this customer's conversations.

    Raises:
        MessageNotFound: There is none of that id the customer may see.
    """
    found = session.get(Message, message_id)
    if found is None or found.private:
        raise MessageNotFound
    owner = session.get_one(Conversation, found.conversation_id)
    if owner.customer_id != customer.id:
        raise MessageNotFound
    return found


def cleaned(text: str) -> str:
    """Text without what no person types: control characters and halves of characters.

    Line breaks and tabs stay. A NUL would be refused by PostgreSQL, half a surrogate pair by
    UTF-8 itself.
    """
    kept = (
        character
        for character in text.replace("\r\n", "\n").replace("\r", "\n")
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    return "".join(kept).strip()


def checked_text(text: str) -> str:
    """A message's text as it may be stored.

    Raises:
        BadInput: Nothing is left of it.
        TooLarge: More than 2,000 characters.
    """
    clean = cleaned(text)
    if len(clean) > MAX_TEXT:
        raise TooLarge(f"一条消息最多 {MAX_TEXT} 字，您的内容有 {len(clean)} 字，请分几条发送。")
    if not clean:
        raise BadInput("请输入您的问题。")
    return clean


def _checked(
    session: Session, customer: Customer, incoming: Incoming
) -> tuple[str, dict[str, Any]]:
    if incoming.attachment is not None:
        return checked_text(incoming.text), {"attachment": incoming.attachment}
    if incoming.payload is None:
        return checked_text(incoming.text), {}
    offers = _offers(session, customer)
    title = next((title for payload, title in offers if payload == incoming.payload), None)
    if title is None:
        raise PayloadNotOffered
    return title, {"payload": incoming.payload}


def _offers(session: Session, customer: Customer) -> Iterator[tuple[str, str]]:
    recent = session.scalars(
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.customer_id == customer.id,
            Message.author.in_([Author.BOT, Author.SYSTEM]),
        )
        .order_by(Message.created_at.desc())
        .limit(_OFFERS_LOOKED_AT)
    )
    for message in recent:
        cards = [message.data.get("card"), *message.data.get("items", [])]
        actions = [card.get("action") for card in cards if card]
        for button in [*message.data.get("buttons", []), *actions]:
            if button:
                yield button["payload"], button["title"]


def _new_conversation(session: Session, customer: Customer, now: datetime) -> Conversation:
    conversation = Conversation(
        id=secrets.token_hex(16),
        customer_id=customer.id,
        channel=customer.channel,
        status=ConversationStatus.BOT,
        created_at=now,
        last_message_at=now,
    )
    session.add(conversation)
    note_status(session, conversation)
    return conversation


def _newest_of(customer_id: int) -> Select[Conversation]:
    return (
        select(Conversation)
        .where(Conversation.customer_id == customer_id)
        .order_by(Conversation.created_at.desc(), Conversation.id)
        .limit(1)
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
