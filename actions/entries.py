"""Saying what the knowledge base holds: an answer, choices, or that there is nothing."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import button, label
from actions.context import Context
from actions.said import Said
from bot.faq.service import candidates_from, faq_data
from bot.staff.hours import spoken
from knowledge.decision import Decision, decide
from knowledge.entries import Entry
from knowledge.search import Candidate

# One question back; the second time in a row a person is offered instead.
MOST_MISSES = 2
# What still fits on a phone above “都不是”.
MOST_CHOICES = 4


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
    *,
    offer: bool = True,
) -> list[EventType]:
    """Say an entry's answer; its basis and details go along for the channel to show.

    Args:
        dispatcher: Where it is said.
        here: The surroundings.
        entry_id: Which entry.
        candidates: What the search found, for the score that goes along.
        said: The message answered.
        offer: Whether the entry's next step is offered with it.
    """
    entry = here.entries.get(entry_id)
    if entry is None:
        return offer_person(dispatcher, here, said.category)
    score = next((each.score for each in candidates if each.id == entry_id), 1.0)
    dispatcher.utter_message(
        response="utter_faq_answer_authority" if entry.authority else "utter_faq_answer",
        answer=entry.answer.strip(),
        buttons=_next_step(entry, said) if offer else [],
        json_message={"faq": faq_data(entry, score), "handled": "answer"},
    )
    return [
        SlotSet("last_entry", entry.id),
        SlotSet("last_standard", None),
        SlotSet("case_subject", entry.title),
        SlotSet("case_category", entry.category),
        SlotSet("misses", None),
        SlotSet("choices", None),
        SlotSet("last_wish", None),
        *remember(said),
    ]


def tell_decided(
    dispatcher: CollectingDispatcher,
    here: Context,
    decision: Decision,
    candidates: list[Candidate],
    said: Said,
) -> list[EventType]:
    """Say the answer decided on; if it is not certain, what else may be meant is offered below."""
    also = [entry for each in decision.also if (entry := here.entries.get(each))]
    answer = decision.choices[0]
    # One offer at a time: what to do next only where the answer is the right one.
    events = tell_entry(dispatcher, here, answer, candidates, said, offer=not also)
    return [*events, *offer_also(dispatcher, here, decision.also)]


def offer_also(
    dispatcher: CollectingDispatcher,
    here: Context,
    also: tuple[str, ...],
    *,
    refused: bool = False,
) -> list[EventType]:
    """Offer the entries that may be meant instead, below what was said; nothing if there are none.

    Args:
        dispatcher: Where it is said.
        here: The surroundings.
        also: Which entries.
        refused: Whether what was said is a refusal; the offer makes no answer of it.
    """
    offered = [entry for each in also if (entry := here.entries.get(each))]
    if not offered:
        return []
    response = "utter_perhaps_meant" if refused else "utter_also_meant"
    dispatcher.utter_message(response=response, buttons=_choices(offered))
    return [SlotSet("choices", [entry.id for entry in offered])]


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
    buttons = _choices(offered)
    misses = (tracker.get_slot("misses") or 0) + 1
    if misses >= MOST_MISSES:
        buttons.append(button(label("ask_person"), "request_handoff"))
    dispatcher.utter_message(response="utter_clarify", buttons=buttons)
    return [SlotSet("choices", [entry.id for entry in offered]), SlotSet("misses", misses)]


def ask_which_certificate(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Ask which kind of certificate is meant: the commonest word that says nothing."""
    dispatcher.utter_message(response="utter_which_certificate")
    return [SlotSet("misses", (tracker.get_slot("misses") or 0) + 1)]


def miss(
    dispatcher: CollectingDispatcher, tracker: Tracker, here: Context, said: Said
) -> list[EventType]:
    """Say that nothing was found; the second time in a row offer a person."""
    misses = (tracker.get_slot("misses") or 0) + 1
    if misses >= MOST_MISSES:
        return offer_person(dispatcher, here, asked_about(tracker, said))
    dispatcher.utter_message(response="utter_rephrase")
    return [SlotSet("misses", misses)]


def offer_person(
    dispatcher: CollectingDispatcher, here: Context, category: str | None
) -> list[EventType]:
    """Offer a person in the working time of the category's group, and a message otherwise."""
    now = here.clock()
    hours = here.hours_of(category)
    if hours.is_open(now):
        dispatcher.utter_message(response="utter_offer_person")
    else:
        opens_at = spoken(hours.next_opening(now))
        dispatcher.utter_message(response="utter_offer_message", opens_at=opens_at)
    return [SlotSet("misses", None), SlotSet("choices", None)]


def asked_about(tracker: Tracker, said: Said) -> str | None:
    """The service category of a message, or else of the last topic."""
    return said.category or tracker.get_slot("case_category")


def _choices(offered: list[Entry]) -> list[dict[str, str]]:
    buttons = [button(entry.title, "choose_entry", entry=entry.id) for entry in offered]
    return [*buttons, button(label("none_of_these"), "none_of_these")]


def _next_step(entry: Entry, said: Said) -> list[dict[str, str]]:
    if entry.next_step is None:
        return []
    about = {
        kind: said.entities[kind] for kind in ("instrument", "product") if kind in said.entities
    }
    named = about if entry.next_step in ("find_institution", "find_instrument") else {}
    return [button(label("next_steps", entry.next_step), entry.next_step, **named)]
