"""Phones, credit codes, certificates, case numbers and days in messages."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.codes import credit_code, wrong_credit_code
from knowledge.entities import find
from knowledge.plain import plain

TODAY = date(2026, 11, 24)


def named(text: str) -> list[tuple[str, str]]:
    """Return types and values."""
    return [(entity.type, entity.value) for entity in find(text, TODAY)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("13800138000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("138 00138000", "13800138000"),
        ("13800 138000", "13800138000"),
        ("1380 0138 000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("+86 13800138000", "13800138000"),
        ("0086-13800138000", "13800138000"),
        ("手机13912345678找王工", "13912345678"),
        ("0571-88881234", "0571-88881234"),
        ("（010）62345678", "010-62345678"),
        ("057188881234", "0571-88881234"),
        ("400-820-8820", "400-820-8820"),
        ("4008208820", "400-820-8820"),
        ("座机88881234", "88881234"),
    ],
)
def test_phones_are_digits_in_one_form(text: str, value: str) -> None:
    assert ("phone", value) in named(text)


@pytest.mark.parametrize(
    "text",
    [
        "138001380001",
        "证书编号231012340001",
        "12800138000",
        "压力 88881234 帕",
        "12315",
        "2026-11-24",
    ],
)
def test_other_digits_are_no_phones(text: str) -> None:
    assert "phone" not in dict(named(text))


@pytest.mark.parametrize(
    "text",
    [
        "91350100M000100Y43",
        "91350100m000100y43",
        "９１３５０１００Ｍ０００１００Ｙ４３",
        "9135 0100 M000 100Y 43",
        "我们的代码是91350100M000100Y43，请登记",
        "9135O1OOMOOO1OOY43",
    ],
)
def test_a_credit_code_is_told_by_its_check_digit(text: str) -> None:
    assert named(text) == [("credit_code", "91350100M000100Y43")]


@pytest.mark.parametrize(
    "text", ["91350100M000100Y44", "91350100M000100Y4", "350100100000123", "11010519491231002X"]
)
def test_what_fails_the_check_is_no_credit_code(text: str) -> None:
    assert credit_code(text) is None
    assert named(text) == []


def test_a_mistyped_credit_code_is_noticed() -> None:
    assert wrong_credit_code(plain("代码91350100M000100Y44")) == "91350100M000100Y44"
    assert wrong_credit_code(plain("代码91350100M000100Y43")) is None
    assert wrong_credit_code(plain("电话13800138000")) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CCC证书2023010914567890还有效吗", "CCC 2023010914567890"),
        ("查一下3C 编号 2023 01 0914 567890", "CCC 2023010914567890"),
        ("CMA证书编号231012340001", "CMA 231012340001"),
        ("资质认定 231012340001 是真的吗", "CMA 231012340001"),
        ("CNAS L1234", "CNAS L1234"),
        ("cnas l12345的附表", "CNAS L12345"),
        ("CNAS IB0123", "CNAS IB0123"),
        ("认证证书00124Q34567R0M", "00124Q34567R0M"),
        ("00124E30123R1S-1 能查吗", "00124E30123R1S-1"),
        ("ZL200310102344.5", "ZL200310102344.5"),
        ("zl 200310102344.5", "ZL200310102344.5"),
        ("ZL200310102344", "ZL200310102344.5"),
        ("专利申请号200310102344.5", "CN200310102344.5"),
        ("商标注册号12345678", "商标 12345678"),
        ("第9类12345678号商标", "商标 12345678"),
        ("商标号：G1234567", "商标 G1234567"),
        ("SC10633010200123", "SC10633010200123"),
        ("sc 10633010200123", "SC10633010200123"),
        ("XK06-001-00015", "XK06-001-00015"),
        ("（浙）XK06-001-00015", "XK06-001-00015"),
        ("TS2733012-2025", "TS2733012-2025"),
        ("TS2710A12-2027", "TS2710A12-2027"),
        ("注册号110103001000015", "注册号 110103001000015"),
        ("GR202433000001", "GR202433000001"),
        ("国械注准20173401234", "国械注准20173401234"),
        ("浙杭械备20180001号", "浙杭械备20180001"),
    ],
)
def test_certificates_carry_their_kind(text: str, value: str) -> None:
    found = dict(named(text))
    assert found["certificate_number"] == value


@pytest.mark.parametrize(
    "text",
    [
        "卡号6222020914567890",
        "订单231012340001",
        "ZL200310102344.6",
        "200310102344.6",
        "商标注册20261124",
        "商标30000元",
        "注册商标2个",
        "净重12345678.5",
        "L1234车床",
        "注册号110103001000016",
        "SC9001",
        "二维码2023010914567890",
    ],
)
def test_other_numbers_are_no_certificates(text: str) -> None:
    assert "certificate_number" not in dict(named(text))


@pytest.mark.parametrize(
    "text", ["YZ-20261124-0007", "yz202611240007", "工单YZ 20261124 0007", "ＹＺ—20261124—0007"]
)
def test_case_numbers_come_out_as_issued(text: str) -> None:
    assert named(text) == [("case_number", "YZ-20261124-0007")]


def test_days_are_found_only_where_the_day_of_asking_is_known() -> None:
    text = "下周三上午来校准20把卡尺"
    assert named(text)[0] == ("date", "2026-12-02 上午")
    assert "date" not in {entity.type for entity in find(text)}


def test_a_long_message_gives_everything_once() -> None:
    text = (
        "我是云州恒力阀门有限公司，91350100M000100Y43，12月2日上午校准20把游标卡尺，电话13800138000"
    )
    assert named(text) == [
        ("company", "云州恒力阀门有限公司"),
        ("credit_code", "91350100M000100Y43"),
        ("date", "2026-12-02 上午"),
        ("quantity", "20 把"),
        ("instrument", "游标卡尺"),
        ("phone", "13800138000"),
    ]


def test_entities_do_not_depend_on_where_words_are_cut() -> None:
    for text in ("这压力表检", "压力表", "新压力表多", "用压力表呢", "的压力表压力"):
        assert ("instrument", "一般压力表") in named(text), text
