"""Plays the dialogues of the YAML files beside this one through the trained model."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dialogue.talk import Talk

pytestmark = pytest.mark.rasa

_CHECKS = {"says", "not", "handled", "intent", "buttons", "card", "cards", "handoff", "entry"}


def _dialogues() -> list[Any]:
    found = []
    for path in sorted(Path(__file__).parent.glob("*.yml")):
        for dialogue in yaml.safe_load(path.read_text("utf-8")):
            found.append(pytest.param(dialogue["turns"], id=f"{path.stem}: {dialogue['dialogue']}"))
    return found


@pytest.mark.parametrize("turns", _dialogues())
def test_dialogue(turns: list[dict[str, Any]], talk: Callable[[], Talk]) -> None:
    conversation = talk()
    kept: dict[str, str] = {}
    for turn in turns:
        customer = str(turn.get("customer", "")).format(**kept)
        if "press" in turn:
            conversation.presses(turn["press"])
        else:
            conversation.says(customer)
        _check(conversation, turn.get("bot", {}), kept, f"after “{customer or turn.get('press')}”")
        for name, pattern in turn.get("keep", {}).items():
            match = re.search(pattern, conversation.text)
            assert match, f"{name} is not in “{conversation.text}”"
            kept[name] = match[0]


def _check(talk: Talk, bot: dict[str, Any], kept: dict[str, str], where: str) -> None:
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
        assert talk.answer.handoff_reason == bot["handoff"], heard
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
