"""What comes of what customers think: scores, low ones followed up, answers that did not help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseKind
from bot.cases.service import open_case
from bot.conversations.changes import note_feedback
from bot.conversations.episodes import latest_episode
from bot.conversations.handoff import Handoff
from bot.conversations.leaving import transcript
from bot.conversations.ledger import append, messages_of
from bot.conversations.models import Author, Conversation, ConversationStatus, Message
from bot.feedback.models import ConversationFeedback, FreeFeedback, MessageFeedback
from bot.feedback.scores import LOW_SCORE
from bot.feedback.service import rate_conversation, rate_message
from bot.responses import Responses
from bot.staff.groups import load_groups
from bot.staff.hours import WorkingHours, spoken
from bot.staff.models import Staff

# One thumb down may be a slip; two say that the bot does not get on.
_UNHELPFUL_ENOUGH = 2
_OFFERED = "unhelpful"


def take_score(
    session: Session,
    conversation: Conversation,
    score: int,
    *,
    now: datetime,
    responses: Responses,
    hours: WorkingHours,
    tags: list[str] | None = None,
    comment: str = "",
) -> Case | None:
    """Store the score of a conversation's latest episode and tell the desk.

    A low one opens a case for a supervisor, once for each episode however often the score is
    changed. Nothing here changes who speaks or opens what is over.

    Returns:
        The case, if the score is low.

    Raises:
        BadInput, WrongStatus, FeedbackClosed: See ``rate_conversation``; nothing is stored.
    """
    rated = rate_conversation(session, conversation.id, score, now=now, tags=tags, comment=comment)
    case = None
    if score <= LOW_SCORE:
        case = _open_case(session, conversation, rated, now, responses, hours)
    follow_up = {"follow_up": case.number} if case else {}
    given = {"score": score, "tags": rated.tags, "comment": rated.comment, **follow_up}
    note_feedback(session, conversation, given)
    return case


def follow_up_opinion(
    session: Session,
    given: FreeFeedback,
    *,
    now: datetime,
    responses: Responses,
    hours: WorkingHours,
) -> Case | None:
    """Open a case for a low score that was given to the bot in words, once for each opinion.

    Returns:
        The case, if the score is low.
    """
    if given.score is None or given.score > LOW_SCORE:
        return None
    said = messages_of(session, given.conversation_id) if given.conversation_id else []
    return open_case(
        session,
        responses.text("utter_system_low_score_case", score=given.score),
        now=now,
        kind=CaseKind.FOLLOW_UP,
        details={
            "score": given.score,
            "comment": given.comment,
            "transcript": transcript(said),
        },
        conversation_id=given.conversation_id,
        request_key=f"low-opinion:{given.id}",
        hours=hours,
    )


def judge_answer(
    session: Session,
    message: Message,
    helpful: bool,
    handoff: Handoff,
    *,
    now: datetime,
    comment: str = "",
) -> None:
    """Store whether one of the bot's answers helped, and tell the desk.

    The second answer of a conversation that did not help makes the bot offer a person, once, or
    out of hours a message.

    Raises:
        BadInput, MessageNotFound: See ``rate_message``.
    """
    conversation = session.get_one(Conversation, message.conversation_id, with_for_update=True)
    rated = rate_message(session, conversation.id, message.id, helpful, now=now, comment=comment)
    given = {"message_id": message.id, "helpful": helpful, "comment": rated.comment}
    note_feedback(session, conversation, given)
    if helpful or conversation.status != ConversationStatus.BOT:
        return
    unhelpful = select(func.count()).where(
        MessageFeedback.conversation_id == conversation.id, MessageFeedback.helpful.is_(False)
    )
    if (session.scalar(unhelpful) or 0) >= _UNHELPFUL_ENOUGH and not _was_offered(
        session, conversation
    ):
        _offer_person(session, conversation, handoff, now)


def _open_case(
    session: Session,
    conversation: Conversation,
    rated: ConversationFeedback,
    now: datetime,
    responses: Responses,
    hours: WorkingHours,
) -> Case:
    episode = latest_episode(session, conversation.id)
    served_by = session.get(Staff, episode.staff_id) if episode and episode.staff_id else None
    return open_case(
        session,
        responses.text("utter_system_low_score_case", score=rated.score),
        now=now,
        kind=CaseKind.FOLLOW_UP,
        category=conversation.category,
        details={
            "score": rated.score,
            "comment": rated.comment,
            "tags": rated.tags,
            "staff": served_by.name if served_by else "",
            "transcript": transcript(messages_of(session, conversation.id)),
        },
        conversation_id=conversation.id,
        request_key=f"low-score:{rated.episode_id}",
        hours=hours,
    )


def _was_offered(session: Session, conversation: Conversation) -> bool:
    said = select(Message.data).where(
        Message.conversation_id == conversation.id, Message.author == Author.SYSTEM
    )
    return any(data.get("offer") == _OFFERED for data in session.scalars(said))


def _offer_person(
    session: Session, conversation: Conversation, handoff: Handoff, now: datetime
) -> None:
    hours = load_groups(session, handoff.hours).of(conversation.category).hours
    if hours.is_open(now):
        line = handoff.line("utter_system_unhelpful_twice")
    else:
        opens_at = spoken(hours.next_opening(now))
        line = handoff.line("utter_system_unhelpful_twice_out_of_hours", opens_at=opens_at)
    data = {**line.data, "offer": _OFFERED}
    append(session, conversation, Author.SYSTEM, line.text, now=now, kind=line.kind, data=data)
