"""Which deliveries have been taken: each counts once, in whichever process it arrives."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.wechat.models import WeChatDelivery

# A captured delivery is refused for its age long before that.
_DELIVERIES_KEPT = timedelta(days=7)


def drop_old_deliveries(session: Session, now: datetime) -> None:
    """Forget which deliveries were taken; Tencent repeats none after a minute."""
    session.execute(
        delete(WeChatDelivery).where(WeChatDelivery.received_at < now - _DELIVERIES_KEPT)
    )


def has_old_deliveries(session: Session, now: datetime) -> bool:
    """Whether there is something to forget."""
    old = select(WeChatDelivery.key).where(WeChatDelivery.received_at < now - _DELIVERIES_KEPT)
    return session.scalar(old.limit(1)) is not None


def claim(session: Session, key: str, now: datetime) -> bool:
    """Take what has this key; False if it has been taken before."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    claimed = (
        insert(WeChatDelivery)
        .values(key=key, received_at=now)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(WeChatDelivery.key)
    )
    return session.execute(claimed).first() is not None
