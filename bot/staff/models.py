"""Records of the people who serve and of their sign-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.database import Base, UtcDateTime


class Staff(Base):
    """A member of staff; ``number`` is the work number customers see."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(40))
    # Conversations name their holder by it, so two people must not share one.
    number: Mapped[str] = mapped_column(String(8), unique=True)
    role: Mapped[str] = mapped_column(String(16))  # staff, admin or coordinator
    skills: Mapped[list[str]] = mapped_column(JSON, default=list)

    @property
    def card(self) -> dict[str, str]:
        """What customers and colleagues may see of this person."""
        return {"username": self.username, "name": self.name, "number": self.number}


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
