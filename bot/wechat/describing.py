"""What staff read in place of what is no text."""

from __future__ import annotations

from bot.conversations.ledger import cleaned
from bot.wechat.messages import Callback, Link, Media, Place

NAMES = {"image": "图片", "voice": "语音", "video": "视频", "file": "文件"}


def described(callback: Callback) -> tuple[str, dict[str, object]]:
    """The words, and what a page may show beside them."""
    content = callback.content
    match content:
        case Media():
            name = NAMES.get(content.kind, "文件")
            label = f"{name}：{cleaned(content.title)[:100]}" if content.title else f"［{name}］"
            return label, {"media": {"kind": content.kind, "media_id": content.media_id}}
        case Place():
            label = cleaned(content.label)[:100] or f"{content.latitude},{content.longitude}"
            place = {"latitude": content.latitude, "longitude": content.longitude}
            return f"位置：{label}", {"place": {**place, "label": label}}
        case Link():
            title = cleaned(content.title)[:100] or "网页"
            # The address is a stranger's: shown as text, never opened by us.
            return f"链接：{title} {cleaned(content.url)[:500]}".strip(), {}
        case _:
            return "［无法显示的消息］", {}
