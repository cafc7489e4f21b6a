"""How much Tencent lets us say to a customer, counted from what the customer last did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation
from bot.delivery.outbox import PUSH_CHANNELS
from bot.wechat.models import WeChatWindow
from bot.wechat.modes import is_passive

# Tencent's present rule; older texts say 20 messages, or as many as one likes.
MESSAGES, MESSAGE_WINDOW = 5, timedelta(hours=48)
CLICKS, CLICK_WINDOW = 3, timedelta(minutes=1)
# A message on its way when the window closes would be refused.
_MARGIN = timedelta(seconds=5)


class Reach(TypedDict):
    """Whether a message would reach the customer now, how many, and until when.

    ``passive``: never by itself, only as the answer to what the customer says next.
    """

    open: bool
    left: int
    until: str | None
    passive: bool


@dataclass(frozen=True)
class Budget:
    """How many messages may be sent now, and when that ends; ``left`` is 0 once it has."""

    left: int
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything at all can be sent."""
        return self.left > 0

    def why_closed(self, now: datetime) -> str:
        """The typed word for it, if it is not open."""
        return "quota_used" if self.until is not None and self.until > now else "window_closed"


def note_message(session: Session, customer_id: int, *, now: datetime) -> WeChatWindow:
    """The customer wrote: five messages for 48 hours."""
    window = _window(session, customer_id, now)
    window.message_left, window.message_until = MESSAGES, now + MESSAGE_WINDOW
    return window


def note_click(session: Session, customer_id: int, *, now: datetime) -> WeChatWindow:
    """The customer followed, scanned or pressed something: three messages for a minute."""
    window = _window(session, customer_id, now)
    window.click_left, window.click_until = CLICKS, now + CLICK_WINDOW
    return window


def budget_of(session: Session, customer_id: int, *, now: datetime) -> Budget:
    """What may be sent to a customer now, by the stricter reading where Tencent says nothing."""
    window = session.get(WeChatWindow, customer_id)
    if window is None:
        return Budget(0)
    allowances = [
        Budget(left, until)
        for left, until in (
            (window.message_left, window.message_until),
            (window.click_left, window.click_until),
        )
        if until is not None and left > 0 and until - _MARGIN > now
    ]
    return max(allowances, key=lambda each: each.left, default=Budget(0, window.message_until))


def reach_view(session: Session, conversation: Conversation, *, now: datetime) -> Reach | None:
    """What staff must know before they type; None where a channel has no such limits."""
    if conversation.channel not in PUSH_CHANNELS:
        return None
    if conversation.channel == "wechat" and is_passive(session, now=now):
        return {"open": False, "left": 0, "until": None, "passive": True}
    budget = budget_of(session, conversation.customer_id, now=now)
    until = budget.until.isoformat() if budget.until else None
    return {"open": budget.is_open, "left": budget.left, "until": until, "passive": False}


def spend(session: Session, customer_id: int, messages: int = 1) -> None:
    """Count what Tencent took against both allowances; which of them it used is not known."""
    message_left, click_left = WeChatWindow.message_left, WeChatWindow.click_left
    session.execute(
        update(WeChatWindow)
        .where(WeChatWindow.customer_id == customer_id)
        .values(
            message_left=case((message_left > messages, message_left - messages), else_=0),
            click_left=case((click_left > messages, click_left - messages), else_=0),
        )
        .execution_options(synchronize_session=False)
    )


def exhaust(session: Session, customer_id: int) -> None:
    """Tencent says that nothing more can be sent until the customer's next act."""
    session.execute(
        update(WeChatWindow)
        .where(WeChatWindow.customer_id == customer_id)
        .values(message_left=0, click_left=0)
        .execution_options(synchronize_session=False)
    )


def _window(session: Session, customer_id: int, now: datetime) -> WeChatWindow:
    # The caller holds the customer's row, so two contacts at once do not both make one.
    window = session.get(WeChatWindow, customer_id, with_for_update=True)
    if window is None:
        window = WeChatWindow(
            customer_id=customer_id, message_left=0, click_left=0, followed=True, scene=""
        )
        session.add(window)
    window.acted_at = now
    return window
