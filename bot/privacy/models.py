"""Records of what is still to be removed elsewhere of customers who were erased."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.database import Base, UtcDateTime


class ErasedTracker(Base):
    """A conversation of which Rasa may remember nothing; gone once that is certain."""

    __tablename__ = "erased_trackers"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
