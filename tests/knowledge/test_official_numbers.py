"""Orders, notices and letters, however their numbers are written."""

from __future__ import annotations

import pytest

from knowledge.entities import find as entities_in
from knowledge.official_numbers import find, normalize


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("总局令第121号", "国家市场监督管理总局令第121号"),
        ("市场监管总局令第61号", "国家市场监督管理总局令第61号"),
        ("国家市场监督管理总局第83号令", "国家市场监督管理总局令第83号"),
        ("121号令", "国家市场监督管理总局令第121号"),
        ("质检总局163号令", "国家质检总局令第163号"),
        ("国务院令第390号", "国务院令第390号"),
        ("2020年第42号公告", "市场监管总局公告2020年第42号"),
        ("总局公告2020年第42号", "市场监管总局公告2020年第42号"),
        ("国家认监委公告（2025年）第16号", "国家认监委公告2025年第16号"),
        ("国标委联[2019]1号", "国标委联〔2019〕1号"),
        ("工信部企业〔2026〕2号", "工信部企业〔2026〕2号"),
    ],
)
def test_a_number_becomes_the_form_of_citation(said: str, value: str) -> None:
    (found,) = find(f"请问{said}还有效吗")
    assert (found.text, found.value) == (said, value)
    assert normalize(value) == value


@pytest.mark.parametrize("text", ["5号楼", "下月5号", "第3号公告栏", "注册号", "公告", "令人满意"])
def test_other_numbers_are_none(text: str) -> None:
    assert find(text) == []


def test_it_is_looked_up_like_a_standard() -> None:
    (entity,) = entities_in("2020年第42号公告里有没有水表")[:1]
    assert (entity.type, entity.value) == ("standard_number", "市场监管总局公告2020年第42号")
