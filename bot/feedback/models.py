"""Records of feedback: on one answer, on a conversation, and in free words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.database import Base, UtcDateTime


class MessageFeedback(Base):
    """Whether one bot message helped, and what was missing; the customer may change their mind."""

    __tablename__ = "message_feedback"

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    entry_id: Mapped[str | None] = mapped_column(String(96), index=True)
    helpful: Mapped[bool]
    comment: Mapped[str] = mapped_column(Text, default="")
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Survey(Base):
    """A customer was asked for a score at the end of an episode; each episode at most once."""

    __tablename__ = "surveys"
    __table_args__ = (Index("ix_surveys_customer", "customer_id", "asked_at"),)

    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConversationFeedback(Base):
    """The score of one episode with people, 5 very satisfied … 1 very dissatisfied."""

    __tablename__ = "conversation_feedback"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 5", name="score_in_range"),)

    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    score: Mapped[int]
    tags: Mapped[list[Any]] = mapped_column(JSON, default=list)
    comment: Mapped[str] = mapped_column(Text, default="")
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FreeFeedback(Base):
    """An opinion given to the bot in the customer's own words, with or without a score."""

    __tablename__ = "free_feedback"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 5", name="free_score_in_range"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    score: Mapped[int | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    # A turn that is tried again must not count twice.
    request_key: Mapped[str | None] = mapped_column(String(96), unique=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
