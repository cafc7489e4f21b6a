"""What the platform itself says to a customer about who serves them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.conversations.episodes import latest_episode
from bot.conversations.ledger import append
from bot.conversations.models import Author, Conversation, ConversationStatus
from bot.conversations.standing import Standing
from bot.feedback.surveys import ask_for_score, closes_at
from bot.responses import Line, Responses
from bot.staff.groups import load_groups
from bot.staff.hours import WorkingHours, spoken
from bot.staff.models import Staff


class Announcements:
    """Lines of the platform, in the product's own words."""

    def __init__(self, responses: Responses, hours: WorkingHours) -> None:
        self._responses = responses
        self._hours = hours

    def line(self, response: str, /, **variables: Any) -> Line:
        """A response, for who says or stores it elsewhere."""
        return self._responses.line(response, **variables)

    def say(
        self,
        session: Session,
        conversation: Conversation,
        now: datetime,
        response: str,
        /,
        **variables: Any,
    ) -> None:
        """Add a line to the conversation."""
        line = self.line(response, **variables)
        kind = line.kind if line.buttons else "event"
        append(session, conversation, Author.SYSTEM, line.text, now=now, kind=kind, data=line.data)

    def introduce(
        self, session: Session, conversation: Conversation, staff: Staff, now: datetime
    ) -> None:
        """Say who serves from now on."""
        words = {"name": staff.name, "number": staff.number}
        self.say(session, conversation, now, "utter_system_accepted", **words)

    def tell_place(self, session: Session, conversation: Conversation, now: datetime) -> None:
        """Say where in the queue somebody stands, or when somebody is in."""
        hours = load_groups(session, self._hours).of(conversation.category).hours
        if not hours.is_open(now):
            opens_at = spoken(hours.next_opening(now))
            name = "utter_system_queued_out_of_hours"
            return self.say(session, conversation, now, name, opens_at=opens_at)
        standing = Standing.read(conversation.told_wait or "1:")
        place = {"position": standing.position}
        if standing.minutes is None:
            return self.say(session, conversation, now, "utter_system_queued", **place)
        low, high = standing.minutes
        name = "utter_system_queued_with_range"
        return self.say(session, conversation, now, name, **place, low=low, high=high)

    def ask_for_score(
        self, session: Session, conversation: Conversation, staff: Staff, now: datetime
    ) -> bool:
        """Ask for a score if the customer is to be asked, which is noted.

        The line's data let a client show the scale and find the episode again.

        Returns:
            Whether they were asked.
        """
        if not ask_for_score(session, conversation, now=now):
            return False
        episode = latest_episode(session, conversation.id)
        survey = {"episode": episode.number if episode else 0, "name": staff.name}
        closes = closes_at(now).isoformat()
        # After the customer's own end it has been said already that the service is over.
        says_end = conversation.status == ConversationStatus.STAFF
        name = "utter_system_resolved" if says_end else "utter_system_survey"
        line = self.line(name, name=staff.name)
        data = {**line.data, "survey": {**survey, "closes_at": closes}}
        append(session, conversation, Author.SYSTEM, line.text, now=now, kind="event", data=data)
        return True

    def end(
        self, session: Session, conversation: Conversation, staff: Staff, now: datetime
    ) -> None:
        """Say that a person's service is over; part of the conversation, so said before its end."""
        if not self.ask_for_score(session, conversation, staff, now):
            self.say(session, conversation, now, "utter_system_resolved_without_survey")
