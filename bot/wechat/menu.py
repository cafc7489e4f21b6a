"""The account's own menu: what it shows, and what a customer says by pressing it."""

from __future__ import annotations

from typing import Any

_ASKS = {
    "找机构": ("MENU_INSTITUTION", "帮我找个机构"),
    "查标准": ("MENU_STANDARD", "查一个标准"),
    "服务站": ("MENU_STATION", "附近有服务站吗"),
    "提交需求": ("MENU_OPEN_CASE", "我要提交需求"),
    "查进度": ("MENU_CASE_STATUS", "查工单进度"),
    "绑定企业": ("MENU_BINDING", "我的绑定"),
    "人工服务": ("MENU_HUMAN", "转人工"),
}

# What pressing an item stands for, in words that anybody could have typed.
SAID_BY_MENU = dict(_ASKS.values())


def menu() -> dict[str, Any]:
    """The body of ``menu/create``: three entries, the first two with three below each."""

    def item(name: str) -> dict[str, str]:
        return {"type": "click", "name": name, "key": _ASKS[name][0]}

    return {
        "button": [
            {"name": "查一查", "sub_button": [item("找机构"), item("查标准"), item("服务站")]},
            {"name": "办业务", "sub_button": [item("提交需求"), item("查进度"), item("绑定企业")]},
            item("人工服务"),
        ]
    }
