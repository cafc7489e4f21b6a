"""What the customer's latest message says, taken from Rasa's tracker into plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker


@dataclass(frozen=True)
class Half:
    """One of two questions in a message, made to stand alone, with the candidates for it."""

    text: str
    faq: list[dict[str, Any]]


@dataclass(frozen=True)
class Said:
    """One message: its words, what was understood, and where it came from.

    ``text`` is empty when a button was pressed. ``faq`` holds the candidates that the web
    application found, None when nobody has searched yet; ``halves`` the two questions it holds.
    """

    text: str
    intent: str
    confidence: float
    category: str | None
    in_scope: float
    entities: dict[str, str]
    conversation_id: str | None
    turn_id: int | None
    faq: list[dict[str, Any]] | None
    halves: tuple[Half, ...] = ()

    @property
    def request_key(self) -> str | None:
        """Names this turn, so that trying it again stores nothing twice."""
        if self.conversation_id is None or self.turn_id is None:
            return None
        return f"{self.conversation_id}:{self.turn_id}"


def said_in(tracker: Tracker) -> Said:
    """Read the latest message of a tracker."""
    message = tracker.latest_message
    metadata = message.get("metadata") or {}
    text = message.get("text") or ""
    intent = message.get("intent") or {}
    category = message.get("category") or {}
    outside = category.get("name") == "out_of_scope"
    return Said(
        text="" if text.startswith("/") else text.strip(),
        intent=intent.get("name") or "",
        confidence=float(intent.get("confidence") or 0.0),
        category=None if outside else category.get("name"),
        in_scope=1.0 - float(category.get("confidence") or 0.0) if outside else 1.0,
        # The first of a kind counts: “压力表和水表” is about the pressure gauge.
        entities={
            each["entity"]: str(each["value"]) for each in reversed(message.get("entities") or [])
        },
        conversation_id=metadata.get("conversation_id"),
        turn_id=metadata.get("turn_id"),
        faq=metadata.get("faq"),
        halves=tuple(Half(each["text"], each["faq"]) for each in metadata.get("halves") or []),
    )


def wish_of(said: Said) -> str:
    """The words of the wish; a button brings them as entities."""
    if said.text:
        return said.text
    parts = ("region", "product", "instrument", "standard_number", "category")
    return " ".join(said.entities[part] for part in parts if part in said.entities)


def active_form(tracker: Tracker) -> str | None:
    """The form that is open, if any."""
    return (tracker.active_loop or {}).get("name")
