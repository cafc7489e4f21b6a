"""Who answers after the silence that ended their conversation goes on with the person they had."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.episodes import latest_episode
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Received
from bot.conversations.models import Conversation, HandoffReason
from bot.staff.groups import load_groups
from bot.staff.models import Staff
from bot.staff.presence import routable
from knowledge.courtesy import courtesy_in

# Later it is a matter of its own, and the bot may well know the answer.
CONTINUES_WITHIN = timedelta(hours=48)


def go_on(session: Session, received: Received, handoff: Handoff, *, now: datetime) -> None:
    """Queue a new conversation that goes on with one that ended for silence; otherwise nothing.

    Only where the person who asked last is there: whoever is not cannot be answered to, and the
    bot can help at once. Assignment prefers that person. Thanks call nobody back.
    """
    conversation, message = received.conversation, received.message
    if message.seq != 1 or courtesy_in(message.text):
        return
    before = session.scalar(
        select(Conversation)
        .where(
            Conversation.customer_id == conversation.customer_id,
            Conversation.id != conversation.id,
        )
        .order_by(Conversation.created_at.desc())
        .limit(1)
    )
    if before is None or not _asked_last(session, before, now):
        return
    if not load_groups(session, handoff.hours).of(before.category).hours.is_open(now):
        return
    conversation.category = before.category
    handoff.request_handoff(session, conversation, HandoffReason.CONTINUED, now=now)


def _asked_last(session: Session, before: Conversation, now: datetime) -> bool:
    """Whether a person who is there now waited in vain for this answer, not long ago."""
    episode = latest_episode(session, before.id)
    if episode is None or episode.end != "idle_end" or episode.ended_at is None:
        return False
    if now - episode.ended_at > CONTINUES_WITHIN:
        return False
    there = select(Staff.id).where(Staff.id == episode.staff_id, *routable(now))
    return session.scalar(there) is not None
