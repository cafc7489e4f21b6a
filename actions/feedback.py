"""Recording what customers think of the service."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.context import Context
from actions.doing import Doing
from actions.said import Said
from bot.cases.models import Case
from bot.feedback.follow_ups import follow_up_opinion
from bot.feedback.service import LONGEST_COMMENT, give_feedback
from bot.responses import Responses
from bot.staff.hours import spoken


class RecordFeedback(Doing):
    """Stores a score and an opinion."""

    def name(self) -> str:
        return "action_record_feedback"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        forgotten = [
            SlotSet(slot, None) for slot in ("feedback_score", "feedback_comment", "form_stopped")
        ]
        score = tracker.get_slot("feedback_score")
        if score is None:
            dispatcher.utter_message(response="utter_form_stopped")
            return forgotten
        comment = (tracker.get_slot("feedback_comment") or "")[:LONGEST_COMMENT]

        def record(session: Session) -> Case | None:
            given = give_feedback(
                session,
                said.conversation_id,
                int(score),
                comment,
                now=here.clock(),
                request_key=said.request_key,
            )
            return follow_up_opinion(
                session,
                given,
                now=here.clock(),
                responses=Responses.load(),
                hours=here.platform_hours,
            )

        case = await here.database.write(record)
        if case is None:
            dispatcher.utter_message(response="utter_feedback_recorded")
        else:
            due = spoken(case.due_at)
            dispatcher.utter_message(
                response="utter_feedback_recorded_low", number=case.number, due=due
            )
        return forgotten
