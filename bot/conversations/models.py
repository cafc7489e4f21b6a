"""Records of conversations and all that is said and happens in them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.database import Base, UtcDateTime
from bot.staff.models import Staff


class ConversationStatus(StrEnum):
    """Who speaks; see the state machine in ``handoff``."""

    BOT = "bot"
    QUEUED = "queued"
    STAFF = "staff"
    RESOLVED = "resolved"


class Author(StrEnum):
    """Who said a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    STAFF = "staff"
    SYSTEM = "system"


class Customer(Base):
    """A customer on one channel; on the widget, whoever holds the token.

    ``address`` is where a push channel reaches them (never logged: it names a person), and
    ``last_contact_at`` when they last wrote there. ``seen_cursor`` is the newest line of the change
    feed that their client is known to have; ``paced_at`` belongs to ``reception.keep_pace``.
    """

    __tablename__ = "customers"
    __table_args__ = (Index("uq_customers_address", "channel", "address", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str | None] = mapped_column(String(128))
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_cursor: Mapped[int] = mapped_column(default=0)
    paced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Conversation(Base):
    """Everything between one customer and us until it is resolved (an episode).

    ``epoch`` counts changes of ownership; ``last_seq`` is the newest message's number;
    up to ``answered_seq`` every customer message has been dealt with; ``bot_epoch`` is the epoch
    since which the bot speaks, which names its tracker.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_status", "status", "queued_at"),
        Index("ix_conversations_begun", "status", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default=ConversationStatus.BOT)
    epoch: Mapped[int] = mapped_column(default=0)
    bot_epoch: Mapped[int] = mapped_column(default=0)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    last_seq: Mapped[int] = mapped_column(default=0)
    answered_seq: Mapped[int] = mapped_column(default=0)
    handoff_reason: Mapped[str] = mapped_column(String(200), default="")
    category: Mapped[str | None] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_message_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    customer: Mapped[Customer] = relationship()
    staff: Mapped[Staff | None] = relationship()

    @property
    def tracker_id(self) -> str:
        """Rasa's name for it; a new one after each hand-back, so no half-filled form resumes."""
        return f"{self.id}.{self.bot_epoch}"


class Message(Base):
    """One thing said; ``seq`` counts 1, 2, 3 … within its conversation."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        # A message delivered again by its channel meets this key.
        UniqueConstraint("channel", "channel_message_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int]
    author: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    private: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[str] = mapped_column(String(16))
    channel_message_id: Mapped[str | None] = mapped_column(String(160))
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turns.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    staff: Mapped[Staff | None] = relationship()


class TurnStatus(StrEnum):
    """How a turn ended, or that it has not."""

    RUNNING = "running"
    ANSWERED = "answered"
    SUPPRESSED = "suppressed"  # ownership changed meanwhile: replies kept as drafts
    INTERRUPTED = "interrupted"  # the process died under it


class Turn(Base):
    """One or several customer messages and the bot's replies to them.

    ``owner`` names the process that runs it, so that others know when nobody does any more.
    """

    __tablename__ = "turns"
    __table_args__ = (Index("ix_turns_conversation", "conversation_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    epoch: Mapped[int]
    first_seq: Mapped[int]
    last_seq: Mapped[int]
    status: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str | None] = mapped_column(String(32))
    failure: Mapped[str | None] = mapped_column(String(32))
    handled: Mapped[str | None] = mapped_column(String(16))
    intent: Mapped[str | None] = mapped_column(String(64))
    category: Mapped[str | None] = mapped_column(String(32))
    confidence: Mapped[float | None]
    entities: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    slots: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TurnOwner(Base):
    """A process that runs turns, and when it last said that it is alive."""

    __tablename__ = "turn_owners"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SuppressedDraft(Base):
    """A bot reply that came after a person had taken over; staff can see and send it."""

    __tablename__ = "suppressed_drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    turn_id: Mapped[int] = mapped_column(ForeignKey("turns.id"))
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StatusEvent(Base):
    """One guarded transition that happened."""

    __tablename__ = "status_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    transition: Mapped[str] = mapped_column(String(32))
    from_status: Mapped[str] = mapped_column(String(16))
    to_status: Mapped[str] = mapped_column(String(16))
    epoch: Mapped[int]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str] = mapped_column(String(200), default="")
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Change(Base):
    """One line of the change feed; what a client gets by asking after its cursor."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_customer", "customer_id", "cursor"),)

    cursor: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    type: Mapped[str] = mapped_column(String(16))
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    for_customer: Mapped[bool] = mapped_column(default=True)

    message: Mapped[Message | None] = relationship()
    conversation: Mapped[Conversation] = relationship()
