"""Records of 微信客服: how far each account has been read, how each session stands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.database import Base, UtcDateTime


class KfMailbox(Base):
    """One of the company's accounts: up to where its messages are stored here.

    From ``due_at`` on anybody may read on. Whoever does writes a ``lease`` of their own and moves
    ``due_at`` to its end, so a mailbox whose reader died falls due by itself. ``wanted`` counts the
    callbacks, so that one which comes while somebody reads is not lost.

    Attributes:
        cursor: Where to read on; stored with the messages before it.
        token: Came with the newest callback; WeCom lets us read faster with it for ten minutes.
        opened_at: What was said long before is not answered any more.
        troubles: How often WeCom has refused or been away since the mailbox was last read.
        failures: How often a page could not be stored since then.
    """

    __tablename__ = "kf_mailboxes"

    open_kfid: Mapped[str] = mapped_column(String(64), primary_key=True)
    cursor: Mapped[str] = mapped_column(String(128), default="")
    token: Mapped[str] = mapped_column(String(128), default="")
    token_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wanted: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    lease: Mapped[str | None] = mapped_column(String(32))
    troubles: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KfSession(Base):
    """A customer's session as WeCom last told of it (see ``bot.wecom.sessions``).

    Attributes:
        state: WeCom's number.
        is_ours: Whether WeCom has been told that the assistant serves; asked once a session.
        asked_at: When the state was last asked for.
        code: Allows one message beyond the budget until ``code_until``; removed before its use.
    """

    __tablename__ = "kf_sessions"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id"), primary_key=True, autoincrement=False
    )
    state: Mapped[int] = mapped_column(default=0)
    is_ours: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code: Mapped[str | None] = mapped_column(String(512))
    code_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class KfFailure(Base):
    """Word that a message did not arrive, until its parcel is found (see ``bot.wecom.failing``)."""

    __tablename__ = "kf_failures"

    msgid: Mapped[str] = mapped_column(String(64), primary_key=True)
    fail_type: Mapped[int]
    noticed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
