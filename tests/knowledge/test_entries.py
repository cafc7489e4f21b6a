"""The content format and its errors."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.entries import CATEGORIES, ContentError, load_entries
from tests.knowledge.straw import OPPOSITION_NEXT, OPPOSITION_NOW

GOOD: dict[str, Any] = {
    "id": "metrology-test",
    "category": "metrology",
    "title": "题目",
    "questions": ["一", "二", "三", "四"],
    "answer": "结论。",
    "detail": "细节。",
    "basis": ["《计量法》第九条"],
    "effective_from": None,
    "effective_to": None,
    "confidence": "verified",
    "owner": "计量科",
    "related": [],
    "next_step": None,
    "authority": False,
}


def write(folder: Path, *entries: dict[str, Any]) -> Path:
    """Write a content file."""
    text = yaml.safe_dump(list(entries), allow_unicode=True)
    (folder / "metrology.yml").write_text(text, encoding="utf-8")
    return folder


def test_a_good_entry_is_read(tmp_path: Path) -> None:
    (entry,) = load_entries(write(tmp_path, GOOD))
    assert entry.questions == ("一", "二", "三", "四")
    assert entry.negatives == ()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"category": "weather"}, "category 不能是 weather"),
        ({"questions": ["一", "二", "三"]}, "questions 至少 4 条"),
        ({"questions": ["一", "一", "二", "三"]}, "questions 有重复"),
        ({"answer": "长" * 121}, "answer 超过 120 字"),
        ({"basis": []}, "basis 至少 1 条"),
        ({"confidence": "check"}, "confidence 不能是 check"),
        ({"next_step": "dance"}, "next_step 不能是 dance"),
        ({"authority": "yes"}, "authority 应是 true 或 false"),
        ({"effective_from": "明天"}, "effective_from 应是日期"),
        ({"related": ["nowhere"]}, "related 指向不存在的 nowhere"),
        ({"title": ""}, "title 应是非空文字"),
        ({"extra": 1}, "不认识的字段 extra"),
        ({"id": "有 空格"}, "id 只能用小写字母"),
        (
            {"effective_from": date(2027, 1, 1), "effective_to": date(2026, 1, 1)},
            "effective_from 晚于 effective_to",
        ),
    ],
)
def test_a_broken_rule_is_named_with_file_and_entry(
    tmp_path: Path, change: dict[str, Any], rule: str
) -> None:
    with pytest.raises(ContentError) as caught:
        load_entries(write(tmp_path, {**GOOD, **change}))
    assert rule in str(caught.value)
    assert "metrology.yml" in str(caught.value)


def test_two_entries_cannot_share_an_id(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="编号已在"):
        load_entries(write(tmp_path, GOOD, GOOD))


def test_broken_yaml_is_a_content_error(tmp_path: Path) -> None:
    (tmp_path / "ip.yml").write_text("- [", encoding="utf-8")
    with pytest.raises(ContentError, match=r"ip\.yml：不是合法的 YAML"):
        load_entries(tmp_path)


def test_entries_are_in_force_on_their_first_and_last_day() -> None:
    assert OPPOSITION_NOW.in_force(date(2026, 12, 31))
    assert not OPPOSITION_NOW.in_force(date(2027, 1, 1))
    assert not OPPOSITION_NEXT.in_force(date(2026, 12, 31))
    assert OPPOSITION_NEXT.in_force(date(2027, 1, 1))


def test_the_knowledge_base_keeps_its_own_rules() -> None:
    entries = load_entries()
    assert len(entries) >= 80
    assert {entry.category for entry in entries} == set(CATEGORIES)
