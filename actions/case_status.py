"""Telling how far a case is, to those who may know."""

from __future__ import annotations

from typing import NamedTuple

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.cards import label
from actions.cases import case_card
from actions.context import Context
from actions.doing import Doing
from actions.said import Said, active_form
from bot.cases.models import Case
from bot.cases.service import case_by_number, customer_of, latest_cases, note_wrong_tail
from bot.errors import CaseNotFound
from bot.staff.hours import spoken


class TellCaseStatus(Doing):
    """Tells a case's state; asks for its number, or for proof, when that is missing."""

    refusal = "utter_case_not_found"

    def name(self) -> str:
        return "action_tell_case_status"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        forgotten = [SlotSet(slot, None) for slot in ("asked_case", "phone_tail", "form_stopped")]
        if "投诉" in said.text and not active_form(tracker):
            # The number in it makes a complaint look like a question about the case.
            return [FollowupAction("complaint_form")]
        number = tracker.get_slot("asked_case") or said.entities.get("case_number")
        tail = tracker.get_slot("phone_tail")
        if tracker.get_slot("form_stopped"):
            dispatcher.utter_message(response="utter_form_stopped")
            return forgotten
        cases = await here.database.read(_visible, number, said.conversation_id, tail)
        if cases:
            _tell(dispatcher, cases)
            return forgotten
        if number and tail:
            await here.database.write(note_wrong_tail, number)
            dispatcher.utter_message(response="utter_case_not_found")
            return forgotten
        return _ask(dispatcher, tracker, number)


class Seen(NamedTuple):
    """A case, and whether it is the asker's own."""

    case: Case
    is_own: bool


def _visible(
    session: Session, number: str | None, conversation_id: str | None, tail: str | None
) -> list[Seen]:
    try:
        if number is None:
            found = latest_cases(session, conversation_id)
        else:
            found = [case_by_number(session, number, conversation_id, tail)]
    except CaseNotFound:
        return []
    for case in found:
        len(case.steps)  # read while the session is open
    asking = customer_of(session, conversation_id)
    # Whoever shows the phone's tail is the one to call, whatever they write from.
    return [Seen(each, bool(tail) or each.customer_id == asking) for each in found]


def _ask(dispatcher: CollectingDispatcher, tracker: Tracker, number: str | None) -> list[EventType]:
    if active_form(tracker):
        # Another form is open; its questions must not be mixed with these.
        response = "utter_case_not_found" if number else "utter_ask_asked_case"
        dispatcher.utter_message(response=response)
        return []
    return [FollowupAction("case_status_form")]


def _tell(dispatcher: CollectingDispatcher, cases: list[Seen]) -> None:
    newest, is_own = cases[0]
    if len(cases) == 1:
        passed = dict.fromkeys(label("case_statuses", step.status) for step in newest.steps)
        dispatcher.utter_message(
            response="utter_case_status",
            number=newest.number,
            need=newest.need,
            steps=" → ".join(passed),
            next=label("case_next", newest.status, due=spoken(newest.due_at)),
            json_message={"card": case_card(newest, is_own=is_own), "handled": "task"},
        )
        return
    dispatcher.utter_message(
        response="utter_case_list",
        count=len(cases),
        json_message={
            "items": [case_card(case, is_own=is_own) for case, is_own in cases],
            "handled": "task",
        },
    )
