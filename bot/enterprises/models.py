"""Records of enterprises, of who speaks for them, and of the codes that prove it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.conversations.models import Customer
from bot.database import Base, UtcDateTime


class Way(StrEnum):
    """How the proof reaches the customer."""

    CODE = "code"  # six digits, told or typed
    LINK = "link"  # opens the widget
    SCENE = "scene"  # a QR code of WeChat


class By(StrEnum):
    """Who ended a binding, or made one."""

    CUSTOMER = "customer"
    STAFF = "staff"
    UNFOLLOWED = "unfollowed"


class Enterprise(Base):
    """A company that is served; its credit code names it once."""

    __tablename__ = "enterprises"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128), index=True)
    credit_code: Mapped[str] = mapped_column(String(18), unique=True)
    region: Mapped[str] = mapped_column(String(64), default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    """A customer who speaks for an enterprise: one at a time, though it may have many of them."""

    __tablename__ = "enterprise_members"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id"), primary_key=True, autoincrement=False
    )
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"), index=True)
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)

    enterprise: Mapped[Enterprise] = relationship()
    customer: Mapped[Customer] = relationship()


class BindingCode(Base):
    """A proof that was given out, for one use; only its keyed hash is kept."""

    __tablename__ = "binding_codes"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    way: Mapped[str] = mapped_column(String(8))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BindingGuesses(Base):
    """How often a customer named a code that is none, since when."""

    __tablename__ = "binding_guesses"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id"), primary_key=True, autoincrement=False
    )
    wrong: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BindingEvent(Base):
    """A customer was bound to an enterprise, or is so no more; rows are only added."""

    __tablename__ = "binding_events"
    __table_args__ = (Index("ix_binding_events_enterprise", "enterprise_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprises.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    act: Mapped[str] = mapped_column(String(8))  # bound, unbound
    by: Mapped[str] = mapped_column(String(16))
    # Who unbound, or who had given out the code.
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    way: Mapped[str | None] = mapped_column(String(8))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
