"""Storing feedback; giving the same twice changes nothing, changing one's mind replaces it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.episodes import latest_episode
from bot.conversations.models import Episode, Message
from bot.errors import BadInput, FeedbackClosed, MessageNotFound, WrongStatus
from bot.feedback.models import ConversationFeedback, FreeFeedback, MessageFeedback
from bot.feedback.surveys import ENDS, closes_at
from bot.privacy.fencing import refuse_if_erased
from bot.staff.hours import spoken

LONGEST_COMMENT = 1000
MOST_TAGS = 10


def rate_message(
    session: Session,
    conversation_id: str,
    message_id: str,
    helpful: bool,
    *,
    now: datetime,
    comment: str = "",
) -> MessageFeedback:
    """Store whether a message helped; the last answer counts.

    What was said about it stays as long as the judgement does, so that a judgement that comes
    again without words takes none away.

    Raises:
        BadInput: The comment is too long.
        MessageNotFound: The conversation has no such message that a customer may see.
    """
    _check(None, comment)
    message = session.get(Message, message_id)
    if message is None or message.conversation_id != conversation_id or message.private:
        raise MessageNotFound
    entry_id = (message.data.get("faq") or {}).get("id")
    rated = session.get(MessageFeedback, message_id)
    if rated is None:
        rated = MessageFeedback(
            message_id=message_id, conversation_id=conversation_id, helpful=helpful, comment=""
        )
        session.add(rated)
    kept = rated.comment if rated.helpful == helpful else ""
    rated.comment = comment.strip() or kept
    rated.helpful, rated.entry_id, rated.given_at = helpful, entry_id, now
    session.flush()
    return rated


def rate_conversation(
    session: Session,
    conversation_id: str,
    score: int,
    *,
    now: datetime,
    tags: list[str] | None = None,
    comment: str = "",
) -> ConversationFeedback:
    """Store the score of a conversation's latest episode; until the deadline the last one counts.

    Raises:
        BadInput: The score is not one of 1 to 5, or the comment or tags are too long.
        WrongStatus: No episode with a person has ended.
        FeedbackClosed: It ended too long ago.
    """
    _check(score, comment)
    tags = tags or []
    if len(tags) > MOST_TAGS or any(len(tag) > 32 for tag in tags):
        raise BadInput(f"标签最多 {MOST_TAGS} 个，每个最多 32 个字。")
    episode = _ended_episode(session, conversation_id, now)
    rated = session.get(ConversationFeedback, episode.id, with_for_update=True)
    if rated is None:
        rated = ConversationFeedback(episode_id=episode.id, conversation_id=conversation_id)
        session.add(rated)
    rated.score, rated.tags, rated.comment, rated.given_at = score, tags, comment.strip(), now
    session.flush()
    return rated


def latest_score(session: Session, conversation_id: str) -> ConversationFeedback | None:
    """The score of the newest episode that has one."""
    return session.scalar(
        select(ConversationFeedback)
        .where(ConversationFeedback.conversation_id == conversation_id)
        .order_by(ConversationFeedback.episode_id.desc())
        .limit(1)
    )


def _ended_episode(session: Session, conversation_id: str, now: datetime) -> Episode:
    episode = latest_episode(session, conversation_id)
    if episode is None or episode.ended_at is None or episode.end not in ENDS:
        raise WrongStatus("服务结束后才能评分。")
    if now > (closed_at := closes_at(episode.ended_at)):
        raise FeedbackClosed(
            f"这次服务的评分已于 {spoken(closed_at)}截止。您有新的意见，直接告诉我就可以。"
        )
    return episode


def give_feedback(
    session: Session,
    conversation_id: str | None,
    score: int | None,
    comment: str,
    *,
    now: datetime,
    request_key: str | None = None,
) -> FreeFeedback:
    """Store an opinion given to the bot; the same key again returns the first.

    Raises:
        BadInput: The score is not one of 1 to 5, or the comment is too long.
        Conflict: The customer has been erased while this was still under way.
    """
    _check(score, comment)
    if request_key is not None:
        first = session.scalar(select(FreeFeedback).where(FreeFeedback.request_key == request_key))
        if first is not None:
            return first
    refuse_if_erased(session, conversation_id)
    given = FreeFeedback(
        conversation_id=conversation_id,
        score=score,
        comment=comment.strip(),
        request_key=request_key,
        given_at=now,
    )
    session.add(given)
    session.flush()
    return given


def _check(score: int | None, comment: str) -> None:
    if score is not None and not 1 <= score <= 5:
        raise BadInput("评分应为 1 到 5 的整数。")
    if len(comment) > LONGEST_COMMENT:
        raise BadInput(f"意见最多 {LONGEST_COMMENT} 个字。")
