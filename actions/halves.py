"""Answering two questions of one message, or one beside a task, when the knowledge base is sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.entries import decide_on, tell_entry
from actions.said import Half, Said
from actions.tables import told_by_table
from bot.faq.followups import covers, follow_up
from bot.faq.service import candidates_from
from bot.faq.two_questions import parts_of
from knowledge.decision import CERTAIN
from knowledge.entries import Entry


@dataclass(frozen=True)
class _Known:
    """What is known for sure about one question: an entry, or a table's answer in words."""

    entry: Entry | None
    told: list[dict[str, Any]]


async def answer_both(
    dispatcher: CollectingDispatcher, said: Said, here: Context
) -> list[EventType] | None:
    """Say both answers, each with its basis, and one offer; None when they are not both known."""
    halves = _halves_of(said, here)
    if len(halves) != 2:
        return None
    first = await _known(halves[0], said, here)
    if first is None or (first.entry and covers(first.entry, halves[1].text)):
        # An entry that is made for both halves is one answer.
        return None
    second = await _known(halves[1], said, here)
    if second is None and first.entry is not None:
        near = follow_up(here.entries.values(), first.entry, halves[1].text, here.today)
        second = _Known(near, []) if near is not None else None
    if second is None or (second.entry is not None and second.entry is first.entry):
        return None
    offers_first = bool(first.entry and first.entry.next_step) and not (
        second.entry and second.entry.next_step
    )
    return [
        *_tell(dispatcher, here, first, halves[0], said, offer=offers_first),
        *_tell(dispatcher, here, second, halves[1], said, offer=not offers_first),
    ]


async def _known(half: Half, said: Said, here: Context) -> _Known | None:
    entry = _sure(half, said, here)
    aside = CollectingDispatcher()
    if await told_by_table(aside, here, half.text, entry):
        return _Known(None, aside.messages)
    return None if entry is None else _Known(entry, [])


def _tell(
    dispatcher: CollectingDispatcher,
    here: Context,
    known: _Known,
    half: Half,
    said: Said,
    *,
    offer: bool,
) -> list[EventType]:
    if known.entry is None:
        dispatcher.messages.extend(known.told)
        return [SlotSet("last_entry", None), SlotSet("misses", None)]
    found = candidates_from(half.faq)
    return tell_entry(dispatcher, here, known.entry.id, found, said, offer=offer)


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
