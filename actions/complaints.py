"""Registering complaints."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import button, label
from actions.context import Context
from actions.doing import Doing
from actions.said import Said
from bot.cases.models import CaseKind
from bot.cases.service import latest_cases, open_case
from bot.staff.hours import spoken


class AskComplaintTarget(Doing):
    """Asks what the complaint is about, with the customer's own cases as buttons."""

    returns_to_form = False

    def name(self) -> str:
        return "action_ask_complaint_target"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        cases = await here.database.read(latest_cases, said.conversation_id)
        buttons = [button(each.number, "inform", choice=each.number) for each in cases]
        other = label("other_target")
        dispatcher.utter_message(
            response="utter_ask_complaint_target",
            buttons=[*buttons, button(other, "inform", choice=other)],
        )
        return []


class RegisterComplaint(Doing):
    """Stores a complaint as a case of its own and offers a person."""

    def name(self) -> str:
        return "action_register_complaint"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        forgotten = [
            SlotSet(slot, None) for slot in ("complaint_reason", "complaint_target", "form_stopped")
        ]
        if tracker.get_slot("form_stopped"):
            dispatcher.utter_message(response="utter_form_stopped")
            return forgotten
        case = await here.database.write(
            open_case,
            tracker.get_slot("complaint_reason"),
            now=here.clock(),
            kind=CaseKind.COMPLAINT,
            details={"target": tracker.get_slot("complaint_target")},
            conversation_id=said.conversation_id,
            request_key=said.request_key,
            hours=here.platform_hours,
        )
        dispatcher.utter_message(
            response="utter_complaint_registered", number=case.number, due=spoken(case.due_at)
        )
        return forgotten
