"""Recording what customers think of the service."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.doing import Doing
from actions.said import Said
from bot.feedback.service import LONGEST_COMMENT, give_feedback

# At this score or below a person is offered.
LOW_SCORE = 2


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
        await here.database.write(
            give_feedback,
            said.conversation_id,
            int(score),
            comment,
            now=here.clock(),
            request_key=said.request_key,
        )
        low = score <= LOW_SCORE
        dispatcher.utter_message(
            response="utter_feedback_recorded_low" if low else "utter_feedback_recorded"
        )
        return forgotten
