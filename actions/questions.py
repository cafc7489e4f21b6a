"""Answering from the knowledge base: answer, ask back with choices, or refuse politely.

An action that passes a message on calls the other one itself. As a follow-up action it would
stand outside every rule, and Rasa would not know what comes after it. Forms do know.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import button, label
from actions.context import Context
from actions.doing import Doing
from actions.experts import FindExpert
from actions.institutions import FindInstitution
from actions.instruments import FindInstrument, asks_about_verification, tell_about
from actions.said import Said
from actions.standards import LookUpStandard
from bot.cases.answers import need_in
from bot.faq.followups import follow_up, refers_back, tells
from bot.faq.service import candidates_from, faq_data
from bot.faq.vague import names_some_certificate
from bot.resources.wanted import asks_where
from bot.staff.hours import spoken
from knowledge import entities
from knowledge.decision import Decision, decide
from knowledge.entries import Entry
from knowledge.search import Candidate

# One question back; the second time in a row a person is offered instead.
MOST_MISSES = 2
# What still fits on a phone above “都不是”.
MOST_CHOICES = 4


class AnswerQuestion(Doing):
    """Answers a question, or passes it to the action that can."""

    def name(self) -> str:
        return "action_answer_question"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        if brings_a_case(said):
            return [FollowupAction("open_case_form")]
        meant = _meant_by_words(tracker, said)
        if meant is not None:
            return await meant.act(dispatcher, tracker, said, here)
        candidates = candidates_for(said, here)
        decision = decide_on(candidates, said, here)
        if await _told_by_dictionary(dispatcher, here, said, decision):
            return remember(said)
        if decision.kind == "answer":
            return tell_entry(dispatcher, here, decision.choices[0], candidates, said)
        if names_some_certificate(said.text):
            return ask_which_certificate(dispatcher, tracker)
        if "standard_number" in said.entities:
            return await LookUpStandard().act(dispatcher, tracker, said, here)
        if (longer := search_goes_on(tracker, said)) is not None:
            return await FindInstitution().act(dispatcher, tracker, longer, here)
        if decision.kind == "clarify":
            return ask_back(dispatcher, tracker, here, decision.choices)
        return miss(dispatcher, tracker, here)


class AnswerFollowup(Doing):
    """Answers a question without a subject by what was last talked about."""

    def name(self) -> str:
        return "action_answer_followup"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        last = here.entries.get(tracker.get_slot("last_entry") or "")
        thing = tracker.get_slot("last_thing")
        if last is None:
            if thing and asks_about_verification(said.text):
                if await tell_about(dispatcher, here, thing):
                    return []
            candidates = candidates_for(said, here)
            decision = decide_on(candidates, said, here)
            if decision.kind == "answer":
                return tell_entry(dispatcher, here, decision.choices[0], candidates, said)
            dispatcher.utter_message(response="utter_followup_what")
            return []
        neighbour = follow_up(here.entries.values(), last, said.text, here.today)
        if neighbour is not None:
            return tell_entry(dispatcher, here, neighbour.id, [], said)
        if thing and asks_about_verification(said.text):
            if await tell_about(dispatcher, here, thing):
                return []
        candidates = candidates_for(said, here)
        decision = decide_on(candidates, said, here)
        if decision.kind == "answer":
            return tell_entry(dispatcher, here, decision.choices[0], candidates, said)
        if tells(last, said.text):
            return tell_entry(dispatcher, here, last.id, [], said)
        dispatcher.utter_message(response="utter_followup_unknown", title=last.title)
        return []


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
        return offer_person(dispatcher, here)


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


class Refuse(Doing):
    """Says who is competent for what the platform does not do."""

    def name(self) -> str:
        return "action_refuse"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        candidates = candidates_for(said, here)
        decision = decide_on(candidates, said, here)
        # The knowledge base may know better than the classifier what is ours.
        if decision.kind == "answer":
            return tell_entry(dispatcher, here, decision.choices[0], candidates, said)
        if names_some_certificate(said.text):
            return ask_which_certificate(dispatcher, tracker)
        if (longer := search_goes_on(tracker, said)) is not None:
            return await FindInstitution().act(dispatcher, tracker, longer, here)
        dispatcher.utter_message(response=_competent(said.text))
        return [SlotSet("misses", None)]


_FORMS = {"find_institution": "find_institution_form", "open_case": "open_case_form"}
_ACTIONS: dict[str, type[Doing]] = {
    "find_instrument": FindInstrument,
    "find_expert": FindExpert,
    "lookup_standard": LookUpStandard,
}


def brings_a_case(said: Said) -> bool:
    """Whether a message holds all that a case needs: what to do, and whom to call."""
    return "phone" in said.entities and need_in(said.text) is not None


def search_goes_on(tracker: Tracker, said: Said) -> Said | None:
    """“阀门”, “台州有吗” after a list of institutions: the same search with this put before it."""
    wish = tracker.get_slot("last_wish")
    if not wish or not (names_thing(said) or "region" in said.entities):
        return None
    return replace(said, text=f"{said.text} {wish}")


def _meant_by_words(tracker: Tracker, said: Said) -> Doing | None:
    back = tracker.get_slot("last_entry") or tracker.get_slot("last_thing")
    if back and refers_back(said.text) and not names_thing(said):
        return AnswerFollowup()
    return FindInstitution() if asks_where(said.text) else None


async def _told_by_dictionary(
    dispatcher: CollectingDispatcher, here: Context, said: Said, decision: Decision
) -> bool:
    """An entry about verification in general does not say how it is with this instrument."""
    instrument = said.entities.get("instrument")
    if instrument is None or not asks_about_verification(said.text):
        return False
    if decision.kind == "answer" and _is_about(here.entries[decision.choices[0]], instrument):
        return False
    return await tell_about(dispatcher, here, instrument)


def candidates_for(said: Said, here: Context) -> list[Candidate]:
    """What the web application found, or, without it, what a search finds now."""
    if said.faq is not None:
        return candidates_from(said.faq)
    return list(here.faq.understand(said.text, here.today).candidates) if said.text else []


def decide_on(candidates: list[Candidate], said: Said, here: Context) -> Decision:
    """Answer, ask back or refuse; what is not in force today is never said."""
    known = [
        each
        for each in candidates
        if each.id in here.entries and here.entries[each.id].in_force(here.today)
    ]
    return decide(known, in_scope=said.in_scope)


def tell_entry(
    dispatcher: CollectingDispatcher,
    here: Context,
    entry_id: str,
    candidates: list[Candidate],
    said: Said,
) -> list[EventType]:
    """Say an entry's answer; its basis and details go along for the channel to show."""
    entry = here.entries.get(entry_id)
    if entry is None:
        return offer_person(dispatcher, here)
    score = next((each.score for each in candidates if each.id == entry_id), 1.0)
    dispatcher.utter_message(
        response="utter_faq_answer_authority" if entry.authority else "utter_faq_answer",
        answer=entry.answer.strip(),
        buttons=_next_step(entry, said),
        json_message={"faq": faq_data(entry, score), "handled": "answer"},
    )
    return [
        SlotSet("last_entry", entry.id),
        SlotSet("case_subject", entry.title),
        SlotSet("case_category", entry.category),
        SlotSet("misses", None),
        SlotSet("choices", None),
        SlotSet("last_wish", None),
        *remember(said),
    ]


def remember(said: Said) -> list[EventType]:
    """Keep what was named, for questions that do not name it again."""
    return [SlotSet("last_thing", thing)] if (thing := names_thing(said)) else []


def names_thing(said: Said) -> str | None:
    """The instrument or product that a message names."""
    return said.entities.get("instrument") or said.entities.get("product")


def ask_back(
    dispatcher: CollectingDispatcher, tracker: Tracker, here: Context, choices: tuple[str, ...]
) -> list[EventType]:
    """Ask which entry is meant; the second time in a row a person is among the choices."""
    offered = [entry for each in choices[:MOST_CHOICES] if (entry := here.entries.get(each))]
    buttons = [button(entry.title, "choose_entry", entry=entry.id) for entry in offered]
    buttons.append(button(label("none_of_these"), "none_of_these"))
    misses = (tracker.get_slot("misses") or 0) + 1
    if misses >= MOST_MISSES:
        buttons.append(button(label("ask_person"), "request_handoff"))
    dispatcher.utter_message(response="utter_clarify", buttons=buttons)
    return [SlotSet("choices", [entry.id for entry in offered]), SlotSet("misses", misses)]


def ask_which_certificate(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Ask which kind of certificate is meant: the commonest word that says nothing."""
    dispatcher.utter_message(response="utter_which_certificate")
    return [SlotSet("misses", (tracker.get_slot("misses") or 0) + 1)]


def miss(dispatcher: CollectingDispatcher, tracker: Tracker, here: Context) -> list[EventType]:
    """Say that nothing was found; the second time in a row offer a person."""
    misses = (tracker.get_slot("misses") or 0) + 1
    if misses >= MOST_MISSES:
        return offer_person(dispatcher, here)
    dispatcher.utter_message(response="utter_rephrase")
    return [SlotSet("misses", misses)]


def offer_person(dispatcher: CollectingDispatcher, here: Context) -> list[EventType]:
    """Offer a person in working time, and a message otherwise."""
    now = here.clock()
    if here.hours.is_open(now):
        dispatcher.utter_message(response="utter_offer_person")
    else:
        opens_at = spoken(here.hours.next_opening(now))
        dispatcher.utter_message(response="utter_offer_message", opens_at=opens_at)
    return [SlotSet("misses", None), SlotSet("choices", None)]


def _next_step(entry: Entry, said: Said) -> list[dict[str, str]]:
    if entry.next_step is None:
        return []
    about = {
        kind: said.entities[kind] for kind in ("instrument", "product") if kind in said.entities
    }
    named = about if entry.next_step in ("find_institution", "find_instrument") else {}
    return [button(label("next_steps", entry.next_step), entry.next_step, **named)]


def _is_about(entry: Entry, instrument: str) -> bool:
    asked = " ".join((entry.title, *entry.questions))
    return any(each.value == instrument for each in entities.find(asked))


def _ordinal(text: str, choices: list[str] | None) -> str | None:
    if not choices:
        return None
    if "最后" in text:
        return choices[-1]
    for place, numeral in enumerate("一二三四"):
        if numeral in text and place < len(choices):
            return choices[place]
    return choices[0] if len(choices) == 1 else None


def _competent(text: str) -> str:
    for line in _hotlines():
        if any(word in text for word in line["words"]):
            return str(line["response"])
    return "utter_refuse"


@cache
def _hotlines() -> list[dict[str, Any]]:
    path = Path(__file__).with_name("hotlines.yml")
    loaded: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    return loaded
