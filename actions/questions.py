"""Answering questions: straight, by halves, by what was last talked about, or by a choice.

An action that passes a message on calls the other one itself. As a follow-up action it would
stand outside every rule, and Rasa would not know what comes after it. Forms do know.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import label
from actions.context import Context
from actions.doing import Doing
from actions.entries import (
    ask_back,
    ask_which_certificate,
    asked_about,
    candidates_for,
    decide_on,
    miss,
    names_thing,
    offer_also,
    offer_person,
    remember,
    tell_decided,
    tell_entry,
)
from actions.experts import FindExpert
from actions.followups import (
    AnswerFollowup,
    asks_about_case,
    asks_about_wish,
    leans_on_before,
    neighbour_of_last,
)
from actions.halves import answer_both
from actions.hotlines import competent
from actions.institutions import FindInstitution
from actions.instruments import FindInstrument
from actions.said import Said, active_form
from actions.standards import LookUpStandard, asks_of_standard
from actions.stations import tell_stations
from actions.tables import told_by_table
from bot.cases.answers import contact_in, need_in, phone_in
from bot.cases.service import add_contact
from bot.faq.vague import names_some_certificate
from bot.resources.wanted import asks_where
from knowledge.decision import CERTAIN

# “不用了” to choices is a thank-you; these are complaints that the right one is missing.
_NONE_OF_THEM = re.compile("不是|不对|没有|不符合|不准")


class AnswerQuestion(Doing):
    """Answers a question, or passes it to the action that can."""

    def name(self) -> str:
        return "action_answer_question"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        if "phone" in said.entities and not active_form(tracker):
            return await _take_contact(dispatcher, said, here)
        if (told := await tell_stations(dispatcher, said, here)) is not None:
            return told
        if (both := await answer_both(dispatcher, said, here)) is not None:
            return both
        meant = _meant_by_words(tracker, said)
        if meant is not None:
            return await meant.act(dispatcher, tracker, said, here)
        candidates = candidates_for(said, here)
        decision = decide_on(candidates, said, here)
        answered = here.entries[decision.choices[0]] if decision.kind == "answer" else None
        if await told_by_table(dispatcher, here, said.text, answered):
            return [SlotSet("last_entry", None), *remember(said)]
        if decision.kind == "answer":
            return tell_decided(dispatcher, here, decision, candidates, said)
        if names_some_certificate(said.text):
            return ask_which_certificate(dispatcher, tracker)
        names_standard = "standard_number" in said.entities
        if names_standard and (decision.kind != "clarify" or asks_of_standard(said.text)):
            return await LookUpStandard().act(dispatcher, tracker, said, here)
        if (longer := search_goes_on(tracker, said)) is not None:
            return await FindInstitution().act(dispatcher, tracker, longer, here)
        if decision.kind == "clarify":
            return ask_back(dispatcher, tracker, here, decision.choices)
        return miss(dispatcher, tracker, here, said)


class AnswerChoice(Doing):
    """Answers with the entry that was chosen, by its button or as “第二个”."""

    def name(self) -> str:
        return "action_answer_choice"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        chosen = said.entities.get("entry") or _ordinal(said.text, tracker.get_slot("choices"))
        if chosen is None or chosen not in here.entries:
            return await AnswerQuestion().act(dispatcher, tracker, said, here)
        return tell_entry(dispatcher, here, chosen, [], said)


class RejectChoices(Doing):
    """Takes “都不是” as a second miss."""

    def name(self) -> str:
        return "action_reject_choices"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        return offer_person(dispatcher, here, asked_about(tracker, said))


class AcceptOffer(Doing):
    """Takes a yes as the wish for what the last answer offered."""

    def name(self) -> str:
        return "action_accept_offer"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        last = here.entries.get(tracker.get_slot("last_entry") or "")
        offered = last.next_step if last else None
        if offered in _FORMS:
            return [FollowupAction(_FORMS[offered])]
        if offered in _ACTIONS:
            return await _ACTIONS[offered]().act(dispatcher, tracker, said, here)
        dispatcher.utter_message(response="utter_all_right")
        return []


class DeclineOffer(Doing):
    """Takes a no to choices as “都不是”, and any other no as it is."""

    def name(self) -> str:
        return "action_decline_offer"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        if tracker.get_slot("choices") and _NONE_OF_THEM.search(said.text):
            return await RejectChoices().act(dispatcher, tracker, said, here)
        dispatcher.utter_message(response="utter_all_right")
        return []


class Refuse(Doing):
    """Says who is competent for what the platform does not do."""

    def name(self) -> str:
        return "action_refuse"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        if (told := await tell_stations(dispatcher, said, here)) is not None:
            return told
        if (both := await answer_both(dispatcher, said, here)) is not None:
            return both
        if asks_about_case(tracker, said) or asks_about_wish(tracker, said):
            return await AnswerFollowup().act(dispatcher, tracker, said, here)
        # “那今天会下雨吗” leans on what was said before, too; only what is found there counts.
        if (neighbour := neighbour_of_last(tracker, said, here)) is not None:
            return tell_entry(dispatcher, here, neighbour.id, [], said)
        candidates = candidates_for(said, here)
        decision = decide_on(candidates, said, here)
        # The knowledge base may know better than the classifier what is ours.
        if decision.kind == "answer":
            return tell_decided(dispatcher, here, decision, candidates, said)
        if names_some_certificate(said.text):
            return ask_which_certificate(dispatcher, tracker)
        if "standard_number" in said.entities and asks_of_standard(said.text):
            return await LookUpStandard().act(dispatcher, tracker, said, here)
        if (longer := search_goes_on(tracker, said)) is not None:
            return await FindInstitution().act(dispatcher, tracker, longer, here)
        if (matter := competent(said.text)) is not None:
            who = label("competent", matter)
            dispatcher.utter_message(response="utter_refuse_elsewhere", who=who)
        else:
            dispatcher.utter_message(response="utter_refuse")
        # The search may be right after all; whoever is refused by mistake sees a way on.
        likely = tuple(each.id for each in candidates[:1] if each.score >= CERTAIN)
        return [SlotSet("misses", None), *offer_also(dispatcher, here, likely, refused=True)]


_FORMS = {"find_institution": "find_institution_form", "open_case": "open_case_form"}
_ACTIONS: dict[str, type[Doing]] = {
    "find_instrument": FindInstrument,
    "find_expert": FindExpert,
    "lookup_standard": LookUpStandard,
}


async def _take_contact(
    dispatcher: CollectingDispatcher, said: Said, here: Context
) -> list[EventType]:
    """A number to call, and what to do, is a case; alone it belongs to the case just opened."""
    if need_in(said.text) is None:
        case = await here.database.write(
            add_contact,
            said.conversation_id,
            phone=phone_in(said.text) or said.entities["phone"],
            contact=contact_in(said.text) or "",
        )
        if case is not None:
            dispatcher.utter_message(response="utter_contact_noted", number=case.number)
            return []
    return [FollowupAction("open_case_form")]


def search_goes_on(tracker: Tracker, said: Said) -> Said | None:
    """“阀门”, “台州有吗” after a list of institutions: the same search with this put before it."""
    wish = tracker.get_slot("last_wish")
    if not wish or not (names_thing(said) or "region" in said.entities):
        return None
    return replace(said, text=f"{said.text} {wish}")


def _meant_by_words(tracker: Tracker, said: Said) -> Doing | None:
    if leans_on_before(tracker, said):
        return AnswerFollowup()
    return FindInstitution() if asks_where(said.text) else None


def _ordinal(text: str, choices: list[str] | None) -> str | None:
    if not choices:
        return None
    if "最后" in text:
        return choices[-1]
    for place, numeral in enumerate("一二三四"):
        if numeral in text and place < len(choices):
            return choices[place]
    return choices[0] if len(choices) == 1 else None
