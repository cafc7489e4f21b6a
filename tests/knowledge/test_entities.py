"""What a message names."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.entities import find


def named(text: str) -> list[tuple[str, str]]:
    """Return types and values."""
    return [(entity.type, entity.value) for entity in find(text)]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("我要校准20把游标卡尺", [("quantity", "20 把"), ("instrument", "游标卡尺")]),
        ("二十把", [("quantity", "20 把")]),
        ("一千二百三十台", [("quantity", "1230 台")]),
        ("两台电子秤", [("quantity", "2 台"), ("instrument", "电子秤")]),
        ("台州哪里能测塑料粒子", [("region", "台州市"), ("product", "塑料粒子")]),
        ("工单yt202611240003", [("case_number", "YT-20261124-0003")]),
        ("YZ-20261124-0007到哪一步了", [("case_number", "YZ-20261124-0007")]),
        ("电话138-0013-8000", [("phone", "13800138000")]),
        ("+86 13800138000", [("phone", "13800138000")]),
        ("0571-88881234", [("phone", "0571-88881234")]),
        ("充电宝要做 3C 吗", [("product", "移动电源（充电宝）")]),
        ("我們廠的電子秤要強檢嗎", [("instrument", "电子秤")]),
        ("gbt19001 用哪一版", [("standard_number", "GB/T 19001")]),
        ("我是云州市恒力阀门有限公司的", [("company", "云州市恒力阀门有限公司")]),
        ("单位：云州三江检测有限公司", [("company", "云州三江检测有限公司")]),
        ("永兴阀门厂", [("company", "永兴阀门厂")]),
    ],
)
def test_names_are_found_in_normal_form(text: str, meant: list[tuple[str, str]]) -> None:
    assert named(text) == meant


@pytest.mark.parametrize(
    "text", ["3个月以内吗", "找一个机构", "第3条规定", "5个工作日", "我有2个问题", "10块钱"]
)
def test_counted_time_and_articles_are_no_quantities(text: str) -> None:
    assert "quantity" not in dict(named(text))


@pytest.mark.parametrize(
    "text", ["注册有限公司", "我们是食品厂", "开个小型加工厂", "请问出厂检验怎么做", "我们厂的秤"]
)
def test_kinds_of_companies_are_no_company_names(text: str) -> None:
    assert "company" not in dict(named(text))


def test_a_mobile_phone_number_is_no_mobile_phone() -> None:
    assert named("手机号13912345678") == [("phone", "13912345678")]


def test_the_place_in_a_company_name_is_no_region() -> None:
    assert [kind for kind, _ in named("杭州恒力水泵有限公司")] == ["company"]


def test_latin_names_are_found_only_as_whole_words() -> None:
    assert named("HPLC要校准") == [("instrument", "液相色谱仪")]
    assert named("XHPLCX要校准") == []


@given(st.text(max_size=60))
def test_entities_never_overlap_and_lie_where_they_say(text: str) -> None:
    found = find(text)
    for entity in found:
        assert text[entity.start : entity.end] == entity.text
    for before, after in pairwise(found):
        assert before.end <= after.start
