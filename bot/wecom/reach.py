"""Whether a reply from the desk would reach a customer of 微信客服 now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.conversations.models import Conversation
from bot.wechat import windows
from bot.wecom import sessions
from bot.wecom.account import CHANNEL


def reach_view(
    session: Session, conversation: Conversation, *, now: datetime
) -> windows.Reach | None:
    """As ``windows.reach_view``; closed, too, while somebody in WeCom serves or all is over."""
    reach = windows.reach_view(session, conversation, now=now)
    if reach is None or conversation.channel != CHANNEL:
        return reach
    state = sessions.standing(session, conversation.customer_id, now=now).state
    if state in (sessions.NEW, sessions.ASSISTANT):
        return reach
    return {**reach, "open": False, "left": 0}
