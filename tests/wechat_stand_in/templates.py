"""The templates of the demo's account, which the platform fills as ``notices.yml`` says."""

from __future__ import annotations

from pathlib import Path

from tests.wechat_stand_in.tencent import Template

NOTICES = Path(__file__).with_name("notices.yml")
TEMPLATES = {
    "DEMO-PROGRESS": Template(
        "工单进度通知",
        {
            "character_string1": "工单编号",
            "thing2": "办理事项",
            "phrase3": "当前进度",
            "time4": "更新时间",
        },
    ),
    "DEMO-DUE": Template(
        "工单到期提醒",
        {"character_string1": "工单编号", "thing2": "办理事项", "time3": "最晚答复"},
    ),
}
