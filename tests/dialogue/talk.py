"""A customer who talks to the trained model through everything but the browser."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from bot.conversations.answering import Answering, Asked
from bot.conversations.brain import Answer, Reply

_turns = count(1)


@dataclass
class Talk:
    """One conversation; ``replies`` are those to the last message."""

    answering: Answering
    runner: asyncio.Runner
    conversation_id: str
    today: date
    answer: Answer | None = None
    replies: list[Reply] = field(default_factory=list)

    def says(self, text: str) -> None:
        """The customer types."""
        self._turn(text, None)

    def presses(self, title: str) -> None:
        """The customer presses a button or a card's action by its title."""
        offered = dict(self._offered())
        assert title in offered, f"no button “{title}” among {list(offered)}"
        self._turn(title, offered[title])

    @property
    def text(self) -> str:
        """All that the bot said in its last turn."""
        return "\n".join(reply.text for reply in self.replies)

    def cards(self) -> list[dict[str, Any]]:
        """The cards of the last turn."""
        found = []
        for reply in self.replies:
            found += [reply.data["card"]] if "card" in reply.data else []
            found += reply.data.get("items", [])
        return found

    def bot_listens(self) -> bool:
        """Always: nobody is called."""
        return True

    def _offered(self) -> list[tuple[str, str]]:
        buttons = [each for reply in self.replies for each in reply.data.get("buttons", [])]
        buttons += [card["action"] for card in self.cards() if card["action"]]
        return [(each["title"], each["payload"]) for each in buttons]

    def titles(self) -> list[str]:
        """The titles of all buttons of the last turn."""
        return [title for title, _ in self._offered()]

    def _turn(self, text: str, payload: str | None) -> None:
        asked = Asked(
            next(_turns), self.conversation_id, self.conversation_id, "widget", text, payload
        )
        self.answer = self.runner.run(self.answering.answer(asked, self.today))
        self.replies = self.answer.replies
