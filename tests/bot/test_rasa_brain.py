"""What is made of Rasa's answers."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversations.brain import FailureKind
from bot.conversations.rasa_brain import _answer
from bot.errors import BrainFailed

NLU = {"intent": "inform", "category": None, "confidence": 0.9, "entities": []}


def test_what_a_form_was_told_is_kept_and_not_shown() -> None:
    told = {"text": None, "buttons": [], "custom": {"told": {"case_need": "校准压力表"}}}
    asks = {"text": "现场还是送检？", "buttons": [], "custom": {"handled": "task"}}
    answer = _answer({"nlu": NLU, "messages": [told, asks], "failure": None})
    assert [reply.text for reply in answer.replies] == ["现场还是送检？"]
    assert answer.slots == {"case_need": "校准压力表"}
    assert answer.handled == "task"


@pytest.mark.parametrize("messages", [[], [{}], [{"custom": {"told": {"case_need": "校准"}}}]])
def test_answer_in_which_nothing_is_said_counts_as_silence(messages: list[Any]) -> None:
    with pytest.raises(BrainFailed) as failed:
        _answer({"nlu": NLU, "messages": messages, "failure": None})
    assert failed.value.kind is FailureKind.SILENT


def test_handoff_without_words_is_no_silence() -> None:
    wants_person = {"custom": {"handoff": {"reason": "complaint"}}}
    answer = _answer({"nlu": NLU, "messages": [wants_person], "failure": None})
    assert (answer.replies, answer.handoff_reason) == ([], "complaint")


@pytest.mark.parametrize("text", [5, ["好"], {"a": 1}, "\ud83d"])
def test_words_that_no_database_can_hold_are_no_answer(text: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        _answer({"nlu": NLU, "messages": [{"text": text}], "failure": None})
