"""Going back to an open form, and refusing what the platform does not do."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.doing import Doing
from actions.said import Said


class Resume(Doing):
    """Says nothing; an open form's question comes again."""

    def name(self) -> str:
        return "action_resume"

    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        return []
