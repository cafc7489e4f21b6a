"""Answering a question without a subject by what was last talked about."""

from __future__ import annotations

import re
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.doing import Doing
from actions.entries import (
    candidates_for,
    decide_on,
    names_thing,
    remember,
    tell_decided,
    tell_entry,
)
from actions.halves import answer_both
from actions.instruments import asks_about_verification, tell_about
from actions.said import Said, active_form
from actions.standards import LookUpStandard
from actions.stations import tell_stations
from bot.faq.aspects import aspects_in
from bot.faq.followups import (
    about_wish,
    follow_up,
    instead_in,
    is_near,
    lacks_subject,
    refers_back,
    tells,
)
from knowledge.entries import Entry

# What a standard's card tells: asked again without the number, the card comes again.
_ON_THE_CARD = re.compile(
    "实施|生效|有效|作废|废止|代替|替代|哪一?版|版本|年份|现行|发布|什么时候|对应"
)
_TOPICS = ("last_entry", "last_thing", "last_standard", "last_wish")


def leans_on_before(tracker: Tracker, said: Said) -> bool:
    """Whether a message names no subject and there is one to take up."""
    if asks_about_case(tracker, said):
        return True
    known = any(tracker.get_slot(slot) for slot in _TOPICS)
    if not known or "standard_number" in said.entities or not refers_back(said.text):
        return False
    return names_thing(said) is None or instead_in(said.text) is not None


def asks_about_case(tracker: Tracker, said: Said) -> bool:
    """Whether it is asked of what the open form is about: “现场多少钱啊”, “几天能好”."""
    if active_form(tracker) != "open_case_form" or not tracker.get_slot("case_need"):
        return False
    return "cost" in aspects_in(said.text) or lacks_subject(said.text)


def asks_about_wish(tracker: Tracker, said: Said) -> bool:
    """Whether it is asked of what institutions were last looked up for: “那要多少钱”."""
    return bool(tracker.get_slot("last_wish")) and lacks_subject(said.text)


def neighbour_of_last(tracker: Tracker, said: Said, here: Context) -> Entry | None:
    """The entry beside the last one that answers a message which names no subject."""
    last = here.entries.get(tracker.get_slot("last_entry") or "")
    if last is None or not leans_on_before(tracker, said):
        return None
    return follow_up(here.entries.values(), last, said.text, here.today)


class AnswerFollowup(Doing):
    """Answers by the open case, the last entry, the last instrument or the last standard."""

    def name(self) -> str:
        return "action_answer_followup"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        if (told := await tell_stations(dispatcher, said, here)) is not None:
            return told
        if asks_about_case(tracker, said):
            return _tell_of_case(dispatcher, tracker, said, here)
        if (both := await answer_both(dispatcher, said, here)) is not None:
            return both
        if asks_about_wish(tracker, said):
            return _tell_of_wish(dispatcher, tracker, said, here)
        last = here.entries.get(tracker.get_slot("last_entry") or "")
        # Every entry told forgets the standard, so one that is known was named after it.
        if last is None or tracker.get_slot("last_standard"):
            return await _without_entry(dispatcher, tracker, said, here)
        neighbour = follow_up(here.entries.values(), last, said.text, here.today)
        if neighbour is not None:
            return tell_entry(dispatcher, here, neighbour.id, [], said)
        if await _told_of_thing(dispatcher, tracker, said, here):
            return remember(said)
        if (found := _found_near(last, said, here)) is not None:
            return tell_entry(dispatcher, here, found, candidates_for(said, here), said)
        if tells(last, said.text):
            return tell_entry(dispatcher, here, last.id, [], said)
        dispatcher.utter_message(response="utter_followup_unknown", title=last.title)
        return []


def _tell_of_case(
    dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
) -> list[EventType]:
    need, category = tracker.get_slot("case_need"), tracker.get_slot("case_category")
    if "cost" not in aspects_in(said.text):
        # “几天能好” is near “多久检一次” in words and far from it in meaning.
        dispatcher.utter_message(response="utter_case_told_later", need=need)
        return []
    entry = about_wish(here.entries.values(), need, category, said.text, here.today)
    if entry is None:
        dispatcher.utter_message(response="utter_case_price", need=need)
        return []
    # The form goes on with its own subject; an offer would lead away from it.
    tell_entry(dispatcher, here, entry.id, [], said, offer=False)
    return []


def _tell_of_wish(
    dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
) -> list[EventType]:
    """“那要多少钱” after a list of institutions is about what they were looked up for."""
    need, category = tracker.get_slot("case_subject"), tracker.get_slot("case_category")
    entry = about_wish(here.entries.values(), need, category, said.text, here.today)
    if entry is not None:
        return tell_entry(dispatcher, here, entry.id, [], said)
    if "cost" in aspects_in(said.text):
        dispatcher.utter_message(response="utter_wish_price", need=need)
    else:
        dispatcher.utter_message(response="utter_followup_unknown", title=need)
    return []


async def _without_entry(
    dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
) -> list[EventType]:
    standard = tracker.get_slot("last_standard")
    if standard and _ON_THE_CARD.search(said.text):
        again = replace(said, text=f"{standard} {said.text}")
        return await LookUpStandard().act(dispatcher, tracker, again, here)
    if not standard and await _told_of_thing(dispatcher, tracker, said, here):
        return remember(said)
    candidates = candidates_for(said, here)
    decision = decide_on(candidates, said, here)
    if decision.kind == "answer":
        return tell_decided(dispatcher, here, decision, candidates, said)
    dispatcher.utter_message(response="utter_followup_what")
    return []


async def _told_of_thing(
    dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
) -> bool:
    """“那水表呢”, “那多久检一次” after an instrument."""
    other = said.entities.get("instrument")
    if other and instead_in(said.text):
        return await tell_about(dispatcher, here, other)
    thing = tracker.get_slot("last_thing")
    if not thing or not asks_about_verification(said.text):
        return False
    return await tell_about(dispatcher, here, thing)


def _found_near(last: Entry, said: Said, here: Context) -> str | None:
    """What the search finds for the bare words, if it is not about quite another subject."""
    decision = decide_on(candidates_for(said, here), said, here)
    if decision.kind != "answer":
        return None
    found = here.entries[decision.choices[0]]
    return found.id if is_near(found, last, said.text) else None
