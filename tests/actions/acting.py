"""Runs an action on a made-up tracker, without Rasa and without a network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


@dataclass
class Done:
    """What an action said and what it wants remembered."""

    messages: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def responses(self) -> list[str]:
        """The names of what was said."""
        return [message["response"] for message in self.messages if message["response"]]

    @property
    def slots(self) -> dict[str, Any]:
        """The slots set."""
        return {e["name"]: e["value"] for e in self.events if e["event"] == "slot"}

    @property
    def next(self) -> list[str]:
        """The actions that are to follow."""
        return [e["name"] for e in self.events if e["event"] == "followup"]


def heard(
    text: str = "",
    intent: str = "inform",
    *,
    entities: dict[str, str] | None = None,
    slots: dict[str, Any] | None = None,
    category: str = "metrology",
    certainty: float = 0.9,
    faq: list[tuple[str, float]] | None = None,
    form: str | None = None,
    conversation_id: str | None = None,
    turn_id: int | None = None,
) -> Tracker:
    """A tracker whose latest message is this one; without words a button was pressed."""
    found = [{"entity": kind, "value": value} for kind, value in (entities or {}).items()]
    metadata: dict[str, Any] = {"faq": [{"id": i, "score": s} for i, s in faq or []]}
    if conversation_id is not None:
        metadata |= {"conversation_id": conversation_id, "turn_id": turn_id}
    message = {
        "text": text or f"/{intent}",
        "intent": {"name": intent, "confidence": 0.9},
        "entities": found,
        "category": {"name": category, "confidence": certainty},
        "metadata": metadata,
    }
    loop = {"name": form} if form else {}
    return Tracker("tracker", slots or {}, message, [], False, None, loop, "action_listen")


def do(action: Action, tracker: Tracker) -> Done:
    """Run an action."""
    dispatcher = CollectingDispatcher()
    events = asyncio.run(action.run(dispatcher, tracker, {}))
    return Done(dispatcher.messages, list(events))
