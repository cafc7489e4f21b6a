"""A message of ours as text for a chat that has neither cards nor buttons."""

from __future__ import annotations

import re
from typing import Any

from bot.delivery.channel import Parcel
from bot.wechat.judging import HINT

# Tencent shows these as a link of ours; what a customer said is sometimes said back.
_MARKUP = re.compile(r"<(?=/?a\b)", re.IGNORECASE)
_MOST_FACTS = 3
_MOST_CARDS = 5


def wording(parcel: Parcel, link: str = "") -> str:
    """What the customer reads; empty if there is nothing to say in words.

    ``link`` leads to all of the message, for an answer that has more to say than the chat shows.
    """
    data = parcel.data
    lines = [_safe(parcel.text)]
    faq = data.get("faq") or {}
    if faq.get("basis"):
        lines.append("依据：" + "；".join(_safe(str(each)) for each in faq["basis"]))
    if faq.get("detail") and link:
        lines.append(_linked(link, "详细说明"))
    cards = cards_in(data)
    gap = "\n" if len(cards) > 1 else ""
    lines += [f"{gap}{_card(card)}" for card in cards[:_MOST_CARDS]]
    if len(cards) > _MOST_CARDS:
        lines.append(f"{gap}另有 {len(cards) - _MOST_CARDS} 项没有列出。")
    is_cut = len(cards) > _MOST_CARDS or any(len(_facts(each)) > _MOST_FACTS for each in cards)
    if is_cut and link:
        lines.append(f"{gap}{_linked(link, '查看全部')}")
    if faq and parcel.author == "bot":
        lines.append(HINT)
    if parcel.author == "staff" and parcel.staff:
        lines[0] = f"{parcel.staff.get('name', '')}：{lines[0]}"
    return "\n".join(line for line in lines if line).strip()


def cards_in(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The cards of a message, in order."""
    return [card for card in [data.get("card"), *data.get("items", [])] if card]


def _card(card: dict[str, Any]) -> str:
    mark = "（演示数据）" if card.get("demo") else ""
    title = f"【{card.get('title') or ''}】{mark}"
    facts = (f"{label}：{value}" for label, value in _facts(card)[:_MOST_FACTS])
    return _safe("\n".join([title, *facts]))


def _facts(card: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(label), str(value)) for label, value in card.get("facts") or [] if value]


def _linked(link: str, words: str) -> str:
    return f'<a href="{link}">{words}</a>'


def _safe(text: str) -> str:
    return _MARKUP.sub("＜", text)
