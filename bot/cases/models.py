"""Records of cases and of each step they went through."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.database import Base, UtcDateTime


class CaseKind(StrEnum):
    """What a case asks of the platform; complaints are numbered apart."""

    SERVICE = "service"
    MESSAGE = "message"  # left in the queue or out of hours
    COMPLAINT = "complaint"
    FOLLOW_UP = "follow_up"  # after a low score: a supervisor gets in touch


class CaseStatus(StrEnum):
    """How far a case has come."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    MATCHED = "matched"
    QUOTED = "quoted"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


class Case(Base):
    """One piece of work for a customer; ``details`` holds what the form asked beyond the need."""

    __tablename__ = "cases"
    __table_args__ = (Index("ix_cases_customer", "customer_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), index=True)
    category: Mapped[str | None] = mapped_column(String(32))
    need: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    contact: Mapped[str] = mapped_column(String(64), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    company: Mapped[str] = mapped_column(String(128), default="")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    # For whom its customer spoke when opening it.
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprises.id"), index=True)
    # A turn that is tried again must not open a second case.
    request_key: Mapped[str | None] = mapped_column(String(96), unique=True)
    # Guesses at the phone number's last digits (see ``service.MOST_WRONG_TAILS``).
    wrong_tails: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    steps: Mapped[list[CaseStep]] = relationship(order_by="CaseStep.id", back_populates="case")

    @property
    def masked_phone(self) -> str:
        """The phone number as it may be shown."""
        return masked(self.phone)


class CaseStep(Base):
    """One status a case reached, with a note the customer may read."""

    __tablename__ = "case_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    status: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(200), default="")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    case: Mapped[Case] = relationship(back_populates="steps")


class CaseReminder(Base):
    """A due date of which the customer has been reminded; each is told once."""

    __tablename__ = "case_reminders"

    case_id: Mapped[int] = mapped_column(
        ForeignKey("cases.id"), primary_key=True, autoincrement=False
    )
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)


def masked(phone: str) -> str:
    """``13812341234`` as ``138****1234``; a shorter number keeps its last two digits."""
    if len(phone) >= 11:
        return f"{phone[:3]}****{phone[-4:]}"
    return f"****{phone[-2:]}" if phone else ""
