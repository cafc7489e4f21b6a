"""The dialogues of the YAML files beside this one, and what each turn of them has to be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from bot.conversations.brain import Answer, Reply

_CHECKS = {
    "says",
    "not",
    "handled",
    "intent",
    "buttons",
    "card",
    "cards",
    "handoff",
    "kept_as",
    "entry",
}


class Heard(Protocol):
    """A customer in a dialogue, who knows what the last turn brought."""

    answer: Answer | None
    replies: list[Reply]

    def says(self, text: str) -> None:
        """The customer types."""

    def presses(self, title: str) -> None:
        """The customer presses what has this title."""

    @property
    def text(self) -> str:
        """All that the bot said in its last turn."""

    def titles(self) -> list[str]:
        """What there is to press."""

    def bot_listens(self) -> bool:
        """Whether the bot is the one to answer."""

    def cards(self) -> list[dict[str, Any]]:
        """The cards of the last turn."""


def dialogues() -> list[Any]:
    """All of them, as parameters."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.yml")):
        for dialogue in yaml.safe_load(path.read_text("utf-8")):
            found.append(pytest.param(dialogue["turns"], id=f"{path.stem}: {dialogue['dialogue']}"))
    return found


def play(talk: Heard, turns: list[dict[str, Any]]) -> None:
    """Play a dialogue from its first turn to its last; each has to be as it is written.

    What is said while a person is waited for is stored and not answered, so not checked.
    """
    kept: dict[str, str] = {}
    for turn in turns:
        listens = talk.bot_listens()
        customer = str(turn.get("customer", "")).format(**kept)
        if "press" in turn:
            talk.presses(turn["press"])
        else:
            talk.says(customer)
        if not listens:
            continue
        check(talk, turn.get("bot", {}), kept, f"after “{customer or turn.get('press')}”")
        for name, pattern in turn.get("keep", {}).items():
            match = re.search(pattern, talk.text)
            assert match, f"{name} is not in “{talk.text}”"
            kept[name] = match[0]


def check(talk: Heard, bot: dict[str, Any], kept: dict[str, str], where: str) -> None:
    """One turn against what is written about it."""
    assert talk.answer is not None
    assert set(bot) <= _CHECKS, f"unknown check in {bot}"
    heard = f"{where}: {talk.answer.intent} {talk.answer.confidence} “{talk.text}”"
    assert talk.answer.failure is None, heard
    for words in _listed(bot.get("says")):
        assert words.format(**kept) in talk.text, heard
    for words in _listed(bot.get("not")):
        assert words not in talk.text, heard
    for title in _listed(bot.get("buttons")):
        assert title in talk.titles(), f"{heard} {talk.titles()}"
    if "handled" in bot:
        assert talk.answer.handled == bot["handled"], heard
    if "intent" in bot:
        assert talk.answer.intent == bot["intent"], heard
    if "handoff" in bot:
        # Over a channel the platform has looked at what led to the wish.
        wanted = {bot["handoff"], bot.get("kept_as", bot["handoff"])}
        assert talk.answer.handoff_reason in wanted, heard
    if "entry" in bot:
        entries = [reply.data["faq"]["id"] for reply in talk.replies if "faq" in reply.data]
        assert bot["entry"] in entries, f"{heard} {entries}"
    cards = talk.cards()
    if "cards" in bot:
        assert len(cards) >= bot["cards"], heard
    for words in _listed(bot.get("card")):
        assert any(words in str(card) for card in cards), f"{heard} {cards}"


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
