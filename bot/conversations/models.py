"""Records of conversations and all that is said and happens in them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
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


class HandoffReason(StrEnum):
    """Why a person was asked for, for reports; free words may stand beside it."""

    CUSTOMER_ASKED = "customer_asked"
    NOT_UNDERSTOOD = "not_understood"  # twice in a row
    LOW_SCORE = "low_score"
    COMPLAINT = "complaint"
    SENSITIVE = "sensitive"
    FAILURE = "failure"  # a part of the assistant broke down; the words say which
    OUT_OF_HOURS = "out_of_hours"
    CONTINUED = "continued"  # the answer to a person whose conversation ended for silence
    STAFF_STEPPED_IN = "staff_stepped_in"  # nobody asked: a person took it from the bot

    @classmethod
    def of(cls, words: str) -> HandoffReason:
        """The reason that words name; whoever only gives words of their own asked for a person."""
        return cls(words) if words in set(cls) else cls.CUSTOMER_ASKED


class Customer(Base):
    """A customer on one channel; on the widget, whoever holds the token.

    ``address`` is where a push channel reaches them (never logged: it names a person), and
    ``last_contact_at`` when they last wrote there. ``seen_cursor`` is the newest line of the change
    feed that their client is known to have; ``paced_at`` belongs to ``pace``,
    ``erased_at`` and ``erased_by_id`` to ``bot.privacy``.
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
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_by_id: Mapped[int | None]


class Conversation(Base):
    """Everything between one customer and us until it is resolved.

    Its times with people are episodes: from each hand-off until the hand-back or the end.
    ``epoch`` counts changes of ownership; ``last_seq`` is the newest message's number;
    up to ``answered_seq`` every customer message has been dealt with; ``bot_epoch`` is the epoch
    since which the bot speaks, which names its tracker; ``passed_by_id`` is who gave it away
    the last time, so that nobody is assigned what they have just passed on; ``told_wait`` is
    the standing that a waiting customer was told (``bot.conversations.waiting``).
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
    handoff_kind: Mapped[str | None] = mapped_column(String(24))
    passed_by_id: Mapped[int | None]
    category: Mapped[str | None] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_message_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_wait: Mapped[str | None] = mapped_column(String(24))
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
    INTERRUPTED = "interrupted"  # the process died under it, or the customer was erased


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
    handoff_kind: Mapped[str | None] = mapped_column(String(24))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Episode(Base):
    """A conversation's time with people: the unit of promises, scores and reports.

    Kept beside the events so that reports need not replay them, and equal to what a replay
    says (``bot.conversations.episodes``). What is set never changes once ``ended_at`` is.

    Attributes:
        number: 1, 2, … within the conversation.
        category: What it was about when it began.
        reason: A ``HandoffReason``.
        accepted_at: When the first person took it.
        staff_id: Who had it last.
        end: The transition that ended it.
    """

    __tablename__ = "episodes"
    __table_args__ = (
        UniqueConstraint("conversation_id", "number"),
        Index("ix_episodes_served", "customer_id", "staff_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    number: Mapped[int]
    category: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(24))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    end: Mapped[str | None] = mapped_column(String(32))


class OfferState(StrEnum):
    """What became of an offer to take a conversation over."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # by the sender, or because the conversation went elsewhere


class TransferOffer(Base):
    """A conversation that its holder offers; the holder keeps it until somebody accepts.

    It is offered to a colleague, or to the group of a ``category``: then ``to_id`` is empty until
    one of them accepts.
    """

    __tablename__ = "transfer_offers"
    __table_args__ = (
        # One at a time for each conversation.
        Index(
            "ix_transfer_offers_open",
            "conversation_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_transfer_offers_due", "state", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    from_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    to_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    category: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), default=OfferState.OPEN)
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    sender: Mapped[Staff] = relationship(foreign_keys=[from_id])
    receiver: Mapped[Staff | None] = relationship(foreign_keys=[to_id])


class Waking(StrEnum):
    """What took up again what had been put off."""

    DUE = "due"  # its time came
    CUSTOMER = "customer"  # who wrote
    HOLDER = "holder"
    MOVED = "moved"  # somebody else has it, or it is over
    REPLACED = "replaced"  # put off anew


class Postponement(Base):
    """A conversation that its holder put off until a moment; ``woken_at`` is empty until then."""

    __tablename__ = "postponements"
    __table_args__ = (
        # One at a time for each conversation.
        Index(
            "ix_postponements_open",
            "conversation_id",
            unique=True,
            sqlite_where=text("woken_at IS NULL"),
            postgresql_where=text("woken_at IS NULL"),
        ),
        Index("ix_postponements_due", "woken_at", "until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(200), default="")
    postponed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    woken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[str | None] = mapped_column(String(16))


class SlaNotice(Base):
    """A warning, or word of a breach, that was pushed; each is pushed once.

    ``clock`` names the promise and the moment that its clock began, or became due.
    """

    __tablename__ = "sla_notices"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    clock: Mapped[str] = mapped_column(String(80), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), primary_key=True)
    noticed_at: Mapped[datetime] = mapped_column(UtcDateTime)


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
