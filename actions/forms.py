"""Reading a message inside a form: an answer, a change, a question of its own, or a stop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.context import Context, context
from actions.halves import answer_aside
from actions.handoff import told_in
from actions.said import Said, said_in
from bot.cases import answers, form
from bot.feedback.scores import score_in
from bot.resources.wanted import wanted_in

REQUESTED = "requested_slot"
# Intents with an action that comes back to the form after it.
_INTERRUPTING = frozenset(
    "ask_followup ask_platform find_institution find_instrument find_expert lookup_standard"
    " ask_case_status greet thank goodbye help ask_bot_identity out_of_scope choose_entry"
    " none_of_these inform".split()
)
_READ_AS_ANSWER = frozenset({"inform", "affirm", "deny"})


class FormReader(Action, ABC):
    """Fills a form's slots from a message.

    Rasa asks the next question if something was filled, or set to nothing. If nothing was, it
    takes the message for an interruption, answers that, and comes back to the question.
    """

    slots: tuple[str, ...] = ()

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        said, requested = said_in(tracker), tracker.get_slot(REQUESTED)
        aside: list[EventType] = []
        if requested not in self.slots:
            aside = answer_aside(dispatcher, said, context())
            read = self.opening(said, tracker.slots, context())
        elif answers.wants_to_stop(said.text) or said.intent == "cancel":
            read = form.Read({"form_stopped": True})
        elif interrupts(said):
            return [SlotSet(REQUESTED, requested)]
        else:
            read = self.answer(requested, said, tracker.slots, context())
        if read.say:
            dispatcher.utter_message(response=read.say)
        known = {**tracker.slots, **read.values}
        # A person called by the widget's button sees it, too, though Rasa hears nothing of that.
        if told := told_in(known):
            dispatcher.utter_message(json_message={"told": told})
        waiting = [] if known.get("form_stopped") else self.missing(known)
        return [
            *aside,
            *(SlotSet(slot, value) for slot, value in read.values.items()),
            SlotSet(REQUESTED, next(iter(waiting), None)),
            *([SlotSet("form_asides", None)] if tracker.get_slot("form_asides") else []),
        ]

    def missing(self, slots: dict[str, Any]) -> list[str]:
        """What is still to be asked, in order."""
        return [slot for slot in self.slots if slots.get(slot) is None]

    def opening(self, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        """What the message that opened the form says already."""
        return form.Read()

    @abstractmethod
    def answer(self, requested: str, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        """What the message answers; the requested slot set to None asks again."""


def interrupts(said: Said) -> bool:
    """Whether a message is a matter of its own and not an answer to the form's question."""
    if said.intent == "request_handoff" or (said.intent == "complain" and "投诉" in said.text):
        return True
    known = said.intent in _INTERRUPTING or said.intent.startswith("ask_")
    if not said.text:
        return said.intent not in _READ_AS_ANSWER
    return known and answers.is_question(said.text)


class ReadCaseForm(FormReader):
    slots = (
        "case_need",
        "case_mode",
        "case_time",
        "case_phone",
        "case_contact",
        "case_confirmed",
    )

    def name(self) -> str:
        return "validate_open_case_form"

    def missing(self, slots: dict[str, Any]) -> list[str]:
        return form.missing(slots)

    def opening(self, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        read = form.read_opening(said.text, said.category, here.today)
        choice = said.entities.get("choice")
        need = read.values.get("case_need") or (choice and (slots.get("case_subject") or choice))
        # What a form that was left half-way holds belongs to another wish, but for the person.
        left = dict.fromkeys(("case_quantity", "case_mode", "case_time", "case_confirmed"))
        if company := read.values.get("case_company") or here.company_of(said.conversation_id):
            left["case_company"] = company
        return form.Read({**left, **read.values, "case_need": need, "case_choice": choice})

    def answer(self, requested: str, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        pressed = "yes" if said.intent == "affirm" and not said.text else None
        choice = said.entities.get("choice") or pressed
        read = form.read_answer(requested, said.text, choice, slots, here.today)
        if requested == "case_need" and said.category:
            read.values["case_category"] = said.category
        return read


class ReadInstitutionForm(FormReader):
    slots = ("wanted_service",)

    def name(self) -> str:
        return "validate_find_institution_form"

    def answer(self, requested: str, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        understood = bool(said.text) and not wanted_in(said.text).is_empty
        return form.Read({requested: said.text if understood else None})


class ReadCaseStatusForm(FormReader):
    slots = ("asked_case", "phone_tail")

    def name(self) -> str:
        return "validate_case_status_form"

    def opening(self, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        number = said.entities.get("case_number")
        return form.Read({"asked_case": number} if number else {})

    def answer(self, requested: str, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        if requested == "phone_tail":
            return form.Read({requested: answers.phone_tail_in(said.text)})
        return form.Read({requested: said.entities.get("case_number")})


class ReadComplaintForm(FormReader):
    slots = ("complaint_reason", "complaint_target")
    # “我要投诉” alone gives no reason yet.
    shortest_reason = 8

    def name(self) -> str:
        return "validate_complaint_form"

    def opening(self, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        values = {}
        if len(said.text) >= self.shortest_reason:
            values["complaint_reason"] = said.text
        if "case_number" in said.entities:
            values["complaint_target"] = said.entities["case_number"]
        return form.Read(values)

    def answer(self, requested: str, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        target = said.entities.get("choice") or said.entities.get("case_number")
        if requested == "complaint_target" and target:
            return form.Read({requested: target})
        return form.Read({requested: said.text or None})


class ReadFeedbackForm(FormReader):
    slots = ("feedback_score", "feedback_comment")

    def name(self) -> str:
        return "validate_feedback_form"

    def opening(self, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        score = score_in(said.text)
        return form.Read({"feedback_score": float(score)} if score else {})

    def answer(self, requested: str, said: Said, slots: dict[str, Any], here: Context) -> form.Read:
        if requested == "feedback_score":
            score = score_in(said.entities.get("choice") or said.text)
            say = None if score else "utter_score_wrong"
            return form.Read({requested: float(score) if score else None}, say)
        comment = "" if answers.declines(said.text) else said.text
        return form.Read({requested: comment})
