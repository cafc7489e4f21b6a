"""A message of ours as text for a chat that has neither cards nor buttons."""

from __future__ import annotations

import re
from typing import Any

from bot.delivery.channel import Parcel

# Tencent shows these as a link of ours; what a customer said is sometimes said back.
_MARKUP = re.compile(r"<(?=/?a\b)", re.IGNORECASE)
_MOST_FACTS = 3
_MOST_CARDS = 5


def wording(parcel: Parcel) -> str:
    """What the customer reads; empty if there is nothing to say in words."""
    data = parcel.data
    lines = [_safe(parcel.text)]
    faq = data.get("faq") or {}
    if faq.get("basis"):
        lines.append("依据：" + "；".join(_safe(str(each)) for each in faq["basis"]))
    cards = [card for card in [data.get("card"), *data.get("items", [])] if card]
    lines += [_card(card) for card in cards[:_MOST_CARDS]]
    if len(cards) > _MOST_CARDS:
        lines.append(f"另有 {len(cards) - _MOST_CARDS} 项没有列出。")
    if parcel.author == "staff" and parcel.staff:
        lines[0] = f"{parcel.staff.get('name', '')}：{lines[0]}"
    return "\n".join(line for line in lines if line).strip()


def is_notice(parcel: Parcel) -> bool:
    """Whether it only says how things stand, and may wait for something that matters."""
    return parcel.author == "system" and parcel.kind == "event"


def _card(card: dict[str, Any]) -> str:
    facts = [(str(label), str(value)) for label, value in card.get("facts") or [] if value]
    shown = "；".join(f"{label}：{value}" for label, value in facts[:_MOST_FACTS])
    title = str(card.get("title") or "")
    mark = "（演示数据）" if card.get("demo") else ""
    return _safe(f"· {title}{mark}" + (f"\n  {shown}" if shown else ""))


def _safe(text: str) -> str:
    return _MARKUP.sub("＜", text)
