"""Days and times, seen from Tuesday, 24 November 2026."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.times import find

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("今天", "2026-11-24"),
        ("明天", "2026-11-25"),
        ("明日上午", "2026-11-25 上午"),
        ("后天下午3点", "2026-11-26T15:00"),
        ("大后天", "2026-11-27"),
        ("昨天", "2026-11-23"),
        ("明早9点", "2026-11-25T09:00"),
        ("明天下午两点半", "2026-11-25T14:30"),
        ("明天10:30", "2026-11-25T10:30"),
        ("周三", "2026-11-25"),
        ("周一", "2026-11-30"),
        ("本周五", "2026-11-27"),
        ("下周三上午", "2026-12-02 上午"),
        ("下下周一", "2026-12-07"),
        ("下个星期天", "2026-12-06"),
        ("礼拜四下午", "2026-11-26 下午"),
        ("上周三", "2026-11-18"),
        ("周末", "2026-11-28/2026-11-29"),
        ("下周", "2026-11-30/2026-12-06"),
        ("下周五之前", "../2026-12-04"),
        ("12月2日", "2026-12-02"),
        ("12月2号下午", "2026-12-02 下午"),
        ("十二月二日", "2026-12-02"),
        ("十二月二十五号", "2026-12-25"),
        ("３月１５日", "2027-03-15"),
        ("11月24日", "2026-11-24"),
        ("明年3月15日", "2027-03-15"),
        ("2027年1月1日", "2027-01-01"),
        ("2026-12-05", "2026-12-05"),
        ("2026/12/5", "2026-12-05"),
        ("2026.12.05", "2026-12-05"),
        ("下个月5号", "2026-12-05"),
        ("本月30日", "2026-11-30"),
        ("28号上午", "2026-11-28 上午"),
        ("5号", "2026-12-05"),
        ("月底前", "../2026-11-30"),
        ("月底", "2026-11-30"),
        ("12月底", "2026-12-31"),
        ("下月初", "2026-12-01/2026-12-10"),
        ("12月中旬", "2026-12-11/2026-12-20"),
        ("下个月", "2026-12-01/2026-12-31"),
        ("3月份", "2027-03-01/2027-03-31"),
        ("年底前", "../2026-12-31"),
        ("三天内", "../2026-11-27"),
        ("两周后", "2026-12-08"),
        ("3个月内", "../2027-02-24"),
        ("下午3点", "2026-11-24T15:00"),
    ],
)
def test_a_day_is_resolved_from_the_given_one(said: str, value: str) -> None:
    (found,) = find(f"想{said}，可以吗", TODAY)
    assert (found.text, found.value) == (said, value)


@pytest.mark.parametrize(
    "text",
    [
        "每周三都检",
        "一周一次",
        "3个月",
        "我有3点建议",
        "5号楼",
        "45号钢",
        "总局令第20号",
        "公告2020年第42号",
        "GB/T 19001-2016",
        "电话13800138000",
        "8481.80",
        "13月2日",
        "2月30日",
        "YZ-20261124-0007",
        "年检多久一次",
        "受理后60日内",
        "M12螺栓",
        "月饼生产",
    ],
)
def test_what_names_no_day_is_none(text: str) -> None:
    assert find(text, TODAY) == []


def test_two_times_in_one_message_are_both_found() -> None:
    found = find("明天或者下周二下午3点半都行", TODAY)
    assert [each.value for each in found] == ["2026-11-25", "2026-12-01T15:30"]
    assert found[1].at == time(15, 30)
    assert found[1].part == "下午"


def test_the_end_of_a_short_month_is_its_last_day() -> None:
    assert find("一个月后", date(2027, 1, 31))[0].value == "2027-02-28"
    assert find("月底", date(2028, 2, 1))[0].value == "2028-02-29"
    assert find("31号前", date(2026, 11, 24))[0].value == "../2026-12-31"


@given(st.text(max_size=60), st.dates(date(2020, 1, 1), date(2090, 1, 1)))
def test_any_text_is_read_without_failing(text: str, today: date) -> None:
    for found in find(text, today):
        assert text[found.start : found.end] == found.text
        assert found.first <= found.last
