"""Answering two questions of one message, or one beside a task, when the knowledge base is sure."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.entries import decide_on, tell_entry
from actions.said import Half, Said
from bot.faq.followups import covers, follow_up
from bot.faq.service import candidates_from
from bot.faq.two_questions import parts_of
from knowledge.decision import CERTAIN
from knowledge.entries import Entry


def answer_both(
    dispatcher: CollectingDispatcher, said: Said, here: Context
) -> list[EventType] | None:
    """Say both answers, each with its basis, and one offer; None when they are not both known."""
    halves = _halves_of(said, here)
    if len(halves) != 2:
        return None
    first = _sure(halves[0], said, here)
    if first is None or covers(first, halves[1].text):
        # An entry that is made for both halves is one answer.
        return None
    second = _sure(halves[1], said, here)
    second = second or follow_up(here.entries.values(), first, halves[1].text, here.today)
    if second is None or second.id == first.id:
        return None
    offered = first.next_step and not second.next_step
    pairs = ((first, halves[0], bool(offered)), (second, halves[1], not offered))
    events: list[EventType] = []
    for entry, half, may_offer in pairs:
        found = candidates_from(half.faq)
        events = tell_entry(dispatcher, here, entry.id, found, said, offer=may_offer)
    return events


def answer_aside(dispatcher: CollectingDispatcher, said: Said, here: Context) -> list[EventType]:
    """Say the answer to a question that came along with a task, if it is known for sure."""
    halves = _halves_of(said, here)
    entry = _sure(halves[0], said, here) if len(halves) == 1 else None
    if entry is None:
        return []
    found = candidates_from(halves[0].faq)
    tell_entry(dispatcher, here, entry.id, found, said, offer=False)
    # All else that an answer leaves behind would be taken for the task's.
    return [SlotSet("last_entry", entry.id)]


def _halves_of(said: Said, here: Context) -> tuple[Half, ...]:
    if said.faq is not None or not said.text:
        return said.halves
    return tuple(
        Half(each.text, [{"id": one.id, "score": one.score} for one in each.candidates])
        for each in parts_of(here.faq, said.text, here.today)
    )


def _sure(half: Half, said: Said, here: Context) -> Entry | None:
    # Half a question is easily taken for another one, so nothing less than certain will do.
    found = candidates_from(half.faq)
    decision = decide_on(found, said, here)
    if decision.kind != "answer" or found[0].score < CERTAIN:
        return None
    return here.entries[decision.choices[0]]
