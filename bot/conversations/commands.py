"""What a customer may write instead of pressing a button, while waiting or served by a person."""

from __future__ import annotations

import re
from enum import StrEnum

_END = re.compile(
    r"结束(?:吧|了)?|(?:结束|退出|停止)(?:本次|这次)?(?:人工)?(?:服务|对话|会话|咨询|聊天|排队|人工)"
    r"|(?:取消|不要|不用)(?:排队|转人工|人工)(?:了)?|不排了|不排队了|不等了"
    r"|(?:返回|回到|转回|切回|换回)(?:智能)?(?:机器人|助手)"
)
_LEAVE = re.compile(r"(?:我要|我想|改为|改成)?留言(?:吧)?")
_AROUND = "。.!！~～ \t\n“”\"'"


class Command(StrEnum):
    """What is wanted."""

    END = "end"
    LEAVE_MESSAGE = "leave_message"


def command_in(text: str) -> Command | None:
    """The command that a message is, and is nothing else than; None for any other words.

    “结束” and its like; a sentence in which the word only occurs (“合同结束了怎么办”) is none.
    """
    words = text.strip(_AROUND)
    if _END.fullmatch(words):
        return Command.END
    if _LEAVE.fullmatch(words):
        return Command.LEAVE_MESSAGE
    return None
