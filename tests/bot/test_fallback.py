"""What is said while the brain is away."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from bot.conversations.brain import Answer, FailureKind
from bot.conversations.fallback import Fallback
from bot.database import Database
from bot.resources.importing import import_resources
from bot.responses import Responses
from tests.fakes import FakeFaq

DAY = date(2026, 11, 24)


def told(database: Database, text: str) -> Answer:
    """What is answered to a text that nothing is found for in the knowledge base."""
    fallback = Fallback(FakeFaq(), Responses.load(), database)
    return asyncio.run(fallback.without_brain(text, None, None, DAY, FailureKind.UNREACHABLE))


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
def test_courtesy_is_answered_in_kind_and_not_with_an_apology(
    database: Database, text: str, said: str
) -> None:
    answer = told(database, text)
    assert said in answer.replies[0].text
    assert "抱歉" not in answer.replies[0].text
    assert (answer.handled, answer.failure) == ("answer", FailureKind.UNREACHABLE)


def test_question_that_begins_politely_still_gets_the_apology(database: Database) -> None:
    assert "抱歉" in told(database, "你好，请问校准多少钱").replies[0].text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gbt19001 现在用哪一版", "现行的是 GB/T 19001-2016"),
        ("GB 4706.1-2005 还有效吗", "现行的是 GB 4706.1-2024"),
        ("总局令第121号还有效吗", "市场监督管理投诉举报处理办法"),
        ("GB/T 99999 还有效吗", "抱歉"),
        ("GB/T 19001 和 GB/T 24001 都现行吗", "抱歉"),
    ],
)
def test_a_standard_is_looked_up_all_the_same(database: Database, text: str, said: str) -> None:
    with database.writing() as session:
        import_resources(session)
    answer = told(database, text)
    assert said in answer.replies[0].text
    assert answer.failure is FailureKind.UNREACHABLE
