"""Finding experts by their field."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import card, command
from actions.context import Context
from actions.doing import Doing
from actions.said import Said, wish_of
from bot.resources.instruments import experts
from bot.resources.models import Expert
from bot.resources.wanted import shown, wanted_in


class FindExpert(Doing):
    """Lists experts of a field."""

    def name(self) -> str:
        return "action_find_expert"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        text = wish_of(said)
        wanted = wanted_in(text)
        if wanted.is_empty:
            dispatcher.utter_message(response="utter_ask_expert_field")
            return []
        found = await here.database.read(experts, wanted)
        if not found:
            dispatcher.utter_message(response="utter_experts_none", wanted=shown(wanted))
            return []
        dispatcher.utter_message(
            response="utter_experts_found",
            wanted=shown(wanted),
            count=len(found),
            json_message={"items": [_card(each) for each in found], "handled": "task"},
        )
        return [SlotSet("case_subject", shown(wanted))]


def _card(expert: Expert) -> dict[str, Any]:
    return card(
        "expert",
        {
            "name": expert.name,
            "title": expert.title,
            "fields": "、".join(expert.fields),
            "institution": expert.institution.name if expert.institution else "",
            "years": expert.years,
        },
        payload=command("open_case", choice=expert.name),
        demo=expert.demo,
    )
