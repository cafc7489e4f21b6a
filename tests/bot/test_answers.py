"""What a customer's words mean inside a form."""

from __future__ import annotations

from datetime import date

import pytest

from bot.cases import answers, form

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "need", "quantity"),
    [
        ("我要校准 20 把游标卡尺", "校准游标卡尺", "20 把"),
        ("我想约压力表检定，20块", "压力表检定", "20 块"),
        ("麻烦安排人来校准三台天平", "校准天平", "3 台"),
        ("有一批LED灯要做EMC测试", "有一批LED灯要做EMC测试", None),
        (
            "帮我约压力表检定20块，下周三上午上门，联系人王工13900002222，单位云州泵业有限公司",
            "压力表检定",
            "20 块",
        ),
        ("帮我提交一个需求", None, None),
        ("开个工单", None, None),
        ("陈工 13900001234", None, None),
        ("联系人王丽，电话 13900001234", None, None),
    ],
)
def test_the_need_is_what_remains_of_an_opening(
    text: str, need: str | None, quantity: str | None
) -> None:
    assert (answers.need_in(text), answers.quantity_in(text)) == (need, quantity)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("下周三上午吧", "12 月 2 日（周三）上午"),
        ("周一", "11 月 30 日（周一）"),
        ("12月2日", "12 月 2 日（周三）"),
        ("1月5号", "1 月 5 日（周二）"),
        ("明天下午3点", "11 月 25 日（周三） 15:00"),
        ("尽快", "尽快"),
        ("三天内", "三天内"),
        ("月底", "11 月 30 日（周一）"),
        ("上午就行", "上午就行"),
        ("都可以", "any"),
        ("嗯嗯", None),
        ("2月30日", None),
    ],
)
def test_times_are_understood(text: str, shown: str | None) -> None:
    assert answers.time_in(text, TUESDAY) == shown


@pytest.mark.parametrize(
    ("text", "contact", "phone"),
    [
        ("陈工 13900001234", "陈工", "13900001234"),
        ("王丽丽，139 0000 1234", "王丽丽", "13900001234"),
        ("我叫张伟 电话 0571-88886666", "张伟", "057188886666"),
        ("13900001234", None, "13900001234"),
        ("联系人李经理，手机 13900001234", "李经理", "13900001234"),
        ("1390000123", None, None),
    ],
)
def test_contacts_are_understood(text: str, contact: str | None, phone: str | None) -> None:
    assert (answers.contact_in(text), answers.phone_in(text)) == (contact, phone)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("数量改成 25", {"case_quantity": "25 把"}),
        ("不是20把，是25把", {"case_quantity": "25 把"}),
        ("电话改成 13900005678", {"case_phone": "13900005678"}),
        ("时间改到下周四下午", {"case_time": "12 月 3 日（周四）下午"}),
        ("改成送检", {"case_mode": "delivery"}),
        ("单位是云州泵业有限公司", {"case_company": "云州泵业有限公司"}),
        ("联系人改成李工", {"case_contact": "李工"}),
        ("数量能改成 25 吗", {}),
        ("提交", {}),
    ],
)
def test_corrections_name_what_they_change(text: str, changed: dict[str, str]) -> None:
    assert answers.corrections_in(text, TUESDAY, "20 把") == changed


@pytest.mark.parametrize("text", ["提交", "好的提交吧", "对，没问题", "确认", "ok", "行，就这样"])
def test_a_yes_is_a_yes(text: str) -> None:
    assert answers.agrees(text)


@pytest.mark.parametrize("text", ["不对", "改一下", "没有", "数量不对", "提交之前问一下多少钱"])
def test_what_is_not_a_yes_is_none(text: str) -> None:
    assert not answers.agrees(text)


@pytest.mark.parametrize("text", ["先不办了", "算了", "取消", "不用了，谢谢"])
def test_breaking_off_is_noticed(text: str) -> None:
    assert answers.wants_to_stop(text)
    assert not answers.wants_to_stop("能取消吗")


def test_the_form_asks_only_what_matters() -> None:
    need = {"case_need": "企业标准编写咨询", "case_category": "standards"}
    assert form.missing(need) == ["case_phone", "case_contact", "case_confirmed"]
    work = {"case_need": "校准游标卡尺", "case_category": "metrology"}
    assert form.missing(work)[0] == "case_mode"
    assert form.missing({**work, "case_mode": "onsite"})[0] == "case_time"
    assert form.missing({**work, "case_mode": "delivery"})[0] == "case_phone"


def test_one_message_may_fill_everything() -> None:
    text = "下周三上午上门校准 20 把游标卡尺，陈工 13900001234"
    read = form.read_opening(text, "metrology", TUESDAY)
    assert form.missing(read.values) == ["case_confirmed"]


def test_a_correction_at_the_end_asks_for_the_summary_again() -> None:
    slots = {"case_quantity": "20 把"}
    read = form.read_answer("case_confirmed", "数量改成 25", None, slots, TUESDAY)
    assert read.values == {"case_quantity": "25 把", "case_confirmed": None}
    assert read.say == "utter_case_corrected"


def test_an_answer_that_says_nothing_is_asked_again() -> None:
    read = form.read_answer("case_phone", "我的电话", None, {}, TUESDAY)
    assert read.values == {"case_phone": None}
    assert read.say == "utter_phone_wrong"


def test_a_company_is_named_without_the_word_before_it() -> None:
    for text in ("单位云州泵业有限公司", "我们是云州泵业有限公司", "单位名称是云州泵业有限公司"):
        assert answers.company_in(text) == "云州泵业有限公司"


def test_what_is_told_beyond_the_question_is_kept() -> None:
    slots = {"case_need": "校准游标卡尺", "case_category": "metrology"}
    read = form.read_answer("case_mode", "现场，下周三上午", None, slots, TUESDAY)
    assert read.values == {"case_mode": "onsite", "case_time": "12 月 2 日（周三）上午"}
    read = form.read_answer("case_time", "陈工 13812345678", None, slots, TUESDAY)
    assert read.values == {
        "case_contact": "陈工",
        "case_phone": "13812345678",
        "case_time": None,
    }
    assert read.say is None


def test_what_is_known_is_not_overwritten_by_a_by_the_way() -> None:
    slots = {"case_need": "校准", "case_mode": "delivery", "case_quantity": "20 把"}
    read = form.read_answer("case_phone", "现场 3 台，13812345678", None, slots, TUESDAY)
    assert read.values == {"case_phone": "13812345678"}
