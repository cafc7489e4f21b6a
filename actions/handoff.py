"""Asking for a person."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.doing import Doing
from actions.said import Said
from bot.staff.hours import spoken


class RequestHandoff(Doing):
    """Asks the web application to queue the conversation, and promises no one out of hours."""

    def name(self) -> str:
        return "action_request_handoff"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        now = here.clock()
        wish = {"handoff": {"reason": "customer_asked"}, "handled": "handoff"}
        if here.hours.is_open(now):
            dispatcher.utter_message(response="utter_handoff", json_message=wish)
        else:
            dispatcher.utter_message(
                response="utter_handoff_out_of_hours",
                opens_at=spoken(here.hours.next_opening(now)),
                json_message=wish,
            )
        # A form left open would swallow what is said when the bot speaks again.
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("misses", None)]
