"""What a customer writes to be bound to an enterprise, or to be so no more."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from bot.enterprises.codes import TOKEN

_BIND = re.compile(
    rf"(?:绑定(?:企业|公司|单位)?|绑定码)[\s:：是为]*(?P<secret>\d[\d\s-]{{2,10}}\d|{TOKEN.pattern})"
)
_HOW = re.compile(r"(?:我要|我想|怎么|如何)?(?:绑定(?:企业|公司|单位)?|绑定码)")
_SHOW = re.compile(
    r"(?:查看?|查询|看看|我的?)(?:的)?(?:企业)?绑定(?:了?(?:哪家|哪个|什么)(?:企业|公司|单位)?|情况|信息|状态)?"
)
_UNBIND = re.compile(
    r"(?:我要|我想|请)?(?:(?:解除|取消)(?:我的|企业|公司|单位)*(?:的)?绑定|解绑(?:企业|公司|单位)?)"
)
_CONFIRM = re.compile(r"确认(?:(?:解除|取消)(?:企业)?绑定|解绑)")
_AROUND = "。.!！?？~～ \t\n“”\"'了吧"


class Act(StrEnum):
    """What is wanted."""

    BIND = "bind"
    SHOW = "show"
    UNBIND = "unbind"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class Wish:
    """What a message wants; ``secret`` is the code or the token that it names."""

    act: Act
    secret: str = ""


def wish_in(text: str) -> Wish | None:
    """The wish that a message is, and is nothing else than; None for any other words.

    “绑定 123456”, “解除绑定” and their like; “绑定的商标怎么解除” is a question of another kind.
    """
    words = unicodedata.normalize("NFKC", text).strip(_AROUND)
    if found := _BIND.fullmatch(words):
        secret = found["secret"]
        is_token = TOKEN.fullmatch(secret) and not re.fullmatch(r"[\d\s-]+", secret)
        return Wish(Act.BIND, secret if is_token else re.sub(r"\D", "", secret))
    if _CONFIRM.fullmatch(words):
        return Wish(Act.CONFIRM)
    if _UNBIND.fullmatch(words):
        return Wish(Act.UNBIND)
    if _SHOW.fullmatch(words) or _HOW.fullmatch(words):
        return Wish(Act.SHOW)
    return None
