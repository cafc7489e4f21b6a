"""Shortens a tracker's events without changing the state they lead to."""

from __future__ import annotations

from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    ConversationPaused,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

# Stories look back five steps, which is about two turns; a form with a question
# asked in between needs about four.
KEPT_TURNS = 4

# What only the turn in which a message came looks at, and what each event repeats.
_SPENT = ("intent_ranking", "text_tokens", "metadata")
_REPEATED = ("model_id", "assistant_id")


def shortened(
    tracker: DialogueStateTracker, domain: Domain, turns: int = KEPT_TURNS
) -> list[Event]:
    """Events of the last turns, headed by the slots and form that came before.

    Replaying them gives a tracker in the same state as replaying them all.
    """
    events = _since_last_start(list(tracker.events))
    cut = _start_of_last_turns(events, turns)
    if cut == 0:
        return events
    return _left_behind(tracker.sender_id, events[:cut], domain) + events[cut:]


def _since_last_start(events: list[Event]) -> list[Event]:
    # A new session or a restart resets the tracker, so nothing before it counts.
    for index in range(len(events) - 1, 0, -1):
        if isinstance(events[index], (SessionStarted, Restarted)):
            return events[index:]
    return events


def _start_of_last_turns(events: list[Event], turns: int) -> int:
    """Index at which the last turns begin; 0 if there are no more than these."""
    seen = 0
    for index in range(len(events) - 1, -1, -1):
        if isinstance(events[index], UserUttered):
            seen += 1
            if seen == turns:
                return index if _has_user(events[:index]) else 0
    return 0


def _has_user(events: list[Event]) -> bool:
    return any(isinstance(event, UserUttered) for event in events)


def _left_behind(sender_id: str, dropped: list[Event], domain: Domain) -> list[Event]:
    """Few events that lead to the state which the dropped ones led to."""
    before = DialogueStateTracker.from_events(sender_id, dropped, domain.slots)
    moment = dropped[-1].timestamp
    start: list[Event] = [SessionStarted(timestamp=moment)]
    if before.active_loop_name:
        start.append(ActiveLoop(before.active_loop_name, timestamp=moment))
    if before.is_paused():
        start.append(ConversationPaused(timestamp=moment))
    for slot in before.slots.values():
        if slot.has_been_set or slot.value != slot.initial_value:
            start.append(SlotSet(slot.name, slot.value, timestamp=moment))
    # The customer's message that follows was awaited by this.
    start.append(ActionExecuted("action_listen", timestamp=moment))
    return start


def lean(event: dict[str, Any]) -> dict[str, Any]:
    """An event as it is kept: without what no later turn reads, over half of its length."""
    kept = dict(event)
    metadata = event.get("metadata") or {}
    left = {key: value for key, value in metadata.items() if key not in _REPEATED}
    if left:
        kept["metadata"] = left
    else:
        kept.pop("metadata", None)
    if event["event"] == UserUttered.type_name:
        parsed = event["parse_data"]
        kept["parse_data"] = {key: parsed[key] for key in parsed if key not in _SPENT}
    return kept
