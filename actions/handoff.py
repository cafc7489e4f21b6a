"""Asking for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.doing import Doing
from actions.said import Said

# What a member of staff can use; the other slots are the dialogue's own bookkeeping.
_TOLD = ("wanted_", "case_", "complaint_", "last_thing")


def told_in(slots: Mapping[str, Any]) -> dict[str, str]:
    """What the customer has told so far, by slot."""
    return {
        name: str(value)
        for name, value in slots.items()
        if value not in (None, "", False) and name.startswith(_TOLD)
    }


class RequestHandoff(Doing):
    """Asks the web application to queue the conversation, with what is known so far."""

    def name(self) -> str:
        return "action_request_handoff"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        wish = {"reason": "customer_asked", "slots": told_in(tracker.slots)}
        # Where the customer stands, and when somebody is in, the queue itself says.
        dispatcher.utter_message(
            response="utter_handoff", json_message={"handoff": wish, "handled": "handoff"}
        )
        # A form left open would swallow what is said when the bot speaks again.
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("misses", None)]
