"""Records of WeChat: what was delivered, what may be sent and how, what was offered, the token."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.database import Base, UtcDateTime


class WeChatDelivery(Base):
    """A callback that has been taken; Tencent delivers each up to three times.

    The rest is for accounts that may only answer: how often it came, whether the bot has to say
    something to it, and with what it was answered (empty: with nothing), the same each time.
    ``promises``: that answer says that there is more.
    """

    __tablename__ = "wechat_deliveries"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    deliveries: Mapped[int] = mapped_column(default=0, server_default="0")
    awaits_turn: Mapped[bool] = mapped_column(default=False, server_default=false())
    reply: Mapped[str | None] = mapped_column(Text)
    promises: Mapped[bool] = mapped_column(default=False, server_default=false())


class WeChatMode(Base):
    """Until when an account can only answer, because the settings or Tencent say so."""

    __tablename__ = "wechat_modes"

    app_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    passive_until: Mapped[datetime] = mapped_column(UtcDateTime)


class WeChatWindow(Base):
    """How much may be sent to a customer and until when, by what the customer last did.

    Writing gives five messages for 48 hours; following, scanning or pressing a menu gives three
    for a minute. How the two add up is documented nowhere, so they are counted apart and each
    sent message counts against both.
    """

    __tablename__ = "wechat_windows"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id"), primary_key=True, autoincrement=False
    )
    message_left: Mapped[int] = mapped_column(default=0)
    message_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    click_left: Mapped[int] = mapped_column(default=0)
    click_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    followed: Mapped[bool] = mapped_column(default=True)
    scene: Mapped[str] = mapped_column(String(64), default="")


class WeChatChoice(Base):
    """A choice offered to a customer: its ``id`` is that of the menu's item at Tencent.

    Old menus can be pressed for ever, and a customer may type the number instead.
    """

    __tablename__ = "wechat_choices"
    __table_args__ = (
        Index("ix_wechat_choices_customer", "customer_id", "id"),
        Index("ix_wechat_choices_message", "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    seq: Mapped[int]
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    payload: Mapped[str] = mapped_column(Text)


class StationScan(Base):
    """A customer scanned the poster of a station: a hint where they are, and proof of nothing."""

    __tablename__ = "wechat_station_scans"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Tables are imported anew and stations close; what was counted stays.
    station_id: Mapped[str] = mapped_column(String(16), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    scanned_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WeChatConsent(Base):
    """How many messages of a template a customer has agreed to and not had yet."""

    __tablename__ = "wechat_consents"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id"), primary_key=True, autoincrement=False
    )
    template_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    left: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WeChatToken(Base):
    """The access token of an account, shared by all processes; one of them renews it.

    ``sealed`` is the token encrypted with a key that only the settings know.
    """

    __tablename__ = "wechat_tokens"

    app_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
