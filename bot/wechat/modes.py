"""Whether the account may speak by itself, or only answer what it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.wechat.account import Account
from bot.wechat.models import WeChatMode

# An account gets the permission by being certified, which takes days; then one message is risked.
_BELIEVED_FOR = timedelta(hours=24)
_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def declare(session: Session, account: Account) -> None:
    """Store what the settings say, for every process and for the desk."""
    mode = session.get(WeChatMode, account.app_id, with_for_update=True)
    if account.is_passive:
        session.merge(WeChatMode(app_id=account.app_id, passive_until=_FOR_EVER))
    elif mode is not None and mode.passive_until == _FOR_EVER:
        session.delete(mode)


def is_passive(session: Session, *, now: datetime) -> bool:
    """Whether only answers are possible at this moment."""
    passive = select(WeChatMode.app_id).where(WeChatMode.passive_until > now)
    return session.scalar(passive.limit(1)) is not None


def note_refusal(session: Session, account: Account, *, now: datetime) -> datetime:
    """Tencent says that this account may not send; until when that is believed."""
    until = now + _BELIEVED_FOR
    session.merge(WeChatMode(app_id=account.app_id, passive_until=until))
    return until
