"""The content format and its errors."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.categories import SERVICE_CATEGORIES as CATEGORIES
from knowledge.content_files import read_names
from knowledge.entries import FAQ_FOLDER, OWNERS_FILE, ContentError, load_entries
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


def test_a_question_belongs_to_one_entry_at_a_time(tmp_path: Path) -> None:
    other = {**GOOD, "id": "metrology-other", "questions": ["五", "六", "七", "三？"]}
    with pytest.raises(ContentError, match=r"第 \d+ 行.*“三？”在 metrology-test 里已经有了"):
        load_entries(write(tmp_path, GOOD, other))
    ended = {**GOOD, "effective_to": date(2026, 12, 31)}
    begun = {**other, "effective_from": date(2027, 1, 1)}
    assert len(load_entries(write(tmp_path, ended, begun))) == 2


def test_broken_yaml_is_a_content_error(tmp_path: Path) -> None:
    (tmp_path / "ip.yml").write_text("- [", encoding="utf-8")
    with pytest.raises(ContentError, match=r"ip\.yml 第 \d 行：不是合法的 YAML"):
        load_entries(tmp_path)


WRITTEN = """\
- id: metrology-test
  category: metrology
  title: 题目
  questions:
    - 一
    - 二
    - 三
    - 四
  answer: 结论。
  basis: [《计量法》第九条]
  effective_from: null
  effective_to: null
  confidence: verified
  owner: 计量科
  related: []
  next_step: null
  authority: false
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line", "rule"),
    [
        ("category: metrology", "category: weather", 2, "category 不能是 weather"),
        ("    - 四", "    - 二", 8, "questions 有重复：二"),
        ("    - 三", "    - 3", 7, "questions 的每一项应是非空文字"),
        ("  answer: 结论。\n", "", 1, "缺少字段 answer"),
        ("  owner: 计量科", "  owner: 计量科\n  owner: 标准科", 15, "owner 写了两次"),
        ("effective_from: null", "effective_from: 明年", 11, "应是日期"),
        ("effective_from: null", "effective_from: 2026-02-30", 11, "effective_from 的值无法识别"),
        ("related: []", "related: [nowhere]", 15, "related 指向不存在的 nowhere"),
        ("  title: 题目", "  title: [题目", 3, "不是合法的 YAML"),
        ("- id: metrology-test", "- 只是一句话\n- id: metrology-test", 1, "应是键值对"),
    ],
)
def test_a_broken_rule_is_named_with_its_line(
    tmp_path: Path, right: str, wrong: str, line: int, rule: str
) -> None:
    assert right in WRITTEN
    (tmp_path / "metrology.yml").write_text(WRITTEN.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        load_entries(tmp_path)
    assert rule in str(caught.value)
    found = re.search(r"metrology\.yml 第 (\d+) 行", str(caught.value))
    assert found is not None
    # An open bracket is noticed only where something follows that cannot be inside it.
    assert line <= int(found.group(1)) <= line + (1 if "YAML" in rule else 0)


@pytest.mark.parametrize(("control", "named"), [("\0", r"U\+0000"), ("\x0b", r"U\+000B")])
def test_a_control_character_is_refused_with_its_line(
    tmp_path: Path, control: str, named: str
) -> None:
    written = WRITTEN.splitlines(keepends=True)
    written[2] = written[2].replace("\n", f"{control}\n")
    (tmp_path / "ip.yml").write_text("".join(written), encoding="utf-8")
    with pytest.raises(ContentError, match=rf"ip\.yml 第 3 行：.*控制字符（{named}）"):
        list(load_entries(tmp_path))


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "ip.yml").write_bytes(WRITTEN.encode("gb18030"))
    with pytest.raises(ContentError, match=r"ip\.yml 第 3 行：不是 UTF-8 编码"):
        load_entries(tmp_path)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "ip.yml").write_text(WRITTEN, encoding="utf-8-sig")
    assert [entry.id for entry in load_entries(tmp_path)] == ["metrology-test"]


def test_a_list_is_wanted_and_an_empty_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "brand.yml").write_text("[]\n", encoding="utf-8")
    assert load_entries(tmp_path) == []
    for emptied in ("", "# nothing yet\n"):
        (tmp_path / "brand.yml").write_text(emptied, encoding="utf-8")
        with pytest.raises(ContentError, match=r"brand\.yml：文件里没有内容"):
            load_entries(tmp_path)
    (tmp_path / "brand.yml").unlink()
    (tmp_path / "ip.yml").write_text("id: metrology-test\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"ip\.yml 第 1 行：最外层应是条目的列表"):
        load_entries(tmp_path)


def test_an_id_used_in_two_files_is_named_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "brand.yml").write_text(WRITTEN, encoding="utf-8")
    (tmp_path / "ip.yml").write_text(WRITTEN, encoding="utf-8")
    with pytest.raises(ContentError, match=r"ip\.yml 第 1 行.*编号已在 brand\.yml 第 1 行"):
        load_entries(tmp_path)


def test_entries_are_in_force_on_their_first_and_last_day() -> None:
    assert OPPOSITION_NOW.in_force(date(2026, 12, 31))
    assert not OPPOSITION_NOW.in_force(date(2027, 1, 1))
    assert not OPPOSITION_NEXT.in_force(date(2026, 12, 31))
    assert OPPOSITION_NEXT.in_force(date(2027, 1, 1))


def test_an_owner_is_one_of_the_departments_listed_beside_the_entries(tmp_path: Path) -> None:
    (tmp_path / "owners.txt").write_text("# 部门\n计量科  # 三楼\n\n", encoding="utf-8")
    (tmp_path / "metrology.yml").write_text(WRITTEN, encoding="utf-8")
    assert [entry.owner for entry in load_entries(tmp_path)] == ["计量科"]

    (tmp_path / "owners.txt").write_text("标准化科\n", encoding="utf-8")
    rule = r"metrology\.yml 第 14 行（metrology-test）：owner 不能是 计量科，部门名单在 owners\.txt"
    with pytest.raises(ContentError, match=rule):
        load_entries(tmp_path)

    (tmp_path / "owners.txt").write_bytes("计量科".encode("gb18030"))
    with pytest.raises(ContentError, match=r"owners\.txt 第 1 行：不是 UTF-8 编码"):
        load_entries(tmp_path)


def test_the_knowledge_base_keeps_its_own_rules() -> None:
    entries = load_entries()
    assert len(entries) >= 80
    assert {entry.category for entry in entries} == set(CATEGORIES)


def test_every_entry_of_the_knowledge_base_is_complete() -> None:
    for entry in load_entries():
        assert entry.detail, entry.id
        assert entry.related, entry.id
        assert entry.id not in entry.related


def test_the_departments_listed_are_those_that_own_entries() -> None:
    assert {entry.owner for entry in load_entries()} == read_names(FAQ_FOLDER / OWNERS_FILE)


def test_every_basis_can_be_looked_up() -> None:
    """It names an article, number, version or official system, or whose word counts."""
    vague = [
        f"{entry.id}：{basis}"
        for entry in load_entries()
        for basis in entry.basis
        if re.fullmatch("(《[^》]*》)+", basis)
    ]
    assert vague == []
