"""Telling where the platform is to be found in person."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.said import Said
from bot.resources.stations import asks_for_stations, station_card, stations_in
from bot.resources.wanted import wanted_in

# The entry about windows, stations and visiting staff.
_ENTRY = "platform-channels"


async def tell_stations(
    dispatcher: CollectingDispatcher, said: Said, here: Context
) -> list[EventType] | None:
    """List the stations of the region that is named, or all; None if none are asked for."""
    if not asks_for_stations(said.text):
        return None
    region = wanted_in(said.text).region or said.entities.get("region")
    found = await here.database.read(stations_in, region)
    response = "utter_stations_in_region" if region else "utter_stations_all"
    if region and not found:
        found = await here.database.read(stations_in, None)
        response = "utter_stations_elsewhere"
    if not found:
        dispatcher.utter_message(response="utter_stations_none")
        return []
    dispatcher.utter_message(
        response=response,
        region=region or "",
        count=len(found),
        json_message={"items": [station_card(each) for each in found], "handled": "answer"},
    )
    # “那能办什么” is about what the knowledge base says of them.
    return [SlotSet("last_entry", _ENTRY), SlotSet("misses", None), SlotSet("choices", None)]
