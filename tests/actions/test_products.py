"""CCC products, counterparts and comings of standards as the bot tells them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actions.context import Context
from actions.instruments import FindInstrument
from actions.products import asks_about_catalogue
from actions.questions import AnswerQuestion
from actions.standards import LookUpStandard
from knowledge import entities
from tests.actions.acting import Done, do, heard


def asked(text: str) -> Done:
    named = {each.type: each.value for each in reversed(entities.find(text))}
    tracker = heard(text, "ask_certification", entities=named, category="certification")
    return do(AnswerQuestion(), tracker)


@pytest.mark.parametrize(
    ("text", "response", "product"),
    [
        ("充电宝要做3C吗", "utter_product_certified", "移动电源（充电宝）"),
        ("智能马桶要不要强制认证", "utter_product_certified", "电子坐便器"),
        ("电动自行车头盔需要CCC吗", "utter_product_certified", "电动自行车乘员头盔"),
        ("配电柜走自我声明还是发证", "utter_product_declared", "低压成套开关设备"),
        ("功放还要3C吗", "utter_product_released", "音频功率放大器"),
    ],
)
def test_a_listed_product_is_told_by_its_way(
    resources: Context, text: str, response: str, product: str
) -> None:
    [message] = asked(text).messages
    assert (message["response"], message["product"]) == (response, product)
    facts = dict(message["custom"]["card"]["facts"])
    assert facts["CCC 方式"]
    assert facts["依据"]


def test_a_power_bank_names_its_standards_by_the_day(resources: Context) -> None:
    [message] = asked("充电宝要做3C吗").messages
    assert "GB 31241-2022" in message["standards"]
    assert "GB 47372-2026 自 2027 年 4 月 1 日起实施" in message["standards"]
    resources.clock = lambda: datetime(2027, 4, 1, 1, tzinfo=UTC)
    [message] = asked("充电宝要做3C吗").messages
    assert "GB 47372-2026" in message["standards"]
    assert "起实施" not in message["standards"]


@pytest.mark.parametrize("text", ["手机壳要3C吗", "汽车脚垫要做3C吗", "冰箱的门封条要3C吗"])
def test_a_thing_beside_a_listed_product_is_not_taken_for_it(resources: Context, text: str) -> None:
    assert not any("product" in response for response in asked(text).responses)


def test_a_product_that_is_not_listed_is_not_called_free(resources: Context) -> None:
    assert not any("product" in response for response in asked("阀门要不要做3C").responses)


def test_only_questions_whether_ask_the_catalogue() -> None:
    assert asks_about_catalogue("充电宝要不要做3C")
    assert asks_about_catalogue("电焊机走自我声明吗")
    assert not asks_about_catalogue("充电宝检测哪里做")
    assert not asks_about_catalogue("3C证书怎么查")
    assert not asks_about_catalogue("我要做充电宝3C认证，流程是什么")


@pytest.mark.parametrize(
    ("text", "national"),
    [
        ("ISO 14001 对应哪个国标", "GB/T 24001-2016"),
        ("ISO 9001:2015 国标是哪个", "GB/T 19001-2016"),
        ("iso17025 对应的国家标准", "GB/T 27025-2019"),
        ("IEC 60335-1 对应国标", "GB 4706.1-2024"),
    ],
)
def test_an_international_standard_names_its_counterpart(
    resources: Context, text: str, national: str
) -> None:
    [message] = do(LookUpStandard(), heard(text, "lookup_standard")).messages
    assert message["response"] == "utter_standard_counterpart"
    assert message["national"].startswith(national)


def test_a_replaced_standard_names_what_replaced_it(resources: Context) -> None:
    for text, successor in (
        ("GB 4706.1-2005 被什么代替了", "GB 4706.1-2024"),
        ("GB/T 26125 还有效吗", "GB/T 39560.1"),
    ):
        [message] = do(LookUpStandard(), heard(text, "lookup_standard")).messages
        assert message["successor"].startswith(successor)


def test_a_standard_comes_into_force_on_its_day(resources: Context) -> None:
    tracker = heard("GB 7718 现在用哪版", "lookup_standard")
    [message] = do(LookUpStandard(), tracker).messages
    assert message["number"] == "GB 7718-2011"
    assert "GB 7718-2025 自 2027 年 3 月 16 日起实施" in message["more"]
    resources.clock = lambda: datetime(2027, 3, 15, 16, tzinfo=UTC)  # midnight in China
    [message] = do(LookUpStandard(), tracker).messages
    assert message["number"] == "GB 7718-2025"
    assert "GB 7718-2011（被代替）" in message["more"]


def test_what_is_in_doubt_is_said_to_be(resources: Context) -> None:
    [message] = do(FindInstrument(), heard("验光仪检定周期", "find_instrument")).messages
    assert message["caution"]
    [message] = do(FindInstrument(), heard("额温枪要强检吗", "find_instrument")).messages
    assert message["response"] == "utter_instrument_unsure"
    # What is settled but for its wording is said with the caution, and without our own mark.
    [message] = do(FindInstrument(), heard("数字压力计要强检吗", "find_instrument")).messages
    assert message["caution"]
    assert "待核" not in message["condition"]
    assert "待核" not in str(message["custom"]["card"]["facts"])
