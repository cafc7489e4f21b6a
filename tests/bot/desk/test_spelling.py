"""Finding phrases by short-cut, initials, sound or words; and personal data out of answers."""

from __future__ import annotations

import pytest

from bot.desk.masking import masked
from bot.desk.picking import MOST, Offer, pick
from bot.desk.spelling import match
from bot.desk.variables import filled
from tests.fakes import FakeClock

TITLE = "压力表的检定周期"


@pytest.mark.parametrize(
    "asked", ["ylb", "YLB", "jdzq", "压力表", "检定周期", "压力表 周期", "yalibiao", "ｙｌｂ"]
)
def test_phrase_is_found_by_initials_sound_or_words(asked: str) -> None:
    assert match(asked, "", TITLE) > 0


@pytest.mark.parametrize("asked", ["", " ", "水表", "sb", "压力表 水表", "zzzz", "%", "\\"])
def test_phrase_that_does_not_fit_is_not_found(asked: str) -> None:
    assert match(asked, "", TITLE) == 0


def test_short_cut_comes_before_title_and_initials() -> None:
    scores = [
        match("yl", shortcut, title)
        for shortcut, title in [
            ("yl", "开场"),
            ("yld", "开场"),
            ("", "yl 开头"),
            ("", "压力表"),
            ("", "测压力"),
        ]
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_character_with_two_sounds_is_found_by_either() -> None:
    # 校 is read jiao (as in 校准) or xiao (as in 学校).
    assert match("jz", "", "校准周期") > 0
    assert match("xz", "", "校准周期") > 0


def test_what_is_used_often_comes_first_among_equals(clock: FakeClock) -> None:
    offers = [Offer(f"canned:{number}", "own", "", f"压力表 {number}", "…") for number in range(30)]
    assert pick("ylb", offers, {"canned:7": (3, clock())})[0].key == "canned:7"
    assert len(pick("ylb", offers, {})) == MOST


def test_nothing_typed_offers_phrases_and_what_was_used_last(clock: FakeClock) -> None:
    entries = [Offer(f"faq:{number}", "faq", "", "知识", "…") for number in range(3)]
    offers = [*entries, Offer("canned:1", "own", "nh", "问好", "您好")]
    found = pick("", offers, {"faq:2": (1, clock())})
    assert [each.key for each in found] == ["faq:2", "canned:1"]


def test_variables_are_filled_and_unknown_ones_stay_for_a_person() -> None:
    text = "{客户姓名}您好，工号 ｛工号｝ 为您服务，{平台名称}。{"
    told = filled(text, {"工号": "11", "平台名称": "云州平台"})
    assert told == "{客户姓名}您好，工号 11 为您服务，云州平台。{"
    assert filled("{工号}", {"工号": "{姓名}", "姓名": "爱丽丝"}) == "{姓名}"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("我是李明，电话 13812341234", "13812341234"),
        ("打 138 1234 1234 找我", "1234 1234"),
        ("座机 0576-88881234", "88881234"),
        ("陈工您好", "陈工"),
        ("请联系王主任", "王主任"),
        ("我叫张三丰。", "张三丰"),
        ("云州市恒泰泵业有限公司的报告", "恒泰泵业"),
        ("邮箱 a.b@example.com 收", "a.b@example.com"),
        ("代码 91330000MA27ABCD1X", "91330000MA27ABCD1X"),
        ("身份证 33010019900101001X", "33010019900101001X"),
        ("微信号：wang_12345", "wang_12345"),
        ("工单 YZ-20261124-0007", "YZ-20261124-0007"),
    ],
)
def test_personal_data_is_masked(text: str, secret: str) -> None:
    assert secret not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "压力表的检定周期一般不超过 6 个月，依据 JJG 52-2013。",
        "王工程师的资格证", "施工单位要做成品检验", "GB/T 19001-2016 现行有效",
    ],
)  # fmt: skip
def test_what_is_no_personal_data_stays(text: str) -> None:
    assert masked(text) == text
