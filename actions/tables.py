"""Telling from the tables what an entry says of instruments or products in general only."""

from __future__ import annotations

from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.instruments import asks_about_verification, tell_about
from actions.products import asks_about_catalogue, tell_product
from knowledge import entities
from knowledge.entries import Entry

_THINGS = ("instrument", "product")


async def told_by_table(
    dispatcher: CollectingDispatcher, here: Context, text: str, answered: Entry | None
) -> bool:
    """Tell what the tables say of the thing a text asks about; False where an entry does better.

    An entry about verification, or CCC, in general does not say how it is with this thing.
    """
    things = {each.type: each.value for each in reversed(entities.find(text))}
    thing = next((things[kind] for kind in _THINGS if kind in things), None)
    if thing is None or (answered is not None and _is_about(answered, thing)):
        return False
    if "instrument" in things and asks_about_verification(text):
        return await tell_about(dispatcher, here, thing)
    return asks_about_catalogue(text) and await tell_product(dispatcher, here, text)


def _is_about(entry: Entry, thing: str) -> bool:
    asked = " ".join((entry.title, *entry.questions))
    return any(each.value == thing for each in entities.find(asked))
