"""Collects what the bot utters in one turn, one plain dictionary per utterance."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import OutputChannel


class CollectedReplies(OutputChannel):
    """Keeps each utterance whole: its text, its buttons and its custom data together.

    Rasa's own collector makes one message for the text and another for the
    custom data, and cuts a text at blank lines. A card with its sentence
    would fall apart.
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        return "assistant"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        text = message.get("text") or None
        buttons = [
            {"title": button.get("title", ""), "payload": button.get("payload", "")}
            for button in (message.get("buttons") or []) + (message.get("quick_replies") or [])
        ]
        custom = message.get("custom") or {}
        if text or buttons or custom:
            self.messages.append({"text": text, "buttons": buttons, "custom": custom})
