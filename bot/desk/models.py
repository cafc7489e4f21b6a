"""Records of the desk: read marks, drafts, canned replies and their use, mentions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.conversations.models import Message
from bot.database import Base, UtcDateTime
from bot.staff.models import Staff

TEAM = "team"


class ReadMark(Base):
    """Up to which message a member of staff has seen a conversation."""

    __tablename__ = "read_marks"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    seq: Mapped[int]


class ReplyDraft(Base):
    """What a member of staff has begun to write; ``mode`` is ``reply`` or ``note``.

    ``version`` is made by the writing browser and says which text the row holds, so that one that
    comes late does not bring back what was sent meanwhile.
    """

    __tablename__ = "reply_drafts"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(String(8), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CannedReply(Base):
    """A phrase kept ready: of one member of staff, or of all.

    ``owner`` is ``team`` or the staff's id, because a unique key does not see what is NULL.
    """

    __tablename__ = "canned_replies"
    __table_args__ = (UniqueConstraint("owner", "shortcut"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(16))
    shortcut: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CannedUse(Base):
    """How often a member of staff took a phrase or a knowledge entry into a reply.

    ``key`` is ``faq:<entry id>`` or ``canned:<id>``; an entry may go while its figures stay.
    """

    __tablename__ = "canned_uses"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    times: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Mention(Base):
    """A private note that names a colleague."""

    __tablename__ = "mentions"
    __table_args__ = (
        UniqueConstraint("message_id", "staff_id"),
        Index("ix_mentions_staff", "staff_id", "read_at"),
        Index("ix_mentions_conversation", "conversation_id", "staff_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    by_staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    message: Mapped[Message] = relationship()
    by: Mapped[Staff] = relationship(foreign_keys=by_staff_id)
