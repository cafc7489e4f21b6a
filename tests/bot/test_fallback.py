"""What is said while the brain is away."""

from __future__ import annotations

from datetime import date

import pytest

from bot.conversations.brain import FailureKind
from bot.conversations.fallback import Fallback
from bot.responses import Responses
from tests.fakes import FakeFaq

DAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("谢谢", "不客气"),
        ("好的，谢谢您！", "不客气"),
        ("好的", "好的"),
        ("再见", "再见"),
        ("你好", "您好"),
    ],
)
def test_courtesy_is_answered_in_kind_and_not_with_an_apology(text: str, said: str) -> None:
    fallback = Fallback(FakeFaq(), Responses.load())
    answer = fallback.without_brain(text, None, None, DAY, FailureKind.UNREACHABLE)
    assert said in answer.replies[0].text
    assert "抱歉" not in answer.replies[0].text
    assert (answer.handled, answer.failure) == ("answer", FailureKind.UNREACHABLE)


def test_question_that_begins_politely_still_gets_the_apology() -> None:
    fallback = Fallback(FakeFaq(), Responses.load())
    answer = fallback.without_brain(
        "你好，请问校准多少钱", None, None, DAY, FailureKind.UNREACHABLE
    )
    assert "抱歉" in answer.replies[0].text
