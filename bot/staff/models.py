"""Records of the people who serve and of their sign-ins."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.database import Base, UtcDateTime


class Role(StrEnum):
    """What somebody may do at the desk; see ``connectors.desk.access``."""

    STAFF = "staff"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    COORDINATOR = "coordinator"
    ELSEWHERE = "elsewhere"  # serves in another system and never signs in here


class Presence(StrEnum):
    """Whether somebody takes conversations; see ``bot.staff.presence``."""

    AVAILABLE = "available"
    AWAY = "away"
    AWAY_AND_REQUEUE = "away_and_requeue"
    OFFLINE = "offline"


class Staff(Base):
    """A member of staff; ``number`` is the work number customers see.

    ``capacity`` is how many conversations they are assigned at once (None: the setting), and
    ``seen_at`` when their desk was last heard of, which is their lease on being present.
    """

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(40))
    # Conversations name their holder by it, so two people must not share one.
    number: Mapped[str] = mapped_column(String(8), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    skills: Mapped[list[str]] = mapped_column(JSON, default=list)
    capacity: Mapped[int | None]
    presence: Mapped[str] = mapped_column(
        String(16), default=Presence.OFFLINE, server_default="offline", index=True
    )
    presence_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    assigned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def card(self) -> dict[str, str]:
        """What customers and colleagues may see of this person."""
        return {"username": self.username, "name": self.name, "number": self.number}


class PresenceChange(Base):
    """One line of the log of who was present when, and what changed it."""

    __tablename__ = "presence_changes"
    __table_args__ = (Index("ix_presence_changes_staff", "staff_id", "changed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    before: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccessRefusal(Base):
    """A request that was refused because its sender had no right to it."""

    __tablename__ = "access_refusals"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    method: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(String(200))
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SignIn(Base):
    """A signed-in browser; only a hash of its cookie is kept."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    staff: Mapped[Staff] = relationship()


class LoginFailure(Base):
    """A refused sign-in, counted against the account and the address it came from."""

    __tablename__ = "login_failures"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ServiceGroup(Base):
    """What the staff of one service category promise; what is empty, the platform's rule fills.

    The category ``default`` stands for all that have no row of their own.
    """

    __tablename__ = "service_groups"

    category: Mapped[str] = mapped_column(String(32), primary_key=True)
    hours: Mapped[str] = mapped_column(String(120), default="")
    # In working minutes.
    first_response: Mapped[int | None]
    next_response: Mapped[int | None]
    resolution: Mapped[int | None]


class CalendarDay(Base):
    """A day that an imported holiday notice names: a day off, or a weekend that is worked.

    ``notice_year`` is the year the notice is about: it may move days of the December before.
    """

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    is_worked: Mapped[bool]
    name: Mapped[str] = mapped_column(String(40))
    notice_year: Mapped[int]
