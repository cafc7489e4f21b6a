"""A score given in the chat, for a service that is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.conversations.episodes import latest_episode
from bot.conversations.ledger import append
from bot.conversations.models import Author, Conversation
from bot.errors import FeedbackClosed, WrongStatus
from bot.feedback.follow_ups import take_score
from bot.feedback.models import ConversationFeedback
from bot.responses import Responses
from bot.staff.hours import WorkingHours, spoken
from bot.wechat.choices import SCORE, Picked


class Voter:
    """Takes scores, once for each service: the menu can be pressed for ever."""

    def __init__(self, responses: Responses, hours: WorkingHours) -> None:
        self._responses = responses
        self._hours = hours

    def vote(self, session: Session, picked: Picked, *, now: datetime) -> None:
        """Store a score and thank; a second one, or one too late, changes nothing.

        The conversation stays as it is: a score opens nothing that is over.
        """
        score = int(picked.payload.removeprefix(SCORE))
        conversation = session.get_one(Conversation, picked.conversation_id, with_for_update=True)
        episode = latest_episode(session, conversation.id)
        if episode is not None and session.get(ConversationFeedback, episode.id) is not None:
            return self._say(session, conversation, "utter_system_wechat_scored_before", now)
        try:
            case = take_score(
                session,
                conversation,
                score,
                now=now,
                responses=self._responses,
                hours=self._hours,
            )
        except (FeedbackClosed, WrongStatus):
            return self._say(session, conversation, "utter_system_wechat_score_closed", now)
        if case is None:
            return self._say(session, conversation, "utter_system_wechat_scored", now)
        follow_up = {"number": case.number, "due": spoken(case.due_at)}
        return self._say(session, conversation, "utter_system_wechat_scored_low", now, **follow_up)

    def _say(
        self,
        session: Session,
        conversation: Conversation,
        response: str,
        now: datetime,
        **told: Any,
    ) -> None:
        line = self._responses.line(response, **told)
        append(session, conversation, Author.SYSTEM, line.text, now=now, data=line.data)
