"""What is made of Rasa's answers."""

from __future__ import annotations

from bot.conversations.rasa_brain import _answer

NLU = {"intent": "inform", "category": None, "confidence": 0.9, "entities": []}


def test_what_a_form_was_told_is_kept_and_not_shown() -> None:
    told = {"text": None, "buttons": [], "custom": {"told": {"case_need": "校准压力表"}}}
    asks = {"text": "现场还是送检？", "buttons": [], "custom": {"handled": "task"}}
    answer = _answer({"nlu": NLU, "messages": [told, asks], "failure": None})
    assert [reply.text for reply in answer.replies] == ["现场还是送检？"]
    assert answer.slots == {"case_need": "校准压力表"}
    assert answer.handled == "task"
