"""Cards, details and choices in the words of a chat."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.delivery.channel import Parcel
from bot.wechat.choices import Choice, options_in
from bot.wechat.judging import HINT
from bot.wechat.planner import numbered
from bot.wechat.wording import wording

LINK = "https://platform.example/wechat/messages/1"


def parcel(text: str = "找到 2 家：", **data: Any) -> Parcel:
    """One message of the bot."""
    return Parcel("1", 1, "bot", "text", text, data, 0, 0, False, None, datetime.now(UTC))


def card(title: str, **more: Any) -> dict[str, Any]:
    """A card of an institution."""
    action = {"title": "请它报价", "payload": f"/open_case{title}"}
    facts = [["能力项", "压力表"], ["资质", ""], ["地区", "云州市"], ["电话", "1"], ["网址", "2"]]
    return {"title": title, "facts": facts, "action": action, **more}


def test_cards_stand_apart_with_three_facts_each() -> None:
    said = wording(parcel(items=[card("甲站", demo=True), card("乙所")]))
    facts = "能力项：压力表\n地区：云州市\n电话：1"
    assert said == f"找到 2 家：\n\n【甲站】（演示数据）\n{facts}\n\n【乙所】\n{facts}"


def test_more_cards_than_a_chat_bears_are_counted() -> None:
    said = wording(parcel(items=[card(f"第 {number} 家") for number in range(7)]))
    assert said.count("【") == 5
    assert said.endswith("另有 2 项没有列出。")


def test_what_is_cut_off_is_behind_a_link() -> None:
    link = f'<a href="{LINK}">查看全部</a>'
    many = parcel(items=[card(f"第 {number} 家", facts=[]) for number in range(7)])
    assert wording(many, LINK).endswith(f"另有 2 项没有列出。\n\n{link}")
    assert wording(parcel(items=[card("甲站")]), LINK).endswith(f"电话：1\n{link}")


def test_no_link_is_given_where_everything_is_shown() -> None:
    shown = card(
        "甲站", facts=[["能力项", "压力表"], ["资质", ""], ["地区", "云州市"], ["电话", "1"]]
    )
    assert "<a" not in wording(parcel(items=[shown]), LINK)
    assert "<a" not in wording(parcel(items=[card("甲站")]))


def test_details_of_an_answer_are_behind_a_link() -> None:
    faq = {"basis": ["JJG 52-2013"], "detail": "先分用途。"}
    link = f'<a href="{LINK}">详细说明</a>'
    assert wording(parcel("半年。", faq=faq), LINK) == (
        f"半年。\n依据：JJG 52-2013\n{link}\n{HINT}"
    )
    assert wording(parcel("半年。", faq=faq)) == f"半年。\n依据：JJG 52-2013\n{HINT}"
    assert wording(parcel("半年。", faq={**faq, "detail": ""}), LINK) == (
        f"半年。\n依据：JJG 52-2013\n{HINT}"
    )


def test_a_link_that_somebody_wrote_is_shown_as_it_stands() -> None:
    said = wording(parcel('<a href="https://evil.example">领奖</a>'))
    assert "<a" not in said
    assert "evil.example" in said


def test_an_act_names_its_card_only_among_several() -> None:
    assert options_in({"card": card("甲站")}) == [("请它报价", "/open_case甲站")]
    assert options_in({"items": [card("甲站"), card("乙所")]}) == [
        ("请它报价：甲站", "/open_case甲站"),
        ("请它报价：乙所", "/open_case乙所"),
    ]


def test_numbers_stand_apart_from_a_text_of_several_lines() -> None:
    choices = [Choice(7, 1, "甲"), Choice(8, 2, "乙")]
    assert numbered("选哪个？", choices) == "选哪个？\n回复数字选择：\n1. 甲\n2. 乙"
    assert numbered("一\n二", choices) == "一\n二\n\n回复数字选择：\n1. 甲\n2. 乙"
