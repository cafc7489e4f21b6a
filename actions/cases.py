"""Opening cases: the summary, and storing what was confirmed."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import button, card, command, joined, label, summary_parts
from actions.context import Context
from actions.doing import Doing
from actions.said import Said
from bot.cases.models import Case, masked
from bot.cases.service import open_case
from bot.staff.hours import spoken

_FORM = (
    "case_need case_category case_quantity case_mode case_time case_phone case_contact"
    " case_company case_confirmed case_choice form_stopped".split()
)


class AskCaseConfirmed(Doing):
    """Repeats back what was understood, before anything is stored."""

    returns_to_form = False

    def name(self) -> str:
        return "action_ask_case_confirmed"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        dispatcher.utter_message(
            response="utter_ask_case_confirmed",
            summary=summary(tracker.slots),
            buttons=[button(label("submit"), "affirm"), button(label("change"), "deny")],
        )
        return []


class OpenCase(Doing):
    """Stores the confirmed case, or says that nothing was stored."""

    def name(self) -> str:
        return "action_open_case"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        slots = tracker.slots
        forgotten = [SlotSet(slot, None) for slot in _FORM]
        if slots.get("form_stopped") or not slots.get("case_confirmed"):
            dispatcher.utter_message(response="utter_case_cancelled")
            return forgotten
        case = await here.database.write(
            open_case,
            slots["case_need"],
            now=here.clock(),
            category=slots.get("case_category"),
            details=_details(slots),
            contact=slots.get("case_contact") or "",
            phone=slots.get("case_phone") or "",
            company=slots.get("case_company") or "",
            conversation_id=said.conversation_id,
            request_key=said.request_key,
            hours=here.platform_hours,
        )
        dispatcher.utter_message(
            response="utter_case_opened",
            number=case.number,
            due=spoken(case.due_at),
            json_message={"card": case_card(case), "handled": "task"},
        )
        return forgotten


def summary(slots: dict[str, Any]) -> str:
    """What will be stored, in one line, with the phone number masked."""
    mode, time = slots.get("case_mode"), slots.get("case_time")
    return joined(
        summary_parts(),
        {
            "mode": label("modes", mode) if mode else "",
            "need": slots.get("case_need") or "",
            "quantity": slots.get("case_quantity") or "",
            "time": label("any_time") if time == "any" else time or "",
            "contact": slots.get("case_contact") or "",
            "phone": masked(slots.get("case_phone") or ""),
            "company": slots.get("case_company") or label("no_company"),
        },
    )


def case_card(case: Case, *, is_own: bool = True) -> dict[str, Any]:
    """A case as the customer may see it; a colleague's without the number to call."""
    values = {
        "number": case.number,
        "need": " ".join(part for part in (case.need, case.details.get("quantity")) if part),
        "status": label("case_statuses", case.status),
        "due": spoken(case.due_at),
        "contact": case.contact,
        "phone": case.masked_phone if is_own else "",
    }
    return card("case", values, payload=command("ask_case_status", case_number=case.number))


def _details(slots: dict[str, Any]) -> dict[str, Any]:
    kept = {
        "quantity": slots.get("case_quantity"),
        "mode": slots.get("case_mode"),
        "time": slots.get("case_time"),
        "institution": slots.get("case_choice"),
    }
    return {name: value for name, value in kept.items() if value}
