"""Taking two questions of one message apart, and leaving everything else whole."""

from __future__ import annotations

import json
from datetime import date

import pytest

from bot.faq.service import Understanding
from bot.faq.two_questions import LONGEST, question_beside_task, two_questions, understand
from bot.settings import ROOT
from knowledge.search import Candidate


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (
            "3C 认证要什么材料，大概多久能拿证",
            "3C 认证要什么材料",
            "3C 认证大概多久能拿证",
        ),
        ("商标注册要多久 多少钱", "商标注册要多久", "商标注册多少钱"),
        ("商标注册要多久？专利呢？", "商标注册要多久", "专利要多久"),
        ("压力表多久检一次，另外水表要不要强检", "压力表多久检一次", "水表要不要强检"),
        ("电梯多久检一次，另外叉车多久检一次", "电梯多久检一次", "叉车多久检一次"),
        ("ISO9001要多少钱，ISO14001要多少钱", "ISO9001要多少钱", "ISO14001要多少钱"),
        ("压力表要不要强检？水表要不要强检？", "压力表要不要强检", "水表要不要强检"),
        ("CCC 认证多少钱和多久", "CCC 认证多少钱", "CCC 认证多久"),
        ("高企要什么条件还有什么好处", "高企要什么条件", "高企什么好处"),
        ("请问一下，电梯多久检一次，超期会罚吗", "电梯多久检一次", "电梯超期会罚吗"),
        (
            "我们做水泵的，办 CE 要什么材料，多久能下来",
            "我们做水泵的，办 CE 要什么材料",
            "我们做水泵的，办 CE多久能下来",
        ),
    ],
)
def test_two_questions_are_parted_and_share_their_subject(
    text: str, first: str, second: str
) -> None:
    assert two_questions(text) == (first, second)


@pytest.mark.parametrize(
    "text",
    [
        "压力表多久检定一次",
        "卡尺要强检吗，还是自己校准就行",
        "压力表怎么还要检定，是不是必须的",
        "农机补贴还有没有",
        "我们厂有压力表、卡尺、天平，都要送检吗",
        "你好，请问一下，体系认证怎么做",
        "花钱买的报告被查到，机构会怎样",
        "",
        "？？？",
        "3C 认证要什么材料，多久能拿证，多少钱",
        "去年我们在外地买了一批阀门，客户说没有检测报告不收货，供应商又不肯补，来回扯了两个月，现在要什么材料，多久能办",
    ],
)
def test_one_question_and_a_story_stay_whole(text: str) -> None:
    assert two_questions(text) is None


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("压力表多久检一次？帮我约一下送检", "压力表多久检一次"),
        ("3C 认证要什么材料，帮我找家能做的机构", "3C 认证要什么材料"),
        ("我要校准游标卡尺，要多少钱", "校准游标卡尺要多少钱"),
        ("我要校准游标卡尺，请加急", None),
        ("帮我找一家能校准卡尺的机构", None),
        ("帮我约一下送检，帮我找家机构", None),
        ("帮我推荐一家机构，要便宜的，多久能好，多少钱", None),
    ],
)
def test_a_question_beside_a_task_is_found(text: str, question: str | None) -> None:
    assert question_beside_task(text) == question
    assert two_questions(text) is None


def test_hardly_a_single_golden_question_is_parted() -> None:
    lines = (ROOT / "tests" / "golden" / "questions.jsonl").read_text("utf-8").splitlines()
    parted = [text for line in lines if two_questions(text := json.loads(line)["text"])]
    # Those that are parted ask two things indeed (what is to be paid, and by when).
    assert len(parted) <= len(lines) * 0.01, parted


def test_no_long_message_is_parted() -> None:
    assert two_questions("多久" + "，多少钱" * LONGEST) is None


class Searched:
    """Notes what was searched for, and finds one entry each time."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def understand(self, text: str, on: date) -> Understanding:
        self.asked.append(text)
        return Understanding({}, (Candidate(text, 1.0),))


def test_each_half_is_searched_for_and_a_single_question_only_once() -> None:
    faq = Searched()
    understood = understand(faq, "商标注册要多久，多少钱", date(2026, 11, 24))  # type: ignore[arg-type]
    assert [part.candidates[0].id for part in understood.parts] == [
        "商标注册要多久",
        "商标注册多少钱",
    ]
    faq.asked.clear()
    assert understand(faq, "商标注册要多久", date(2026, 11, 24)).parts == ()  # type: ignore[arg-type]
    assert faq.asked == ["商标注册要多久"]
