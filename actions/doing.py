"""The base of our actions: a refusal by a service becomes words, an open form goes on."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.context import Context, context
from actions.said import Said, active_form, said_in
from bot.errors import ServiceError

logger = logging.getLogger(__name__)

# Who asks about other things three times in a row is not filling in a form.
MOST_ASIDES = 3


class Doing(Action, ABC):
    """An action that says something about the latest message.

    When it interrupted a form, the form's question comes again after it.
    """

    # What is said when a service refuses.
    refusal = "utter_case_failed"
    # False for the actions that ask a form's own questions.
    returns_to_form = True

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        try:
            events = await self.act(dispatcher, tracker, said_in(tracker), context())
        except ServiceError as error:
            logger.warning("action_refused action=%s code=%s", self.name(), error.code)
            dispatcher.utter_message(response=self.refusal)
            events = []
        form = active_form(tracker)
        if form and self.returns_to_form and not any(_leads_on(event) for event in events):
            events += _back_to(form, dispatcher, tracker)
        # Each event is stored and read back for turns to come; one that changes nothing is spared.
        return [event for event in events if not _is_known(event, tracker)]

    @abstractmethod
    async def act(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, said: Said, here: Context
    ) -> list[EventType]:
        """Do it, and return what is to be remembered."""


def _back_to(form: str, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    asides = (tracker.get_slot("form_asides") or 0) + 1
    if asides < MOST_ASIDES:
        return [SlotSet("form_asides", asides), FollowupAction(form)]
    dispatcher.utter_message(response="utter_form_put_aside")
    return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("form_asides", None)]


def _is_known(event: dict[str, Any], tracker: Tracker) -> bool:
    return bool(event["event"] == "slot" and tracker.get_slot(event["name"]) == event["value"])


def _leads_on(event: dict[str, Any]) -> bool:
    return event["event"] in ("followup", "active_loop")
