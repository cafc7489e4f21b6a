"""Asking for a score: once for each episode, not more than once a day, until a deadline."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.episodes import latest_episode
from bot.conversations.models import Author, Conversation, Message
from bot.feedback.models import Survey

# Who is asked more often answers less.
AT_MOST_EVERY = timedelta(hours=24)
# A score given later says more about memory than about the service.
OPEN_FOR = timedelta(days=7)
# Who got less than this has nothing to judge.
_FEWEST_ANSWERS = 2
# How a person's service ends, whoever speaks next; at other ends there was none. Handing back to
# the bot counts, or a service could be kept from being scored.
ENDS = ("resolve", "customer_end", "idle_end", "return_to_bot")


def ask_for_score(session: Session, conversation: Conversation, *, now: datetime) -> bool:
    """Whether the customer is to be asked for a score of the episode that ends now; noted.

    Asked is who got something: a word of a person, or two answers of the bot. Nobody is asked
    twice for an episode, nor twice within 24 hours.
    """
    episode = latest_episode(session, conversation.id)
    if episode is None or episode.accepted_at is None:
        return False
    last = session.scalar(
        select(func.max(Survey.asked_at)).where(Survey.customer_id == conversation.customer_id)
    )
    too_soon = last is not None and now - last < AT_MOST_EVERY
    if too_soon or not _got_something(session, conversation, episode.accepted_at):
        return False
    session.add(Survey(episode_id=episode.id, customer_id=conversation.customer_id, asked_at=now))
    session.flush()
    return True


def closes_at(ended_at: datetime) -> datetime:
    """Until when a score is taken for an episode."""
    return ended_at + OPEN_FOR


def _got_something(session: Session, conversation: Conversation, since: datetime) -> bool:
    said = select(Message.author, func.count()).where(
        Message.conversation_id == conversation.id, Message.private.is_(False)
    )
    by_person = said.where(Message.author == Author.STAFF, Message.created_at >= since)
    if session.execute(by_person.group_by(Message.author)).first() is not None:
        return True
    by_bot = said.where(Message.author == Author.BOT).group_by(Message.author)
    counted = session.execute(by_bot).first()
    return counted is not None and counted[1] >= _FEWEST_ANSWERS
