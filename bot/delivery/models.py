"""Records of delivery: a parcel for each message that must be pushed, a lane for each customer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.conversations.models import Message
from bot.database import Base, UtcDateTime


class DeliveryState(StrEnum):
    """How far a message has come on its way to the customer."""

    WAITING = "waiting"
    SENDING = "sending"  # handed to the channel; what came of it is not recorded yet
    HELD = "held"  # until the customer writes again
    SENT = "sent"  # the channel took it
    DELIVERED = "delivered"  # the channel says that the customer has it
    FAILED = "failed"  # a dead letter: staff decide
    MOVED = "moved"  # staff gave it another way; the reason says which


class Outgoing(Base):
    """One message on its way to a customer whose channel has to be called.

    ``attempts`` counts how often the channel stopped at this parcel, ``pieces`` how many parts of
    it, as the channel counts them, have left so far; ``form`` is ``text`` where staff chose to send
    the bare text. ``tried_at`` is the last time the channel was called with it.
    """

    __tablename__ = "outgoing"
    __table_args__ = (
        Index("ix_outgoing_customer", "customer_id", "state", "id"),
        Index("ix_outgoing_state", "state", "id"),
        Index("ix_outgoing_receipt", "channel", "receipt"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default=DeliveryState.WAITING)
    form: Mapped[str] = mapped_column(String(16), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    pieces: Mapped[int] = mapped_column(default=0)
    receipt: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    message: Mapped[Message] = relationship()


class Lane(Base):
    """All parcels of one customer: they leave in order, and one sender at a time has them.

    From ``due_at`` on anybody may take the lane; None: nothing to do, or ``held`` until the
    customer's next contact. Whoever takes it writes a ``lease`` of their own and moves ``due_at``
    to its end, so a lane whose sender died falls due by itself.
    """

    __tablename__ = "lanes"
    __table_args__ = (Index("ix_lanes_due", "channel", "due_at"),)

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id"), primary_key=True, autoincrement=False
    )
    channel: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held: Mapped[bool] = mapped_column(default=False)
    lease: Mapped[str | None] = mapped_column(String(32))
